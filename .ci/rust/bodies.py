"""Walks the bodies of functions: what they name and call, with the types of what they bind."""

from .items import begins_item, generics, item_at, split_all
from .scopes import MACRO, VALUE, Definition, Module
from .tokens import KEYWORDS, PATHS, WORD, Group, is_group, is_punctuation, is_word, split
from .types import Place, inner, of_closure_parameter, of_foreign_method, of_foreign_path, parameter_names, unwrapped

# What these say is written elsewhere.
# With a closure, these are an iterator's.
WALKED = {"map", "filter", "filter_map", "flat_map", "take_while", "skip_while", "map_while", "inspect"}
QUOTES = {"quote", "quote_spanned", "parse_quote", "parse_quote_spanned"}


class Body:
    """Walks one function's body, or one constant's value, with the types of what it binds."""

    def __init__(self, uses, place, item):
        self.uses, self.types, self.methods, self.universe = uses, uses.types, uses.methods, uses.universe
        self.place, self.item = place, item

    def walk(self):
        bound = {}
        for part in split(self.item.parameters or [], ","):
            if any(is_word(tree, "self") for tree in part[:4]):
                bound["self"] = self.place.own
                continue
            colon = next((number for number, tree in enumerate(part) if is_punctuation(tree, ":")), None)
            if colon is not None:
                self.bind(part[:colon], self.types.read(part[colon + 1 :], self.place), bound)
        self.block(self.item.body.trees, bound)

    def block(self, trees, bound):
        """The statements of a block, or what stands between other brackets; gives the type of the last one."""
        bound = dict(bound)
        self.take_items(trees)
        position, last, begins, joined = 0, None, True, False
        while position < len(trees):
            tree = trees[position]
            if is_punctuation(tree, "#") and position + 1 < len(trees) and isinstance(trees[position + 1], Group):
                position += 2
            elif is_punctuation(tree, "#") and position + 2 < len(trees) and is_punctuation(trees[position + 1], "!"):
                position += 3
            elif begins and begins_item(trees, position):
                item, end = item_at(trees, position)
                if item is not None:
                    self.uses.item(item, self.place)
                position = max(end, position + 1)
            elif is_word(tree, "let"):
                position, last = self.let(trees, position, bound), None
            elif tree.kind == "punctuation" and tree.text not in ("|", "||", "::", "<") or (
                tree.kind == "punctuation" and not self.begins_operand(trees, position, begins)
            ):
                if tree.text in (";", ","):
                    last, joined = None, False
                elif tree.text not in ("&", "&&", "*", "!", "-"):
                    joined = True
                position += 1
                begins = tree.text in (";", ",")
                continue
            else:
                last, position = self.operand(trees, position, bound)
            begins = True
        return None if joined else last

    def begins_operand(self, trees, position, begins):
        """Whether `|`, `||`, `::` or `<` stands where a value begins, and is not an operator."""
        if position == 0 or begins and is_punctuation(trees[position - 1], ";"):
            return True
        before = trees[position - 1]
        if isinstance(before, Group) or before.kind in ("text", "number", "lifetime"):
            return False
        if before.kind == WORD:
            return before.text in ("move", "return", "async", "in", "else", "static", "match", "if", "while")
        return before.text not in ("?", ">")

    def take_items(self, trees):
        """Gives the body a scope of its own if it defines or imports anything."""
        found, position, begins = [], 0, True
        while position < len(trees):
            if begins and begins_item(trees, position):
                item, position = item_at(trees, position)
                if item is not None:
                    found.append(item)
                continue
            begins = is_punctuation(trees[position], ";") or is_group(trees[position], "{")
            position += 1
        if not found:
            return
        scope = Module(self.place.module.crate, self.place.file, outer=self.place.module)
        scope.fill(found)
        scope.parent = self.place.module.parent
        self.place = self.place.with_parameters({}, module=scope)
        self.methods.gather_here(scope)
        for entry in scope.all_imports:
            if not entry.is_glob:
                self.uses.imported(self.place.file, self.universe.resolve_any(scope, entry.path, of_import=True), entry.line)

    # Statements

    def let(self, trees, position, bound):
        """`let` of a statement or of a condition."""
        begin = position + 1
        equals = begin
        depth = 0
        while equals < len(trees):
            tree = trees[equals]
            if tree.kind == "punctuation":
                depth += (tree.text == "<") - (tree.text == ">")
                if tree.text in ("=", ";") and depth <= 0:
                    break
            equals += 1
        pattern = trees[begin:equals]
        colon = next((number for number, tree in enumerate(pattern) if is_punctuation(tree, ":")), None)
        declared = None
        if colon is not None:
            self.uses.names(pattern[colon + 1 :], self.place)
            declared = self.types.read(pattern[colon + 1 :], self.place)
            pattern = pattern[:colon]
        end = equals
        while end < len(trees) and not is_punctuation(trees[end], ";"):
            if is_word(trees[end], "else") and not is_group(trees[end - 1], "{"):
                break
            end += 1
        value = trees[equals + 1 : end]
        type_ = self.block(value, bound) if value else None
        # `Vec<_>` says less than the value does.
        partly = declared and None in declared[1] and type_ and type_[0] == declared[0]
        self.bind(pattern, type_ if partly else declared or type_, bound)
        return end

    def condition(self, trees, bound):
        """The condition of an `if` or a `while`: its `let`s bind for what comes behind them."""
        for part in self.split_on_and(trees):
            if part and is_word(part[0], "let"):
                equals = next((number for number, tree in enumerate(part) if is_punctuation(tree, "=")), len(part))
                type_ = self.block(part[equals + 1 :], bound)
                self.bind(part[1:equals], type_, bound)
            else:
                self.block(part, bound)

    def split_on_and(self, trees):
        parts, part = [], []
        for tree in trees:
            if is_punctuation(tree, "&&") and part:
                parts.append(part)
                part = []
            else:
                part.append(tree)
        return [*parts, part]

    # Expressions

    def operand(self, trees, position, bound):
        """One value with all that is called on it; gives its type, and where it ends."""
        tree = trees[position]
        if tree.kind == WORD and tree.text in KEYWORDS and tree.text not in PATHS:
            read = getattr(self, f"_{tree.text}", None)
            if read is None:
                return None, position + 1
            type_, position = read(trees, position, bound)
            if type_ == "nothing":
                return None, position
        elif is_group(tree, "("):
            parts = split(tree.trees, ",")
            inside = [self.block(part, bound) for part in parts]
            type_ = inside[0] if len(parts) == 1 and not is_punctuation(tree.trees[-1], ",") else ("tuple", inside)
            position += 1
        elif is_group(tree, "["):
            inside = [self.block(part, bound) for part in split(tree.trees, ",")]
            type_, position = ("Vec", [inside[0] if inside else None]), position + 1
        elif is_group(tree, "{"):
            type_, position = self.block(tree.trees, bound), position + 1
            if position >= len(trees) or not (is_punctuation(trees[position], ".") or is_punctuation(trees[position], "?")):
                return type_, position
        elif tree.kind == "text":
            type_, position = ("str", []), position + 1
        elif tree.kind == "number":
            type_, position = ("number", []), position + 1
        elif tree.kind == "lifetime":
            return None, position + 1
        elif tree.text in ("|", "||"):
            return self.closure(trees, position, bound, None)
        else:
            type_, position = self.path(trees, position, bound)
        return self.calls(trees, position, bound, type_)

    def _if(self, trees, position, bound):
        type_ = None
        while True:
            inside = dict(bound)
            body = next((number for number in range(position + 1, len(trees)) if is_group(trees[number], "{")), len(trees))
            self.condition(trees[position + 1 : body], inside)
            if body < len(trees):
                found = self.block(trees[body].trees, inside)
                type_ = type_ or found
            position = body + 1
            if position < len(trees) and is_word(trees[position], "else"):
                if position + 1 < len(trees) and is_word(trees[position + 1], "if"):
                    position += 1
                    continue
                if position + 1 < len(trees) and is_group(trees[position + 1], "{"):
                    found = self.block(trees[position + 1].trees, bound)
                    return type_ or found, position + 2
            return type_, position

    def _while(self, trees, position, bound):
        inside = dict(bound)
        body = next((number for number in range(position + 1, len(trees)) if is_group(trees[number], "{")), len(trees))
        self.condition(trees[position + 1 : body], inside)
        if body < len(trees):
            self.block(trees[body].trees, inside)
        return "nothing", body + 1

    def _for(self, trees, position, bound):
        inside = dict(bound)
        middle = next((number for number in range(position, len(trees)) if is_word(trees[number], "in")), len(trees))
        body = next((number for number in range(middle, len(trees)) if is_group(trees[number], "{")), len(trees))
        over = self.block(trees[middle + 1 : body], bound)
        element = of_closure_parameter(over, "map") if over and over[0] not in ("HashMap", "BTreeMap", "Map") else None
        if over and over[0] in ("HashMap", "BTreeMap", "Map") and len(over[1]) == 2:
            element = ("tuple", over[1])
        self.bind(trees[position + 1 : middle], element, inside)
        if body < len(trees):
            self.block(trees[body].trees, inside)
        return "nothing", body + 1

    def _match(self, trees, position, bound):
        body = next((number for number in range(position + 1, len(trees)) if is_group(trees[number], "{")), len(trees))
        type_ = self.block(trees[position + 1 : body], bound)
        given = None
        if body < len(trees):
            arms, at = trees[body].trees, 0
            while at < len(arms):
                while at + 1 < len(arms) and is_punctuation(arms[at], "#"):
                    at += 2
                arrow = next((number for number in range(at, len(arms)) if is_punctuation(arms[number], "=>")), len(arms))
                inside = dict(bound)
                guard = next((number for number in range(at, arrow) if is_word(arms[number], "if")), arrow)
                self.bind(arms[at:guard], type_, inside)
                self.condition(arms[guard + 1 : arrow], inside)
                at = arrow + 1
                if at < len(arms) and is_group(arms[at], "{") and not (at + 1 < len(arms) and arms[at + 1].text in (".", "?")):
                    found = self.block(arms[at].trees, inside)
                    at += 1
                    if at < len(arms) and is_punctuation(arms[at], ","):
                        at += 1
                else:
                    end = next((number for number in range(at, len(arms)) if is_punctuation(arms[number], ",")), len(arms))
                    end = self.past_closures(arms, at, end)
                    found = self.block(arms[at:end], inside)
                    at = end + 1
                given = given or found
        return given, body + 1

    def past_closures(self, arms, at, end):
        """The comma that ends an arm: one between the bars of a closure does not, nor one between `<>`."""
        while end < len(arms):
            bars = sum(1 for tree in arms[at:end] if is_punctuation(tree, "|"))
            depth = sum(tree.text == "<" for tree in arms[at:end] if tree.kind == "punctuation") - sum(
                tree.text == ">" for tree in arms[at:end] if tree.kind == "punctuation"
            )
            if bars % 2 == 0 and not (depth > 0 and any(is_punctuation(tree, "::") for tree in arms[at:end])):
                return end
            end = next((number for number in range(end + 1, len(arms)) if is_punctuation(arms[number], ",")), len(arms))
        return end

    def _async(self, trees, position, bound):
        position += 1
        while position < len(trees) and is_word(trees[position], "move"):
            position += 1
        if position < len(trees) and is_group(trees[position], "{"):
            return ("Future", [self.block(trees[position].trees, bound)]), position + 1
        if position < len(trees) and trees[position].text in ("|", "||"):
            type_, position = self.closure(trees, position, bound, None)
            return ("Fn", [("Future", [inner(type_)])]), position
        return "nothing", position

    def _return(self, trees, position, bound):
        return "nothing", position + 1

    def _let(self, trees, position, bound):
        return "nothing", self.let(trees, position, bound)

    def _unsafe(self, trees, position, bound):
        return "nothing", position + 1

    def _move(self, trees, position, bound):
        if position + 1 < len(trees) and trees[position + 1].text in ("|", "||"):
            return self.closure(trees, position + 1, bound, None)
        return "nothing", position + 1

    def _as(self, trees, position, bound):
        position += 1
        begin = position
        while position < len(trees) and (trees[position].text in ("&", "*") or is_word(trees[position], "dyn", "mut", "const")):
            position += 1
        while position < len(trees) and (is_word(trees[position]) or is_punctuation(trees[position], "::")):
            position += 1
            if position < len(trees) and is_punctuation(trees[position], "<") and not is_word(trees[position - 1], "usize", "u64", "f64", "i64", "u32"):
                _, position = generics(trees, position)
        self.uses.names(trees[begin:position], self.place)
        return self.types.read(trees[begin:position], self.place), position

    def closure(self, trees, position, bound, element):
        inside = dict(bound)
        position += 1
        if is_punctuation(trees[position - 1], "|"):
            end = next((number for number in range(position, len(trees)) if is_punctuation(trees[number], "|")), len(trees))
            for number, part in enumerate(split(trees[position:end], ",")):
                colon = next((at for at, tree in enumerate(part) if is_punctuation(tree, ":")), None)
                type_ = element if number == 0 else None
                if colon is not None:
                    self.uses.names(part[colon + 1 :], self.place)
                    type_ = self.types.read(part[colon + 1 :], self.place)
                    part = part[:colon]
                self.bind(part, type_, inside)
            position = end + 1
        if position < len(trees) and is_punctuation(trees[position], "->"):
            body = next((number for number in range(position, len(trees)) if is_group(trees[number], "{")), len(trees))
            self.uses.names(trees[position:body], self.place)
            returned = self.types.read(trees[position + 1 : body], self.place)
            if body < len(trees):
                self.block(trees[body].trees, inside)
            return ("Fn", [returned]), body + 1
        end = next((number for number in range(position, len(trees)) if trees[number].text in (",", ";") and trees[number].kind == "punctuation"), len(trees))
        return ("Fn", [self.block(trees[position:end], inside)]), end

    def path(self, trees, position, bound):
        """A path where a value stands: a local, a call, a structure, a macro."""
        tree, path, begin, arguments = trees[position], [], position, []
        if is_punctuation(tree, "<"):
            first, position = generics(trees, position)
            self.uses.names(first, self.place)
            as_ = next((number for number, one in enumerate(first) if is_word(one, "as")), None)
            own = self.types.read(first[:as_] if as_ is not None else first, self.place)
            name = None
            while position + 1 < len(trees) and is_punctuation(trees[position], "::"):
                name, position = trees[position + 1], position + 2
            if name is None or not is_word(name):
                return None, max(position, begin + 1)
            if as_ is not None:
                trait = self.types.read(first[as_ + 1 :], self.place)
                found = self.uses.associated(trait, name.text, name.line, self.place) if trait and isinstance(trait[0], Definition) else None
            else:
                found = self.uses.associated(own, name.text, name.line, self.place)
            return self.after_path(found, trees, position, bound, arguments, own)
        if is_punctuation(tree, "::"):
            path, position = ["::"], position + 1
        while position < len(trees) and is_word(trees[position]):
            path.append(trees[position].text)
            position += 1
            if position < len(trees) and is_punctuation(trees[position], "::"):
                if position + 1 < len(trees) and is_punctuation(trees[position + 1], "<"):
                    first, position = generics(trees, position + 1)
                    self.uses.names(first, self.place)
                    arguments = [self.types.argument(part, self.place) for part in split(first, ",") if part and part[0].kind != "lifetime"]
                    if position < len(trees) and is_punctuation(trees[position], "::"):
                        position += 1
                        continue
                else:
                    position += 1
                    continue
            break
        if not path or path == ["::"]:
            return None, max(position, begin + 1)
        following = trees[position] if position < len(trees) else None
        if following and is_punctuation(following, "!") and position + 1 < len(trees) and isinstance(trees[position + 1], Group):
            return self.macro(path, tree.line, trees[position + 1], bound), position + 2
        if len(path) == 1:
            if path[0] in bound:
                type_ = bound[path[0]]
                if following and is_group(following, "(") and type_ and type_[0] == "Fn":
                    self.arguments(following, bound, None, "")
                    return inner(type_), position + 1
                return type_, position
            if path[0] == "self":
                return self.place.own, position
        found = self.uses.path(path, tree.line, self.place, VALUE)
        if found is None and path[0] not in self.place.parameters and path[0] not in PATHS:
            if following and is_group(following, "("):
                given = self.arguments(following, bound, None, "")
                return of_foreign_path(path, given), position + 1
            if not (following and is_group(following, "{")):
                return of_foreign_path(path, None), position
        return self.after_path(found, trees, position, bound, arguments, None)

    def after_path(self, found, trees, position, bound, arguments, own):
        following = trees[position] if position < len(trees) else None
        if following and is_group(following, "("):
            self.arguments(following, bound, None, "")
            return self.called(found, arguments), position + 1
        if following and is_group(following, "{"):
            for part in split(following.trees, ","):
                self.block(part[2:] if len(part) > 2 and is_punctuation(part[1], ":") else part, bound)
            if isinstance(found, Definition):
                return self.made(found, arguments), position + 1
            return found, position + 1
        if isinstance(found, Definition) and found.kind == "const":
            return self.types.read(found.item.of_type, Place(found.module, found.file)), position
        if isinstance(found, Definition) and found.kind in ("variant", "struct"):
            return self.made(found, arguments), position
        if isinstance(found, Definition) and found.kind == "fn":
            return ("Fn", [self.called(found, arguments)]), position
        if isinstance(found, tuple) and found and not isinstance(found[0], (Definition, str, tuple)):
            method, type_ = found
            if method.item.kind == "const":
                return self.types.read(method.item.of_type, method.place), position
            return ("Fn", [self.methods.returned(method, type_)]), position
        return None, position

    def made(self, definition, arguments):
        owner = definition.within or definition
        if owner.kind == "type":
            return self.types.named([owner.name], arguments, Place(owner.module, owner.file))
        return (owner, arguments) if owner.kind in ("struct", "enum") else None

    def called(self, found, arguments):
        """What a call of a path gives."""
        if isinstance(found, Definition):
            if found.kind == "fn":
                place = Place(found.module, found.file)
                parameters = self.types.parameters(place, found.item.generics, found.item.parts)
                names = parameter_names(found.item.generics)
                parameters.update({name: one for name, one in zip(names, arguments) if one})
                returned = self.types.read(found.item.returns, place.with_parameters(parameters))
                return ("Future", [returned]) if found.item.asynchronous else returned
            return self.made(found, arguments)
        if isinstance(found, tuple) and found and not isinstance(found[0], (Definition, str, tuple)):
            return self.methods.returned(*found)
        return found if isinstance(found, tuple) else None

    def macro(self, path, line, group, bound):
        if len(path) == 1 and path[0] in QUOTES or path[-1] in QUOTES:
            return None
        found = self.universe.lookup(self.place.module, path[0], MACRO) if len(path) == 1 else None
        if len(path) == 1 and found is None:
            found = self.place.module.crate.macros.get(path[0])
        if found is not None:
            self.uses.use(self.place.file, found, line, f"{path[0]}!")
        elif len(path) > 1:
            self.uses.path(path, line, self.place, MACRO)
        inside = [self.block(part, bound) for part in split_all(group.trees)]
        if path[-1] == "format":
            return ("String", [])
        if path[-1] == "vec":
            return ("Vec", [inside[0] if inside else None])
        if path[-1] in ("pin", "dbg"):
            return inside[0] if inside else None
        return None

    def arguments(self, group, bound, receiver, name):
        """The arguments of a call; gives the types of them."""
        found = []
        for part in split_all(group.trees):
            bare = part[1:] if part and is_word(part[0], "move", "async") else part
            if bare and bare[0].kind == "punctuation" and bare[0].text in ("|", "||"):
                type_, _ = self.closure(bare, 0, bound, of_closure_parameter(receiver, name))
            else:
                type_ = self.block(part, bound)
            found.append(type_)
        return found

    def calls(self, trees, position, bound, type_):
        """All that follows a value: fields, methods, `?`, `.await`, indices, calls, `as`."""
        while position < len(trees):
            tree = trees[position]
            if is_punctuation(tree, "?"):
                type_, position = unwrapped(type_), position + 1
            elif is_punctuation(tree, ".") and position + 1 < len(trees):
                member = trees[position + 1]
                position += 2
                if is_word(member, "await"):
                    type_ = self.methods.awaited(type_)
                    continue
                if member.kind == "number":
                    for number in member.text.split("."):
                        type_ = self.field(type_, number, member.line)
                    continue
                if not is_word(member):
                    break
                asked, is_generic = None, False
                if position + 1 < len(trees) and is_punctuation(trees[position], "::") and is_punctuation(trees[position + 1], "<"):
                    first, position = generics(trees, position + 1)
                    self.uses.names(first, self.place)
                    asked, is_generic = self.types.read(first, self.place), True
                if position < len(trees) and is_group(trees[position], "("):
                    given = self.arguments(trees[position], bound, type_, member.text)
                    type_ = self.method(type_, member.text, member.line, given, is_generic)
                    if type_ is None and asked and member.text in ("parse", "collect", "sum"):
                        type_ = ("Result", [asked]) if member.text == "parse" else asked
                    position += 1
                else:
                    type_ = self.field(type_, member.text, member.line)
            elif is_group(tree, "["):
                ranged = any(is_punctuation(one, "..") for one in tree.trees)
                self.block(tree.trees, bound)
                if not ranged:
                    type_ = inner(type_, 1 if type_ and type_[0] in ("HashMap", "BTreeMap") else 0) if type_ and isinstance(type_[0], str) else None
                position += 1
            elif is_group(tree, "("):
                self.arguments(tree, bound, None, "")
                type_, position = inner(type_) if type_ and type_[0] == "Fn" else None, position + 1
            elif is_word(tree, "as"):
                type_, position = self._as(trees, position, bound)
            else:
                break
        return type_, position

    def field(self, type_, name, line):
        if type_ and type_[0] == "tuple" and name.isdigit():
            return inner(type_, int(name))
        for one in self.methods.reached(type_):
            if isinstance(one[0], Definition) and one[0].kind == "struct" and name in one[0].item.fields:
                self.uses.use(self.place.file, one[0], line, f"{one[0].name}.{name}")
                return self.methods.of_field(one[0], one[0].item.fields[name], one[1], one[0].item.generics)
        return None

    def method(self, type_, name, line, given, is_generic=False):
        if type_ is None:
            found = self.uses.call_by_name(name, line, self.place, given, is_generic)
            if found is None and given and given[0] and given[0][0] == "Fn" and name in WALKED:
                return ("Iter", [inner(given[0]) if name == "map" else None])
            return self.methods.returned(found, None) if found else None
        found = self.methods.of_type(type_, name)
        if found:
            for one in found:
                self.uses.use_file(self.place.file, one.file, f"{self.methods.shown(type_)}::{name}", line)
            return self.methods.returned(found[0], type_)
        for one in self.methods.reached(type_):
            if isinstance(one[0], str):
                return of_foreign_method(one, name, given[0] if given else None)
        return type_ if name in ("clone", "as_ref", "as_mut", "to_owned", "borrow") else None

    # Patterns

    def bind(self, pattern, type_, bound):
        alternatives = split(pattern, "|")
        if len(alternatives) > 1:
            for one in alternatives:
                self.bind(one, type_, bound)
            return
        pattern = alternatives[0] if alternatives else []
        position = 0
        while position < len(pattern) and (pattern[position].text in ("&", "&&") or is_word(pattern[position], "mut", "ref", "box")):
            position += 1
        if position >= len(pattern):
            return
        tree = pattern[position]
        if is_group(tree, "("):
            parts = split(tree.trees, ",")
            for number, part in enumerate(parts):
                alone = len(parts) == 1 and not is_punctuation(tree.trees[-1], ",")
                element = type_ if alone else inner(type_, number) if type_ and type_[0] == "tuple" else None
                self.bind(part, element, bound)
            return
        if is_group(tree, "["):
            for part in split(tree.trees, ","):
                self.bind(part, inner(type_) if type_ and type_[0] in ("Vec", "slice") else None, bound)
            return
        if not is_word(tree) and not is_punctuation(tree, "::"):
            if any(is_punctuation(one, "..") for one in pattern):
                self.uses.names(pattern, self.place)
            return
        path = []
        begin = position
        while position < len(pattern) and (is_word(pattern[position]) or is_punctuation(pattern[position], "::")):
            if is_word(pattern[position]) or not path:
                path.append(pattern[position].text)
            position += 1
            if position < len(pattern) and is_punctuation(pattern[position], "<"):
                first, position = generics(pattern, position)
                self.uses.names(first, self.place)
        following = pattern[position] if position < len(pattern) else None
        if len(path) == 1 and (path[0][0].islower() or path[0][0] == "_") and not isinstance(following, Group) and path[0] not in PATHS:
            if following is None or is_punctuation(following, "@"):
                bound[path[0]] = type_
                if following is not None:
                    self.bind(pattern[position + 1 :], type_, bound)
                return
        found = self.uses.path(path, pattern[begin].line, self.place, VALUE)
        if isinstance(following, Group):
            self.bind_fields(found, path, type_, following, bound)
        elif following is not None:
            self.uses.names(pattern[position:], self.place)

    def bind_fields(self, found, path, type_, group, bound):
        definition = found if isinstance(found, Definition) else found[0] if isinstance(found, tuple) and found else None
        if not isinstance(definition, Definition) or definition.kind not in ("struct", "variant"):
            definition = None
        held = inner(type_, 1 if path[-1] == "Err" else 0) if path[-1] in ("Some", "Ok", "Err") else None
        for number, part in enumerate(split(group.trees, ",")):
            while part and is_punctuation(part[0], "#"):
                part = part[2:]
            if not part:
                continue
            name, inside = str(number), part
            if group.text == "{":
                names = [tree for tree in part if is_word(tree) and tree.text not in ("ref", "mut")]
                if not names:
                    continue
                name = names[0].text
                if len(part) > 1 and is_punctuation(part[1], ":"):
                    inside = part[2:]
            element = held
            if definition is not None and name in definition.item.fields:
                owner = definition.within or definition
                arguments = type_[1] if type_ and type_[0] is owner else []
                element = self.methods.of_field(owner, definition.item.fields[name], arguments, owner.item.generics)
            self.bind(inside, element, bound)
