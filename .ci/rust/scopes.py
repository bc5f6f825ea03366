"""What a path means: the modules of a crate, what they define, and what they import."""

import pathlib

from . import items as items_of
from .tokens import WORD, is_group, is_punctuation, is_word, split, trees

TYPE, VALUE, MACRO = "type", "value", "macro"
KINDS = {
    "mod": [TYPE],
    "struct": [TYPE, VALUE],
    "enum": [TYPE],
    "trait": [TYPE],
    "type": [TYPE],
    "fn": [VALUE],
    "const": [VALUE],
    "variant": [VALUE, TYPE],
    "macro": [MACRO],
    "made": [TYPE, VALUE, MACRO],
}


class Definition:
    def __init__(self, kind, name, file, module, item=None, within=None):
        self.kind, self.name, self.file, self.module, self.item = kind, name, file, module, item
        self.within = within  # of a variant: its enum

    def __repr__(self):
        return f"{self.kind} {self.name} of {self.file}"


class Import:
    def __init__(self, path, name, is_glob, line, public):
        self.path, self.name, self.is_glob, self.line, self.public = path, name, is_glob, line, public


class Module:
    """A module, or the scope of a body with items or imports of its own (`outer` is then what surrounds it)."""

    def __init__(self, crate, file, parent=None, outer=None):
        self.crate, self.file, self.parent, self.outer = crate, file, parent, outer
        self.defined = {TYPE: {}, VALUE: {}, MACRO: {}}
        self.imports, self.globs = {}, []
        self.all_imports = []
        self.calls_macros = False
        self.items = []

    def define(self, definition):
        for space in KINDS[definition.kind]:
            self.defined[space].setdefault(definition.name, definition)

    def fill(self, items):
        """Takes in what the items define and import."""
        self.items.extend(items)
        for item in items:
            if item.kind == "use":
                for entry in imports(item.tree, [], item.line, item.public):
                    self.all_imports.append(entry)
                    if entry.is_glob:
                        self.globs.append(entry)
                    elif entry.name != "_":
                        self.imports.setdefault(entry.name, []).append(entry)
            elif item.kind == "call":
                self.calls_macros = True
            elif item.kind == "macro":
                self.crate.macros.setdefault(item.name, Definition("macro", item.name, self.file, self, item))
            if item.kind in KINDS and item.kind != "mod":
                definition = Definition(item.kind, item.name, self.file, self, item)
                item.definition = definition
                self.define(definition)
                for variant in item.variants.values():
                    variant.definition = Definition("variant", variant.name, self.file, self, variant, definition)

    def nearest(self):
        """The module itself, for the scope of a body the one around it."""
        return self.outer.nearest() if self.outer else self


def imports(tree, before, line, public):
    """The single imports of a use tree."""
    path, position = list(before), 0
    if tree and is_punctuation(tree[0], "::"):
        path, position = ["::"], 1
    while position < len(tree):
        piece = tree[position]
        if is_group(piece, "{"):
            for part in split(piece.trees, ","):
                yield from imports(part, path, line, public)
            return
        if is_punctuation(piece, "*"):
            yield Import(path, "", True, piece.line, public)
            return
        if is_word(piece, "as"):
            yield Import(path, tree[position + 1].text, False, piece.line, public)
            return
        if piece.kind == WORD:
            if piece.text == "self" and path and position == len(tree) - 1:
                yield Import(path, path[-1], False, piece.line, public)
                return
            if piece.text == "self" and path and is_word(tree[position + 1], "as"):
                yield Import(path, tree[position + 2].text, False, piece.line, public)
                return
            path = [*path, piece.text]
            line = piece.line
        position += 1
    if path and path != before:
        yield Import(path, path[-1], False, line, public)


class Crate:
    def __init__(self, name, folder, universe):
        self.name, self.folder, self.universe = name, pathlib.Path(folder), universe
        self.macros = {}  # those of `macro_rules!`, by name; the one that stands first
        self.files = []
        self.root = self.read(self.folder / "lib.rs", None, self.folder)

    def read(self, file, parent, folder):
        """The module in a file, with its children, which lie in `folder`."""
        self.files.append(file)
        module = Module(self, file, parent)
        self.take(module, items_of.items(trees(file.read_text())), folder)
        return module

    def take(self, module, items, folder):
        module.fill(items)
        for item in items:
            if item.kind != "mod":
                continue
            if item.inline:
                child = Module(self, module.file, module)
                self.take(child, item.items, folder / item.name)
            else:
                child = self.child(module, item, folder)
                if child is None:
                    continue
            definition = Definition("mod", item.name, module.file, child, item)
            module.define(definition)

    def child(self, module, item, folder):
        if item.path:
            file = module.file.parent / item.path
            return self.read(file, module, file.parent) if file.exists() else None
        for file in (folder / f"{item.name}.rs", folder / item.name / "mod.rs"):
            if file.exists():
                return self.read(file, module, folder / item.name)
        return None


class Universe:
    """The crates that are read together, by the names that Rust has for them."""

    def __init__(self, crates):
        self.crates = {}
        for name, folder in crates:
            self.crates[name] = Crate(name, folder, self)

    def lookup(self, module, name, space, seen=frozenset(), explicit=False):
        """What a name means in a module; `explicit` if a path leads there. None for what comes from elsewhere."""
        key = (id(module), name, space)
        if key in seen:
            return None
        seen = seen | {key}
        found = module.defined[space].get(name)
        if found:
            return found
        for entry in module.imports.get(name, ()):
            found = self.resolve(module, entry.path, space, seen, of_import=True)
            if found:
                return found
            if self.is_foreign(module, entry.path, seen):
                return None
        for entry in module.globs:
            target = self.resolve(module, entry.path, TYPE, seen, of_import=True)
            found = self.member(target, name, space, seen) if target else None
            if found and found.kind != "made":
                return found
        if module.outer:
            return self.lookup(module.outer, name, space, seen)
        if explicit and module.calls_macros:
            return Definition("made", name, module.file, module)
        return None

    def is_foreign(self, module, path, seen):
        first = path[0]
        if first == "::":
            return path[1] not in self.crates
        return first not in ("crate", "self", "super", "$crate") and first not in self.crates and not self.lookup(module, first, TYPE, seen)

    def member(self, definition, name, space, seen=frozenset()):
        if definition.kind == "mod":
            return self.lookup(definition.module, name, space, seen, explicit=True)
        if definition.kind == "enum" and name in definition.item.variants:
            return definition.item.variants[name].definition
        return None

    def start(self, module, path, seen=frozenset(), of_import=False):
        """What a path's first words mean, and how many of them they are."""
        first = path[0]
        here = module.nearest()
        if first in ("crate", "$crate"):
            return Definition("mod", "crate", module.crate.root.file, module.crate.root), 1
        if first == "self":
            return Definition("mod", "self", here.file, here), 1
        if first == "super":
            count = 0
            while count < len(path) and path[count] == "super":
                here = here.parent or here
                count += 1
            return Definition("mod", "super", here.file, here), count
        if first == "::":
            crate = self.crates.get(path[1])
            return (Definition("mod", path[1], crate.root.file, crate.root), 2) if crate else (None, 0)
        space = TYPE
        found = self.lookup(module, first, space, seen)
        if found:
            return found, 1
        if first in self.crates:
            root = self.crates[first].root
            return Definition("mod", first, root.file, root), 1
        return None, 0

    def resolve(self, module, path, space, seen=frozenset(), of_import=False):
        """The definition that a whole path leads to, None if it leads elsewhere."""
        if len(path) == 1 and path[0] not in ("crate", "self", "super", "$crate"):
            if of_import and path[0] in self.crates:
                root = self.crates[path[0]].root
                return Definition("mod", path[0], root.file, root)
            return self.lookup(module, path[0], space, seen)
        found, count = self.start(module, path, seen, of_import)
        for number in range(count, len(path)):
            if found is None:
                return None
            last = number == len(path) - 1
            found = self.member(found, path[number], space if last else TYPE, seen)
        return found

    def resolve_any(self, module, path, of_import=False):
        """What an import means, in every space in which it means something."""
        found = []
        for space in (TYPE, VALUE, MACRO):
            one = self.resolve(module, path, space, of_import=of_import)
            if one and all(one is not other for other in found):
                found.append(one)
        return found
