"""Rust's tokens, and the trees that its brackets make of them."""

import re
from typing import NamedTuple

WORD, TEXT, NUMBER, LIFETIME, PUNCTUATION = "word", "text", "number", "lifetime", "punctuation"

KEYWORDS = set(
    "as async await break const continue crate dyn else enum extern false fn for if impl in let loop match mod move mut pub ref return self Self "
    "static struct super trait true type union unsafe use where while yield".split()
)
# Those that a path may hold.
PATHS = {"crate", "self", "super", "Self"}

PAIRS = {"(": ")", "[": "]", "{": "}"}

LEXEME = re.compile(
    r"""
    (?P<blank>\s+|//[^\n]*)
  | (?P<comment>/\*)
  | (?P<raw>(?:b|c|br|cr|r)(?P<hashes>\#*)"|")
  | (?P<character>b?'(?:\\(?:u\{[0-9a-fA-F_]+\}|x[0-9a-fA-F]{2}|.)|[^\\'\n])')
  | (?P<lifetime>'\w+)
  | (?P<number>[0-9][0-9a-zA-Z_]*(?:\.[0-9][0-9a-zA-Z_]*)?(?:(?<=[eE])[+-][0-9_]+)?)
  | (?P<word>(?:r\#)?\w+)
  | (?P<punctuation>::|->|=>|==|<=|>=|!=|\.\.|&&|\|\||.)
    """,
    re.VERBOSE,
)


class Token(NamedTuple):
    kind: str
    text: str
    line: int


class Group(NamedTuple):
    """What stands between two brackets; `text` is the opening one."""

    text: str
    trees: list
    line: int
    kind: str = "group"


class Unreadable(Exception):
    """The text is not Rust, or more of it than this reads."""


def tokens(text):
    position, line, end = 0, 1, len(text)
    if text.startswith("#!") and not text.startswith("#!["):
        position = text.find("\n")
    while position < end:
        found = LEXEME.match(text, position)
        kind, stop = found.lastgroup, found.end()
        if kind == "hashes" or kind == "raw":
            kind, stop = TEXT, end_of_text(text, found)
        elif kind == "comment":
            kind, stop = "blank", end_of_comment(text, stop, line)
        piece = text[position:stop]
        if kind == "character":
            kind = TEXT
        if kind != "blank":
            yield Token(kind, piece.removeprefix("r#") if kind == WORD else piece, line)
        line += piece.count("\n")
        position = stop


def end_of_text(text, found):
    opening = found.group("raw")
    if "r" in opening:
        closing = '"' + found.group("hashes")
        stop = text.find(closing, found.end())
        return len(text) if stop < 0 else stop + len(closing)
    position = found.end()
    while position < len(text) and text[position] != '"':
        position += 2 if text[position] == "\\" else 1
    return position + 1


def end_of_comment(text, position, line):
    depth = 1
    while depth:
        found = re.compile(r"/\*|\*/").search(text, position)
        if not found:
            raise Unreadable(f"line {line}: a comment without an end")
        depth += 1 if found.group() == "/*" else -1
        position = found.end()
    return position


def trees(text):
    """The tokens of a file, each pair of brackets a `Group`."""
    stack, current = [], []
    for token in tokens(text):
        if token.kind == PUNCTUATION and token.text in PAIRS:
            stack.append((token, current))
            current = []
        elif token.kind == PUNCTUATION and token.text in ")]}":
            if not stack or PAIRS[stack[-1][0].text] != token.text:
                raise Unreadable(f"line {token.line}: `{token.text}` closes nothing")
            opening, outer = stack.pop()
            outer.append(Group(opening.text, current, opening.line))
            current = outer
        else:
            current.append(token)
    if stack:
        raise Unreadable(f"line {stack[-1][0].line}: `{stack[-1][0].text}` is not closed")
    return current


def is_group(tree, opening):
    return isinstance(tree, Group) and tree.text == opening


def is_word(tree, *words):
    return tree.kind == WORD and (not words or tree.text in words)


def is_punctuation(tree, text):
    return tree.kind == PUNCTUATION and tree.text == text


def split(sequence, separator):
    """The parts of a sequence between separators that stand outside of `<>`."""
    parts, part, depth = [], [], 0
    for tree in sequence:
        if tree.kind == PUNCTUATION:
            depth += (tree.text == "<") - (tree.text == ">")
            if tree.text == separator and depth <= 0:
                parts.append(part)
                part, depth = [], 0
                continue
        part.append(tree)
    return [*parts, part] if part else parts
