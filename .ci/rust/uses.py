"""What each file of the crates uses of what another one defines."""

from .bodies import Body
from .items import split_all
from .methods import Methods
from .scopes import MACRO, TYPE, VALUE, Definition, Universe
from .tokens import KEYWORDS, PATHS, Group, is_group, is_punctuation, is_word, split
from .types import Place, Types, parameter_names


class Uses:
    """`arrows`: (file, file it uses) -> name -> line. `unknown`: calls whose receiver is not seen, (file, line, name, files that may be meant).

    A value comes to a file by what the file names: a type, or what gives one, or what has one in it. So a call on it can only mean a method of
    a type that the arrows lead to. Two ways to a type are not arrows and count for this alone: a call that is not understood
    itself, and a type that an `impl` says to belong to another one (`type Item = ..;`).
    """

    def __init__(self, crates):
        self.universe = Universe(crates)
        self.types = Types(self.universe)
        self.methods = Methods(self.universe, self.types)
        self.arrows, self.unknown = {}, []
        for crate in self.universe.crates.values():
            self.methods.gather(crate.root)
        for crate in self.universe.crates.values():
            self.module(crate.root)
        self.settle()

    def use(self, file, definition, line, name=None):
        if definition.kind != "mod":
            self.use_file(file, definition.file, name or definition.name, line)

    def use_file(self, file, other, name, line):
        if file != other:
            self.arrows.setdefault((file, other), {}).setdefault(name, line)

    # Items

    def module(self, module):
        place = Place(module, module.file)
        for entry in module.all_imports:
            if not entry.public and not entry.is_glob:
                self.imported(module.file, self.universe.resolve_any(module, entry.path, of_import=True), entry.line)
        for item in module.items:
            if item.kind == "mod":
                definition = module.defined[TYPE].get(item.name)
                if definition and definition.kind == "mod":
                    self.module(definition.module)
            else:
                self.item(item, place)

    def imported(self, file, definitions, line):
        """Records what an import names. A module and a function of one name are imported as the module: a use of the function tells itself."""
        if all(definition.kind != "mod" for definition in definitions):
            for definition in definitions:
                self.use(file, definition, line)

    def item(self, item, place):
        if item.kind in ("use", "extern", "mod"):
            return
        if item.kind in ("call", "macro"):
            trees = item.body.trees if item.kind == "macro" else item.parts
            self.loose(trees, place)
            return
        inside = place.with_parameters(self.types.parameters(place, item.generics))
        inside = inside.with_parameters(self.types.parameters(inside, item.generics, item.parts))
        if item.kind in ("struct", "enum", "trait"):
            definition = getattr(item, "definition", None)
            own = (definition, [inside.parameters.get(name) for name in parameter_names(item.generics)]) if definition else None
            inside = inside.with_parameters({}, own)
        if item.kind == "impl":
            inside = inside.with_parameters({}, self.types.read(item.of_type, inside))
        for trees in (item.generics, item.parts, item.of_trait, item.of_type, item.returns, *item.fields.values()):
            self.names(trees, inside)
        for variant in item.variants.values():
            for trees in variant.fields.values():
                self.names(trees, inside)
        for part in split(item.parameters or [], ","):
            colon = next((number for number, tree in enumerate(part) if is_punctuation(tree, ":")), len(part))
            self.names(part[colon + 1 :], inside)
        for member in item.items:
            self.item(member, inside)
        if item.body is not None:
            Body(self, inside, item).walk()

    # Names that are not in a body: types, bounds

    def names(self, trees, place):
        position = 0
        while position < len(trees):
            tree = trees[position]
            if isinstance(tree, Group):
                self.names(tree.trees, place)
            elif is_punctuation(tree, "::") or (is_word(tree) and (tree.text not in KEYWORDS or tree.text in PATHS)):
                position = self.type_path(trees, position, place)
                continue
            position += 1

    def type_path(self, trees, position, place):
        line, path = trees[position].line, []
        if is_punctuation(trees[position], "::"):
            path, position = ["::"], position + 1
            if position >= len(trees) or not is_word(trees[position]):
                return position
        while position < len(trees) and is_word(trees[position]):
            path.append(trees[position].text)
            position += 1
            if position + 1 < len(trees) and is_punctuation(trees[position], "::") and is_word(trees[position + 1]):
                position += 1
                continue
            break
        # `Item = T` names what belongs to a trait.
        if len(path) == 1 and position < len(trees) and is_punctuation(trees[position], "="):
            return position
        self.path(path, line, place)
        return position

    def path(self, path, line, place, space=TYPE):
        """Records what a path names. Gives its definition, or the function and the type it belongs to; None for all else."""
        if path[0] == "Self" or path[0] in place.parameters:
            own = place.own if path[0] == "Self" else place.parameters[path[0]]
            return self.associated(own, path[1], line, place) if len(path) > 1 else own
        if len(path) == 1:
            spaces = [space, VALUE if space == TYPE else TYPE]
            found = next(filter(None, (self.universe.lookup(place.module, path[0], one) for one in spaces)), None)
            if found:
                self.use(place.file, found, line)
            return found
        found, count = self.universe.start(place.module, path)
        for number in range(count, len(path)):
            if found is None:
                return None
            if found.kind != "mod":
                break
            last = number == len(path) - 1
            spaces = ([space] if space == MACRO else [VALUE, TYPE] if space == VALUE else [TYPE, VALUE]) if last else [TYPE]
            found, before = next(filter(None, (self.universe.member(found, path[number], one) for one in spaces)), None), found
            count = number + 1
            if last and found is None and before.module.calls_macros:
                found = Definition("made", path[number], before.file, before.module)
        if found is None:
            return None
        self.use(place.file, found, line)
        if count >= len(path):
            return found
        if found.kind == "enum" and path[count] in found.item.variants:
            return found.item.variants[path[count]].definition
        type_ = self.types.named(path[:count], [], place) if found.kind == "type" else (found, [])
        return self.associated(type_, path[count], line, place)

    def associated(self, type_, name, line, place):
        """Records the file where a type's function or constant stands."""
        if type_ and isinstance(type_[0], Definition) and type_[0].kind == "enum" and name in type_[0].item.variants:
            return type_[0].item.variants[name].definition
        found = self.methods.of_type(type_, name)
        for one in found:
            self.use_file(place.file, one.file, f"{self.methods.shown(type_)}::{name}", line)
        return (found[0], type_) if found else None

    # Bodies of macros, and what is handed to one: names and calls without types

    def loose(self, trees, place):
        self.names(trees, place)
        self.loose_calls(trees, place)

    def loose_calls(self, trees, place):
        for number, tree in enumerate(trees):
            if isinstance(tree, Group):
                self.loose_calls(tree.trees, place)
            elif is_word(tree) and number and is_punctuation(trees[number - 1], "."):
                if number + 1 < len(trees) and is_group(trees[number + 1], "("):
                    self.call_by_name(tree.text, tree.line, place, [None] * len(split_all(trees[number + 1].trees)), is_loose=True)

    def call_by_name(self, name, line, place, given, is_generic=False, is_loose=False):
        """A call of a method whose type is not seen. Gives what it returns, if one thing can be meant."""
        candidates = self.methods.by_name(place.module.crate, name, given)
        files = {one.file for one in candidates}
        if not candidates:
            return None
        if len(files) == 1 and not self.methods.is_common(name):
            self.use_file(place.file, candidates[0].file, f".{name}()", line)
            return candidates[0] if len(candidates) == 1 else None
        candidates = [one for one in candidates if self.methods.can_mean(one, place.module, is_generic)]
        if candidates:
            self.unknown.append((place, line, name, candidates, is_loose))
        return None

    def settle(self):
        """Leaves of the calls that are not understood those that may be an arrow that is not there yet."""
        ways = {}
        for begin, end in [*self.arrows, *self.methods.given]:
            ways.setdefault(begin, set()).add(end)
        meant = [set() for _ in self.unknown]
        grows = True
        while grows:
            grows, reached = False, {}
            for (place, _, _, candidates, is_loose), files in zip(self.unknown, meant):
                known = reached.setdefault(place.file, reachable(ways, place.file))
                for one in candidates:
                    if one.file in files or not (is_loose or one.owner.file in known or self.is_in_scope(one, place)):
                        continue
                    files.add(one.file)
                    grows |= one.file not in ways.setdefault(place.file, set())
                    ways[place.file].add(one.file)
        calls = zip(self.unknown, meant)
        added = [(place.file, line, name, {file for file in files if file != place.file and (place.file, file) not in self.arrows}) for (place, line, name, _, _), files in calls]
        self.unknown = [call for call in added if call[3]]

    def is_in_scope(self, method, place):
        """Whether a method is that of a trait that can be called here on anything."""
        return method.trait is not None and self.universe.lookup(place.module, method.trait.name, TYPE) is method.trait


def reachable(ways, begin):
    seen, waiting = {begin}, [begin]
    while waiting:
        for other in ways.get(waiting.pop(), ()):
            if other not in seen:
                seen.add(other)
                waiting.append(other)
    return seen
