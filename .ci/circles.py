"""Circles among the files of a crate, and among its modules: what depends on itself through others.

An arrow is a name that one file defines and another one uses. Re-exports are followed to the definition, a method counts at the file of its
`impl`, a trait's method at the file of the trait. `mod` lines, re-exports and what is built for tests alone do not count.
"""

import pathlib

from rust.uses import Uses

# How much is told of one arrow, and of the calls that are not understood.
NAMES = 6
CALLS = 12


class Graph:
    """The arrows of one crate, by paths within its folder."""

    def __init__(self, folder, uses):
        self.folder = pathlib.Path(folder)
        self.arrows = {}
        self.unknown = []
        for (file, other), names in uses.arrows.items():
            if file.is_relative_to(self.folder) and other.is_relative_to(self.folder):
                self.arrows.setdefault(file, {})[other] = names
        for file, line, name, files in uses.unknown:
            if file.is_relative_to(self.folder):
                self.unknown.append((file, line, name, [other for other in files if other.is_relative_to(self.folder)]))

    def folders(self):
        """Every folder with more than one file below it, the deepest first."""
        files = set(self.arrows) | {other for others in self.arrows.values() for other in others}
        found = {parent for file in files for parent in file.parents if parent.is_relative_to(self.folder)}
        return sorted(found, key=lambda folder: (-len(folder.parts), folder))

    def within(self, folder):
        """The arrows between what a folder holds, each file and each folder in it one thing, with the arrows between files that make them."""
        found = {}
        for file, others in self.arrows.items():
            if not file.is_relative_to(folder):
                continue
            for other, names in others.items():
                if not other.is_relative_to(folder):
                    continue
                one, two = held(folder, file), held(folder, other)
                if one != two:
                    found.setdefault(one, {}).setdefault(two, []).append((file, other, names))
        return found

    def file_circles(self):
        return components({file: set(others) for file, others in self.arrows.items()})

    def module_circles(self):
        """Circles of which at least one thing is a folder."""
        for folder in self.folders():
            arrows = self.within(folder)
            for circle in components({one: set(others) for one, others in arrows.items()}):
                if any(one.suffix != ".rs" for one in circle):
                    yield circle, arrows

    def closing(self):
        """Calls that are not understood, and that would close a circle if they meant one of the files that they may mean."""
        closed = Reach({file: set(others) for file, others in self.arrows.items()})
        for file, line, name, files in self.unknown:
            meant = [other for other in files if other not in self.arrows.get(file, {}) and closed.reaches(other, file)]
            if meant:
                yield file, line, name, meant


def held(folder, file):
    return folder / file.relative_to(folder).parts[0]


class Reach:
    def __init__(self, arrows):
        self.arrows, self.known = arrows, {}

    def reaches(self, begin, end):
        if begin not in self.known:
            seen, waiting = set(), [begin]
            while waiting:
                for other in self.arrows.get(waiting.pop(), ()):
                    if other not in seen:
                        seen.add(other)
                        waiting.append(other)
            self.known[begin] = seen
        return end in self.known[begin]


def components(arrows):
    """The strongly connected components of more than one thing, each sorted (Tarjan, without recursion)."""
    number, low, on, stack, found = {}, {}, set(), [], []
    for root in sorted(arrows):
        if root in number:
            continue
        work = [(root, iter(sorted(arrows.get(root, ()))))]
        number[root] = low[root] = len(number)
        stack.append(root)
        on.add(root)
        while work:
            node, others = work[-1]
            for other in others:
                if other not in number:
                    number[other] = low[other] = len(number)
                    stack.append(other)
                    on.add(other)
                    work.append((other, iter(sorted(arrows.get(other, ())))))
                    break
                if other in on:
                    low[node] = min(low[node], number[other])
            else:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[node])
                if low[node] == number[node]:
                    component = []
                    while not component or component[-1] != node:
                        component.append(stack.pop())
                        on.discard(component[-1])
                    if len(component) > 1:
                        found.append(sorted(component))
    return sorted(found)


def names_of(names):
    shown = [f"{name} (line {line})" for name, line in sorted(names.items(), key=lambda one: one[1])]
    return ", ".join(shown[:NAMES]) + (f", and {len(shown) - NAMES} more" if len(shown) > NAMES else "")


def tell_files(graph, circle):
    inside = set(circle)
    yield f"a circle of {len(circle)} files:"
    for file in circle:
        for other in sorted(inside & set(graph.arrows[file])):
            yield f"  {file} -> {other}: {names_of(graph.arrows[file][other])}"


def tell_modules(circle, arrows):
    inside = set(circle)
    yield f"a circle of {len(circle)} modules: {', '.join(map(str, circle))}"
    for one in circle:
        for other in sorted(inside & set(arrows.get(one, {}))):
            made = arrows[one][other]
            for file, another, names in sorted(made, key=lambda arrow: arrow[:2])[:NAMES]:
                yield f"  {file} -> {another}: {names_of(names)}"
            if len(made) > NAMES:
                yield f"  and {len(made) - NAMES} more from {one} to {other}"


def check(crates):
    """Gives what is wrong, and what is worth saying all the same. `crates` are pairs of a name in Rust and a folder."""
    uses = Uses(crates)
    problems, calls = [], []
    for _, folder in crates:
        graph = Graph(folder, uses)
        for circle in graph.file_circles():
            problems += tell_files(graph, circle)
        for circle, arrows in graph.module_circles():
            problems += tell_modules(circle, arrows)
        calls += graph.closing()
    return problems, list(tell_calls(uses, calls))


def tell_calls(uses, calls):
    yield f"{len(uses.unknown)} calls may add an arrow, as their receiver's type is not seen; {len(calls)} of them may close a circle{':' if calls else ''}"
    by_name = {}
    for file, line, name, meant in calls:
        by_name.setdefault((file, name), (line, meant))
    for (file, name), (line, meant) in sorted(by_name.items())[:CALLS]:
        yield f"  {file}:{line}: .{name}() may be that of {', '.join(map(str, sorted(meant)))}"
    if len(by_name) > CALLS:
        yield f"  and {len(by_name) - CALLS} more names"
