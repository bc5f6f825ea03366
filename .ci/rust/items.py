"""The items of a file: what it defines, imports and implements, each with the trees that say so."""

from .tokens import Group, is_group, is_punctuation, is_word, split

MODIFIERS = {"async", "unsafe", "default", "extern", "const", "auto", "safe"}
BEGINNINGS = {"use", "mod", "fn", "struct", "enum", "union", "trait", "impl", "const", "static", "type", "macro_rules", "extern"}


class Item:
    """One item. Which of the fields are there depends on its kind."""

    def __init__(self, kind, name, line, public):
        self.kind, self.name, self.line, self.public = kind, name, line, public
        self.visibility = None  # of what is not private: the path in `pub(..)`, empty for a plain `pub`
        self.path = None  # of `#[path = ".."]`
        self.generics = []  # trees
        self.parts = []  # all other trees that can name something
        self.parameters = None  # of a function: trees
        self.returns = []  # of a function: trees
        self.asynchronous = False
        self.body = None  # a Group
        self.items = []  # of a module, a trait, an implementation
        self.inline = False
        self.of_trait = []  # of an implementation: trees
        self.of_type = []  # of an implementation, a constant, an alias: trees
        self.fields = {}  # of a structure, or a variant's: name or number -> trees
        self.variants = {}  # of an enum: name -> Item
        self.tree = []  # of a use

    def takes_self(self):
        return self.parameters is not None and any(is_word(tree, "self") for tree in (split(self.parameters, ",") or [[]])[0])


def items(sequence):
    """The items of a module's trees; what is made for tests alone is left out."""
    position, found = 0, []
    while position < len(sequence):
        item, position = item_at(sequence, position)
        if item is not None:
            found.append(item)
    return found


def begins_item(sequence, position):
    """Whether a statement in a body is an item."""
    tree = sequence[position]
    if not is_word(tree):
        return False
    following = sequence[position + 1] if position + 1 < len(sequence) else None
    if following is None:
        return False
    if tree.text == "macro_rules":
        return is_punctuation(following, "!")
    if tree.text in ("const", "async", "unsafe", "extern"):
        beyond = sequence[position + 2] if position + 2 < len(sequence) else following
        return is_word(following, "fn", "impl", "trait") or (tree.text == "const" and is_word(following) and is_punctuation(beyond, ":"))
    return tree.text in BEGINNINGS and (is_word(following) or (tree.text in ("impl", "use") and not isinstance(following, Group)))


def item_at(sequence, position):
    """The item that begins here, or None for what is not an item or is for tests; and where it ends."""
    attributes = []
    while position + 1 < len(sequence) and is_punctuation(sequence[position], "#"):
        position += 1
        if is_punctuation(sequence[position], "!"):
            position += 1
        attributes.append(sequence[position].trees)
        position += 1
    if position >= len(sequence):
        return None, position
    public, visibility = False, None
    if is_word(sequence[position], "pub"):
        public, visibility = True, []
        position += 1
        if is_group(sequence[position], "("):
            visibility = [tree.text for tree in sequence[position].trees if is_word(tree) and tree.text != "in"]
            position += 1
    begin = position
    asynchronous = False
    while is_word(sequence[position], *MODIFIERS) and position + 1 < len(sequence):
        following = sequence[position + 1]
        if sequence[position].text == "const" and not is_word(following, "fn", "async", "unsafe", "extern"):
            break
        if sequence[position].text == "extern" and is_word(following, "crate"):
            break
        asynchronous |= sequence[position].text == "async"
        position += 1
        if following.kind == "text":
            position += 1
    first = sequence[position]
    if not is_word(first):
        return None, max(position, begin) + 1
    read = READERS.get(first.text)
    if first.text == "macro_rules" and not is_punctuation(sequence[position + 1], "!"):
        read = None
    item, position = read(sequence, position, public) if read else invocation(sequence, position, public)
    if item is None or any(is_for_tests(attribute) for attribute in attributes):
        return None, position
    item.asynchronous, item.visibility = asynchronous, visibility
    for attribute in attributes:
        if len(attribute) == 3 and is_word(attribute[0], "path"):
            item.path = attribute[2].text.strip('"')
    return item, position


def is_for_tests(attribute):
    """Whether it is `#[test]`, or a `#[cfg(..)]` that holds in tests alone."""
    if not attribute or not is_word(attribute[0]):
        return False
    if attribute[0].text == "test":
        return True
    return attribute[0].text == "cfg" and len(attribute) > 1 and needs_test(attribute[1].trees)


def needs_test(condition):
    if len(condition) == 1 and is_word(condition[0], "test", "doctest"):
        return True
    if len(condition) == 2 and is_word(condition[0], "all"):
        return any(needs_test(part) for part in split(condition[1].trees, ","))
    return False


def until(sequence, position, *ends):
    """Where the first of the ends is that stands outside of `<>`."""
    depth = 0
    while position < len(sequence):
        tree = sequence[position]
        if depth <= 0 and tree.text in ends and (tree.kind != "text"):
            return position
        if tree.kind == "punctuation":
            depth += (tree.text == "<") - (tree.text == ">")
        position += 1
    return position


def generics(sequence, position):
    """The trees between `<` and `>`, if they begin here, and where they end."""
    if position >= len(sequence) or not is_punctuation(sequence[position], "<"):
        return [], position
    depth, begin = 0, position + 1
    while position < len(sequence):
        if sequence[position].kind == "punctuation":
            depth += (sequence[position].text == "<") - (sequence[position].text == ">")
        position += 1
        if depth == 0:
            break
    return sequence[begin : position - 1], position


def split_all(trees):
    """The parts between commas, whatever `<` and `>` mean among them; a comma between the bars of a closure, or in `::<..>`, does not count."""
    parts, part, position = [], [], 0
    while position < len(trees):
        tree = trees[position]
        if is_punctuation(tree, "::") and position + 1 < len(trees) and is_punctuation(trees[position + 1], "<"):
            _, end = generics(trees, position + 1)
            part += trees[position:end]
            position = end
            continue
        if is_punctuation(tree, "|") and (not part or is_word(part[-1], "move", "async")):
            end = next((number for number in range(position + 1, len(trees)) if is_punctuation(trees[number], "|")), len(trees) - 1)
            part += trees[position : end + 1]
            position = end + 1
            continue
        if is_punctuation(tree, ",") or is_punctuation(tree, ";"):
            parts.append(part)
            part = []
        else:
            part.append(tree)
        position += 1
    return [*parts, part] if part else parts


def use(sequence, position, public):
    end = until(sequence, position, ";")
    item = Item("use", "", sequence[position].line, public)
    item.tree = sequence[position + 1 : end]
    return item, end + 1


def module(sequence, position, public):
    name, following = sequence[position + 1], sequence[position + 2]
    item = Item("mod", name.text, name.line, public)
    if isinstance(following, Group):
        item.items, item.inline = items(following.trees), True
    return item, position + 3


def function(sequence, position, public):
    name = sequence[position + 1]
    item = Item("fn", name.text, name.line, public)
    item.generics, position = generics(sequence, position + 2)
    item.parameters = sequence[position].trees
    end = until(sequence, position + 1, "{", ";")
    rest = sequence[position + 1 : end]
    if rest and is_punctuation(rest[0], "->"):
        where = next((number for number, tree in enumerate(rest) if is_word(tree, "where")), len(rest))
        item.returns, item.parts = rest[1:where], rest[where:]
    else:
        item.parts = rest
    if end < len(sequence) and isinstance(sequence[end], Group):
        item.body = sequence[end]
    return item, end + 1


def fields(group):
    """The fields of a structure or a variant: name or number -> trees of its type."""
    found = {}
    for number, part in enumerate(split(group.trees, ",")):
        while part and is_punctuation(part[0], "#"):
            part = part[2:]
        if part and is_word(part[0], "pub"):
            part = part[2:] if len(part) > 1 and is_group(part[1], "(") else part[1:]
        if group.text == "{" and len(part) > 2:
            found[part[0].text] = part[2:]
        elif group.text == "(" and part:
            found[str(number)] = part
    return found


def structure(sequence, position, public):
    name = sequence[position + 1]
    item = Item("struct", name.text, name.line, public)
    item.generics, position = generics(sequence, position + 2)
    while position < len(sequence):
        tree = sequence[position]
        position += 1
        if isinstance(tree, Group) and tree.text in "({":
            item.fields = fields(tree)
            if tree.text == "{":
                break
        elif is_punctuation(tree, ";"):
            break
        else:
            item.parts.append(tree)
    return item, position


def enumeration(sequence, position, public):
    name = sequence[position + 1]
    item = Item("enum", name.text, name.line, public)
    item.generics, position = generics(sequence, position + 2)
    end = until(sequence, position, "{")
    item.parts = sequence[position:end]
    for part in split(sequence[end].trees, ","):
        while part and is_punctuation(part[0], "#"):
            part = part[2:]
        if part:
            variant = Item("variant", part[0].text, part[0].line, public)
            if len(part) > 1 and isinstance(part[1], Group):
                variant.fields = fields(part[1])
            item.variants[variant.name] = variant
    return item, end + 1


def trait(sequence, position, public):
    name = sequence[position + 1]
    item = Item("trait", name.text, name.line, public)
    item.generics, position = generics(sequence, position + 2)
    end = until(sequence, position, "{", ";")
    item.parts = sequence[position:end]
    if end < len(sequence) and isinstance(sequence[end], Group):
        item.items = items(sequence[end].trees)
    return item, end + 1


def implementation(sequence, position, public):
    item = Item("impl", "", sequence[position].line, public)
    item.generics, position = generics(sequence, position + 1)
    end = until(sequence, position, "{")
    head = sequence[position:end]
    where = next((number for number, tree in enumerate(head) if is_word(tree, "where")), len(head))
    head, item.parts = head[:where], head[where:]
    middle = until(head, 0, "for")
    # `for<'a>` belongs to a bound.
    if middle < len(head) and not (middle + 1 < len(head) and is_punctuation(head[middle + 1], "<")):
        item.of_trait, item.of_type = head[:middle], head[middle + 1 :]
    else:
        item.of_type = head
    if end < len(sequence):
        item.items = items(sequence[end].trees)
    return item, end + 1


def constant(sequence, position, public):
    """A constant or a static."""
    line = sequence[position].line
    position += 1
    if is_word(sequence[position], "mut"):
        position += 1
    item = Item("const", sequence[position].text, line, public)
    equals = until(sequence, position, "=", ";")
    # A shift in the value opens nothing.
    end = next(number for number in range(equals, len(sequence)) if is_punctuation(sequence[number], ";"))
    item.of_type = sequence[position + 2 : equals]
    item.body = Group("{", sequence[equals + 1 : end], line)
    return item, end + 1


def alias(sequence, position, public):
    name = sequence[position + 1]
    item = Item("type", name.text, name.line, public)
    item.generics, position = generics(sequence, position + 2)
    end = until(sequence, position, ";")
    equals = until(sequence, position, "=", ";")
    item.parts, item.of_type = sequence[position:equals], sequence[equals + 1 : end]
    return item, end + 1


def macro(sequence, position, public):
    name, body = sequence[position + 2], sequence[position + 3]
    item = Item("macro", name.text, name.line, public)
    item.body = body
    position += 4
    if position < len(sequence) and is_punctuation(sequence[position], ";"):
        position += 1
    return item, position


def external(sequence, position, public):
    end = until(sequence, position, ";", "{")
    return Item("extern", "", sequence[position].line, public), end + 1


def invocation(sequence, position, public):
    """`name! { .. }`, which may define anything."""
    item = Item("call", "", sequence[position].line, public)
    begin = position
    while position < len(sequence):
        tree = sequence[position]
        position += 1
        if isinstance(tree, Group) or is_punctuation(tree, ";"):
            break
    if position < len(sequence) and is_punctuation(sequence[position], ";"):
        position += 1
    item.parts = sequence[begin:position]
    return item, position


READERS = {
    "use": use,
    "mod": module,
    "fn": function,
    "struct": structure,
    "union": structure,
    "enum": enumeration,
    "trait": trait,
    "impl": implementation,
    "const": constant,
    "static": constant,
    "type": alias,
    "macro_rules": macro,
    "extern": external,
}
