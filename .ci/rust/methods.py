"""What can be called on a type: its own methods, by the file of their `impl`, and those of the traits that it has."""

from .scopes import TYPE, Definition
from .tokens import is_punctuation, is_word, split
from .types import PICKS, SAME, TEXTS, WALKS, INNER, Place, inner, is_elsewhere, parameter_names

# What types from elsewhere have too: a call by such a name alone says nothing.
COMMON = SAME | INNER | WALKS | PICKS | TEXTS | set(
    """
    add all any append as_bytes as_path as_slice is_ok is_err insert remove push push_str extend len is_empty clear contains contains_key entry
    keys values map and_then for_each fold sum count min max sort sort_by sort_by_key dedup retain split starts_with ends_with strip_prefix
    strip_suffix lines chars bytes parse to_str ok ok_or ok_or_else zip enumerate windows chunks collect flatten flat_map filter_map position
    try_into into from eq ne cmp partial_cmp hash fmt default deref write read flush seek lock send recv join spawn poll wait kill abort finish
    build new path name file_name extension parent exists metadata open create close size start end is_file is_dir read_to_end read_to_string
    write_all field fields debug_struct source kind then replace swap set init load store with reserve truncate resize shrink_to_fit split_at
    range range_mut try_fold try_for_each unzip partition call elapsed as_secs as_millis duration_since format to_bytes num_rows num_columns
    column columns schema value is_null data_type downcast_ref message code status headers header body host scheme query select head
    delete list copy rename exit id level target record enter exited on check is_some is_none get_or_insert_with or_default to_json visit
    text uri url span
    """.split()
)


class Method:
    """A function or a constant of a type or a trait, `owner`, which may stand in another file."""

    def __init__(self, item, file, place, generics, of_type, owner, trait=None):
        self.item, self.file, self.place, self.generics, self.of_type = item, file, place, generics, of_type
        self.owner, self.trait = owner, trait


def takes_types(method):
    """Whether a call of it may have types between `::<` and `>`; those of `impl Trait` cannot be named."""
    return any(part and part[0].kind != "lifetime" for part in split(method.item.generics, ","))


class Methods:
    def __init__(self, universe, types):
        self.universe, self.types = universe, types
        self.inherent = {}  # (head, name) -> methods
        self.named = {}  # (crate, name) -> methods that take self, of types and of traits
        self.traits = {}  # trait -> name -> method
        self.traits_of = {}  # head -> traits
        self.for_all = []  # traits that every type can have
        self.assigned = {}  # (head, name) -> (trees, place, generics, trees of the type): `type Target = ..;`
        self.given = set()  # (file of a type or a trait, file of an `impl` that says what types belong to it)
        self.placed = set()

    def gather(self, module):
        self.gather_here(module)
        for item in module.items:
            if item.kind == "mod":
                definition = module.defined[TYPE].get(item.name)
                if definition and definition.kind == "mod":
                    self.gather(definition.module)

    def gather_here(self, module):
        if id(module) in self.placed:
            return
        self.placed.add(id(module))
        place = Place(module, module.file)
        for item in module.items:
            if item.kind == "trait":
                self.trait(item, place)
            elif item.kind == "impl":
                self.implementation(item, place)

    def trait(self, item, place):
        definition = item.definition
        inside = place.with_parameters(self.types.parameters(place, item.generics, item.parts), (definition, []))
        members = self.traits.setdefault(definition, {})
        for member in item.items:
            if member.kind in ("fn", "const"):
                method = Method(member, place.file, inside, item.generics, [], definition, definition)
                members[member.name] = method
                if member.takes_self():
                    self.named.setdefault((place.module.crate, member.name), []).append(method)

    def implementation(self, item, place):
        inside = place.with_parameters(self.types.parameters(place, item.generics, item.parts))
        own = self.types.read(item.of_type, inside)
        inside = inside.with_parameters({}, own)
        head = own[0] if own else None
        if item.of_trait:
            trait = self.types.read(item.of_trait, inside)
            if trait and isinstance(trait[0], Definition):
                if isinstance(head, tuple) or head in (None, "generic"):
                    self.for_all.append(trait[0])
                else:
                    self.traits_of.setdefault(head, []).append(trait[0])
            ours = trait and isinstance(trait[0], Definition)
            if any(member.kind == "type" for member in item.items) or trait and not all(map(is_elsewhere, trait[1])):
                owner = head if isinstance(head, Definition) else trait[0] if ours else None
                if owner is not None:
                    self.given.add((owner.file, place.file))
            for member in item.items:
                if member.kind == "type" and head is not None:
                    self.assigned[(head, member.name)] = (member.of_type, inside, item.generics, own[1])
            return
        for member in item.items:
            if member.kind in ("fn", "const"):
                method = Method(member, place.file, inside, item.generics, own[1] if own else [], head)
                if head is not None:
                    self.inherent.setdefault((head, member.name), []).append(method)
                if member.takes_self():
                    self.named.setdefault((place.module.crate, member.name), []).append(method)

    def is_common(self, name):
        return name in COMMON

    def by_name(self, crate, name, given):
        """The methods of a crate that a call with these arguments can mean, whatever it is called on."""
        return [one for one in self.named.get((crate, name), []) if self.takes(one, given)]

    def can_mean(self, method, module, is_generic):
        """Whether a call in this module can mean the method; `is_generic` if it is one like `.collect::<T>()`."""
        return self.is_visible(method, module) and (takes_types(method) or not is_generic)

    def is_visible(self, method, module):
        """Whether code in a module can call it. Those of a trait are where the trait is, which a `dyn` carries anywhere."""
        if method.trait is not None or method.item.visibility == []:
            return True
        within = method.place.module.nearest()
        path = method.item.visibility or ["self"]
        if path[0] == "crate":
            within, path = within.crate.root, path[1:]
        for part in path:
            if part == "super":
                within = within.parent
            elif part != "self":
                within = within.defined[TYPE][part].module
        module = module.nearest()
        while module is not None and module is not within:
            module = module.parent
        return module is not None

    def takes(self, method, given):
        parameters = [part for part in split(method.item.parameters, ",") if part][1:]
        if len(parameters) != len(given):
            return False
        for part, type_ in zip(parameters, given):
            if type_ and type_[0] == "Fn" and not any(is_word(tree, "Fn", "FnMut", "FnOnce", "impl") for tree in part):
                colon = next(number for number, tree in enumerate(part) if is_punctuation(tree, ":"))
                named = self.types.read(part[colon + 1 :], method.place)
                if named and named[0] != "generic":
                    return False
        return True

    def reached(self, type_):
        """The type, and those that it derefs to."""
        for _ in range(4):
            if type_ is None:
                return
            yield type_
            if type_[0] == "Arc" or not isinstance(type_[0], Definition):
                return
            type_ = self.assigned_type(type_, "Target")

    def assigned_type(self, type_, name):
        found = self.assigned.get((type_[0], name))
        if found is None:
            return None
        trees, place, generics, given = found
        return self.types.read(trees, place.with_parameters(self.meant(generics, given, type_[1])))

    def meant(self, generics, given, arguments):
        """What the parameters of an `impl` are, by the arguments of a type: those that stand for themselves, in order."""
        names = parameter_names(generics)
        return {name: one for name, one in zip(names, arguments) if one} if len(given) == len(arguments) else {}

    def of_type(self, type_, name):
        """The methods of this name that a type of ours has, or that a trait of ours gives it."""
        for one in self.reached(type_):
            heads = one[0] if isinstance(one[0], tuple) else (one[0],)
            for head in heads:
                found = self.inherent.get((head, name))
                if found:
                    return found
                traits = [head] if isinstance(head, Definition) and head.kind == "trait" else self.traits_of.get(head, [])
                for trait in [*traits, *(above for trait in traits for above in self.above(trait))]:
                    if name in self.traits.get(trait, ()):
                        return [self.traits[trait][name]]
            if one[0] != "generic":
                for trait in self.for_all:
                    if name in self.traits[trait] and not (isinstance(one[0], str) and name in COMMON):
                        return [self.traits[trait][name]]
        return []

    def above(self, trait):
        """The traits that a trait asks for: `trait A: B`."""
        found = []
        place = Place(trait.module, trait.file)
        parts = trait.item.parts
        if parts and parts[0].text == ":":
            for part in split(parts[1:], "+"):
                one = self.types.read(part, place)
                if one and isinstance(one[0], Definition) and one[0].kind == "trait":
                    found.append(one[0])
        return found

    def returned(self, method, type_):
        """What a method gives, called on this type."""
        if method is None or method.item.kind != "fn":
            return None
        place = method.place
        if type_ and method.trait is None:
            place = place.with_parameters(self.meant(method.generics, method.of_type, type_[1]), type_)
        if type_ and method.trait is not None:
            place = place.with_parameters({}, type_)
        own = self.types.parameters(place, method.item.generics, method.item.parts)
        found = self.types.read(method.item.returns, place.with_parameters(own))
        return ("Future", [found]) if method.item.asynchronous else found

    def awaited(self, type_):
        if type_ is None:
            return None
        if type_[0] in ("Future", "BoxFuture", "LocalBoxFuture"):
            return inner(type_)
        if isinstance(type_[0], Definition):
            return self.assigned_type(type_, "Output")
        return None

    def of_field(self, owner, trees, arguments, generics):
        place = Place(owner.module, owner.file)
        parameters = self.types.parameters(place, generics, owner.item.parts)
        parameters.update({name: one for name, one in zip(parameter_names(generics), arguments) if one})
        return self.types.read(trees, place.with_parameters(parameters, (owner, arguments)))

    def shown(self, type_):
        head = type_[0] if type_ else None
        if isinstance(head, tuple):
            head = head[0]
        return head.name if isinstance(head, Definition) else str(head)
