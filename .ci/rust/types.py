"""Types as far as the source shows them: enough to tell whose method a call means.

A type is a pair of a head and its arguments. The head is a `Definition` of ours, a tuple of traits of ours (for a generic parameter), or the
last word of a path that leads elsewhere. None is a type that is not seen.
"""

from .items import generics
from .scopes import TYPE, Definition
from .tokens import is_group, is_punctuation, is_word, split

# A method of what is in them is called as if they were not there.
TRANSPARENT = {"Arc", "Rc", "Box", "Pin", "Cow", "MutexGuard", "Ref", "RefMut", "ManuallyDrop", "Lazy", "LazyLock"}

LISTS = {"Vec", "VecDeque", "Iter", "HashSet", "BTreeSet"}
MAPS = {"HashMap", "BTreeMap", "Map"}
HOLDERS = {"Option", "Result"} | LISTS

SAME = set(
    "clone to_owned as_ref as_mut borrow by_ref cloned copied take or or_else filter inspect inspect_err map_err context with_context as_deref "
    "as_deref_mut rev skip skip_while take_while chain step_by as_slice as_mut_slice to_vec as_pin_mut boxed fuse borrow_mut into_inner "
    "or_insert_with into_boxed_slice with_source".split()
)
INNER = set("unwrap expect unwrap_or unwrap_or_default unwrap_or_else".split())
WALKS = set("iter iter_mut into_iter drain peekable".split())
PICKS = set("next next_back last first pop get get_mut find peek nth first_mut last_mut pop_front pop_back front back max min max_by_key min_by_key".split())
TEXTS = set("to_string as_str trim trim_start trim_end to_lowercase to_uppercase to_ascii_lowercase display to_string_lossy replace repeat join".split())


# A type from elsewhere of which no more is known; nothing of ours is in it.
ELSEWHERE = ("elsewhere", [])

# What gives the type that the caller asks for.
ASKED = set("into try_into parse collect sum product read_unaligned downcast downcast_ref downcast_mut get get_mut default from_str deserialize".split())


class Place:
    """Where trees stand: the scope of their names, what generic parameters mean there, and what `Self` is."""

    def __init__(self, module, file, parameters=None, own=None):
        self.module, self.file = module, file
        self.parameters, self.own = parameters or {}, own

    def with_parameters(self, more, own=None, module=None):
        return Place(module or self.module, self.file, {**self.parameters, **more}, own or self.own)


def parameter_names(trees):
    """The names of the type parameters between `<` and `>`, in order."""
    names = []
    for part in split(trees, ","):
        if part and is_word(part[0], "const"):
            names.append(part[1].text)
        elif part and is_word(part[0]):
            names.append(part[0].text)
    return names


class Types:
    def __init__(self, universe):
        self.universe = universe

    def parameters(self, place, *lists):
        """What the generic parameters in `<..>` and in `where` clauses are bound by."""
        bounds = {}
        for trees in lists:
            trees = trees[1:] if trees and is_word(trees[0], "where") else trees
            for part in split(trees, ","):
                if part and is_word(part[0], "const"):
                    bounds[part[1].text] = ("number", [])
                elif part and is_word(part[0]) and (len(part) == 1 or is_punctuation(part[1], ":") or is_punctuation(part[1], "=")):
                    traits = []
                    rest = part[2:] if len(part) > 1 and is_punctuation(part[1], ":") else []
                    for one in split(rest, "+"):
                        bound = self.read(one, place)
                        if bound and bound[0] == "Fn":
                            traits = bound
                            break
                        if bound and isinstance(bound[0], Definition):
                            traits.append(bound[0])
                    name = part[0].text
                    if isinstance(traits, tuple):
                        bounds[name] = traits
                    elif name not in bounds or traits:
                        bounds[name] = (tuple(traits) if traits else "generic", [])
        return bounds

    def read(self, trees, place):
        """The type that the trees spell."""
        position = 0
        while position < len(trees):
            tree = trees[position]
            if tree.kind == "lifetime" or tree.text in ("&", "&&", "*", "?") or is_word(tree, "mut", "dyn", "const"):
                position += 1
            elif is_word(tree, "impl"):
                position += 1
            elif is_word(tree, "for") and position + 1 < len(trees):
                _, position = generics(trees, position + 1)
            else:
                break
        if position >= len(trees):
            return None
        tree = trees[position]
        if is_group(tree, "("):
            parts = split(tree.trees, ",")
            if len(parts) == 1 and not is_punctuation(tree.trees[-1], ","):
                return self.read(parts[0], place)
            return ("tuple", [self.read(part, place) for part in parts])
        if is_group(tree, "["):
            return ("Vec", [self.read(split(tree.trees, ";")[0] if tree.trees else [], place)])
        if is_punctuation(tree, "<"):
            return None
        return self.of_path(trees, position, place)

    def of_path(self, trees, position, place):
        path, arguments = [], []
        if is_punctuation(trees[position], "::"):
            path = ["::"]
            position += 1
        while position < len(trees) and is_word(trees[position]):
            path.append(trees[position].text)
            position += 1
            if position < len(trees) and is_punctuation(trees[position], "<"):
                inner, position = generics(trees, position)
                arguments = [self.argument(part, place) for part in split(inner, ",") if part and part[0].kind != "lifetime"]
            if position < len(trees) and is_punctuation(trees[position], "::"):
                position += 1
                continue
            break
        if not path:
            return None
        if path[-1] in ("Fn", "FnMut", "FnOnce", "AsyncFn", "AsyncFnMut", "AsyncFnOnce"):
            result = None
            if position + 1 < len(trees) and is_group(trees[position], "(") and is_punctuation(trees[position + 1], "->"):
                result = self.read(trees[position + 2 :], place)
                if path[-1].startswith("Async"):
                    result = ("Future", [result])
            return ("Fn", [result])
        return self.named(path, arguments, place)

    def argument(self, part, place):
        # `Output = T` of a trait.
        if len(part) > 2 and is_word(part[0]) and is_punctuation(part[1], "="):
            return self.read(part[2:], place)
        return self.read(part, place)

    def named(self, path, arguments, place):
        if path == ["Self"]:
            return place.own
        if path == ["_"]:
            return None
        if len(path) == 1 and path[0] in place.parameters:
            return place.parameters[path[0]]
        if path[0] == "Self" or path[0] in place.parameters:
            return None
        found = self.universe.resolve(place.module, path, TYPE)
        if found is None or found.kind == "mod":
            return self.foreign(path[-1], arguments)
        if found.kind == "type":
            inside = Place(found.module, found.file, dict(zip(parameter_names(found.item.generics), arguments)))
            return self.read(found.item.of_type, inside)
        if found.kind == "made":
            return None
        return (found, arguments)

    def foreign(self, name, arguments):
        if name in TRANSPARENT and arguments:
            return arguments[-1]
        if name == "Self":
            return None
        return (name, arguments)


def inner(type_, number=0):
    """The argument of a type that holds others."""
    return type_[1][number] if type_ and len(type_[1]) > number else None


def unwrapped(type_):
    return inner(type_) if type_ and type_[0] in ("Option", "Result") else None


def of_foreign_method(type_, name, given):
    """What a method of a type from elsewhere gives, as far as it is known; `given` is the first argument's type."""
    head = type_[0]
    if name in SAME:
        return type_
    if name in TEXTS:
        return ("String", [])
    if name in ("len", "count", "is_empty", "contains", "is_some", "is_none"):
        return ("number", [])
    if name in INNER:
        return unwrapped(type_)
    if name == "ok":
        return ("Option", [inner(type_)])
    if name in ("ok_or", "ok_or_else"):
        return ("Result", [inner(type_)])
    if head in MAPS:
        if name in ("get", "get_mut", "remove"):
            return ("Option", [inner(type_, 1)])
        if name in ("values", "values_mut", "into_values"):
            return ("Iter", [inner(type_, 1)])
        if name in ("keys", "into_keys"):
            return ("Iter", [inner(type_)])
        if name in WALKS:
            return ("Iter", [("tuple", type_[1])])
    if name in WALKS:
        return ("Iter", [inner(type_)]) if head in HOLDERS else None
    if head in LISTS and name in PICKS:
        return ("Option", [inner(type_)])
    if head in LISTS and name == "enumerate":
        return ("Iter", [("tuple", [("number", []), inner(type_)])])
    if head in LISTS and name == "zip":
        return ("Iter", [("tuple", [inner(type_), inner(given)])])
    result = inner(given) if given and given[0] == "Fn" else None
    if name == "map" and head in HOLDERS:
        return (head if head in ("Option", "Result") else "Iter", [result])
    if name == "and_then":
        return result
    if name == "filter_map":
        return ("Iter", [inner(result)])
    if head in ("Mutex", "RwLock") and name in ("lock", "read", "write"):
        return ("Result", [inner(type_)])
    if head in ("OnceLock", "OnceCell", "LazyCell") and name == "get":
        return ("Option", [inner(type_)])
    if head in ("OnceLock", "OnceCell") and name == "get_or_init":
        return inner(type_)
    if head in ("OnceLock", "OnceCell") and name == "get_or_try_init":
        return ("Result", [inner(type_)])
    return ELSEWHERE if name not in ASKED and is_elsewhere(type_) and (given is None or is_elsewhere(given)) else None


def is_elsewhere(type_):
    """Whether nothing of ours is in it, so that nothing of ours can come out of it."""
    return type_ is not None and isinstance(type_[0], str) and type_[0] not in ("generic", "Fn") and all(map(is_elsewhere, type_[1]))


def of_foreign_path(path, given):
    """What a function, a constant or a variant that is not ours gives; `given` are the types of its arguments, None if it is not called."""
    last, owner = path[-1], path[-2] if len(path) > 1 else ""
    first = given[0] if given else None
    if last in ("Some", "Ok", "Err") and given is not None:
        return {"Some": ("Option", [first]), "Ok": ("Result", [first]), "Err": ("Result", [None, first])}[last]
    if owner in TRANSPARENT and last in ("new", "clone", "pin", "from", "as_ref", "leak", "into_inner"):
        return first
    if (owner, last) in (("mem", "take"), ("mem", "replace")) or last == "identity":
        return first
    if owner in ("Mutex", "RwLock", "OnceLock", "OnceCell", "Option", "Result", *LISTS, *MAPS):
        return None if owner in ("Option", "Result") else (owner, [first] if first and last == "new" else [])
    if owner[:1].isupper() and owner not in ("Self", "Default", "Iterator", "From", "Into", "Clone"):
        return (owner, [])
    return None


def of_closure_parameter(type_, name):
    """What a closure is given that is an argument of this method."""
    if not type_ or type_[0] not in HOLDERS | MAPS:
        return None
    if name in ("map_err", "or_else", "unwrap_or_else", "inspect_err"):
        return inner(type_, 1)
    if type_[0] in MAPS:
        return None
    return inner(type_)

