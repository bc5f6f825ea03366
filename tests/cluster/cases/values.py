"""Values there and back: what Python wrote comes home as it was, after two tasks of ours and one of Python's between them."""

from flyteidl.core import literals_pb2

import neighbours
import rows
from graph import Step, literal, value
from matrix import Color, Inner, Nested
from table import ALL, Case, case


def there_and_back(cluster, number):
    part, (write, check) = rows.PARTS[number], neighbours.PARTS[number]
    steps = {"first": Step(cluster.python(write))}

    def by_rust(prefix, before):
        for index, row in enumerate(part.values()):
            task = cluster.rust(f"types.{row.task}", rows.binary(row))
            steps[f"{prefix}{index}"] = Step(task, {"v": (before, f"o{index}")})
        return {name: (f"{prefix}{index}", "o0") for index, name in enumerate(part)}

    steps["middle"] = Step(cluster.python(check), by_rust("a", "first"))
    steps["last"] = Step(cluster.python(check), by_rust("b", "middle"))
    outputs = {f"o{index}": ("last", f"o{index}") for index in range(len(part))}
    ended = cluster.run(f"cluster.there-and-back-{number}", steps, outputs)
    assert ended.phase == "SUCCEEDED", f"{ended}\n{ended.error.message}"
    read = {name: value(ended.outputs[f"o{index}"], row.type) for index, (name, row) in enumerate(part.items())}
    assert not (differences := rows.differences(part, read)), "\n".join(differences)
    types = len({row.task for row in part.values()})
    return f"{len(part)} values of {types} types, {len(ended.nodes)} nodes in {ended.seconds:.0f} s [{ended.name}]"


ALL += [
    Case(f"values: Python, Rust, Python, Rust, Python ({number + 1})", lambda cluster, number=number: there_and_back(cluster, number))
    for number in range(len(rows.PARTS))
]


@case("values: a part of a Python value, an optional value, an absent one")
def parts(cluster):
    task = lambda name, binary="fixture": cluster.rust(f"types.{name}", binary)  # noqa: E731
    nested = cluster.python(neighbours.nested)
    steps = {
        "n0": Step(nested),
        "int": Step(task("int"), {"v": ("n0", "o0", "inner", "x")}),
        "text": Step(task("text"), {"v": ("n0", "o0", "name")}),
        "list": Step(task("list"), {"v": ("n0", "o0", "items")}),
        "element": Step(task("int"), {"v": ("n0", "o0", "items", 1)}),
        "map": Step(task("map_of_floats", "cluster"), {"v": ("n0", "o0", "by_name")}),
        "color": Step(task("unit_enum"), {"v": ("n0", "o0", "color")}),
        "inner": Step(task("inner"), {"v": ("n0", "o0", "inner")}),
        "optional": Step(task("optional"), {"v": ("int", "o0")}),
        "absent": Step(task("optional")),
        "deep": Step(cluster.python(neighbours.doubled), {"x": ("whole", "o0", "inner", "x")}),
        "whole": Step(task("nested"), {"v": ("n0", "o0")}),
    }
    ended = cluster.run("cluster.parts", steps, {node: (node, "o0") for node in steps})
    assert ended.phase == "SUCCEEDED", f"{ended}\n{ended.error.message}"
    expected = {
        "int": (int, 1),
        "text": (str, "n"),
        "list": (list[int], [1, 2]),
        "element": (int, 2),
        "map": (dict[str, float], {"a": 1.0, "b": 0.5}),
        "color": (Color, Color.GREEN),
        "inner": (Inner, Inner(1, "y")),
        "optional": (int | None, 1),
        "absent": (int | None, None),
        "deep": (int, 2),
        "whole": (Nested, neighbours.NESTED),
    }
    for node, (type, wanted) in expected.items():
        assert (found := value(ended.outputs[node], type)) == wanted, f"{node}: {found!r} instead of {wanted!r}"
    return f"{len(expected)} nodes [{ended.name}]"


@case("values: bytes, which Python has no type for")
def bytes_through(cluster):
    task = cluster.rust("types.bytes", "fixture")
    sent = literals_pb2.Literal(scalar={"binary": {"value": b"\x00\xff grey"}})
    steps = {"n0": Step(task, {"v": sent}), "n1": Step(task, {"v": ("n0", "o0")})}
    ended = cluster.run("cluster.bytes", steps, {"o0": ("n1", "o0")})
    assert ended.phase == "SUCCEEDED" and ended.outputs["o0"] == sent, f"{ended} {ended.outputs}"
    return "the literal as it was"


@case("values: iterators, JSON lines, a text file, a struct as older flytekits wrote it")
def of_python(cluster):
    rust = lambda name, binary="cluster": cluster.rust(f"types.{name}", binary)  # noqa: E731
    steps = {
        "made": Step(cluster.python(neighbours.iterates)),
        "numbers": Step(rust("list", "fixture"), {"v": ("made", "numbers")}),
        "lines": Step(rust("json_lines"), {"v": ("made", "lines")}),
        "text": Step(cluster.rust("files.writes"), {"text": literal("grüße")}),
        "read": Step(
            cluster.python(neighbours.reads), {"numbers": ("numbers", "o0"), "lines": ("lines", "o0"), "text": ("text", "streamed")}
        ),
        "old": Step(cluster.python(neighbours.nested_of_old)),
        "nested": Step(rust("nested", "fixture"), {"v": ("old", "o0")}),
    }
    outputs = {"old": ("old", "o0"), "nested": ("nested", "o0"), **{name: ("read", name) for name in ("numbers", "lines", "text")}}
    ended = cluster.run("cluster.of-python", steps, outputs)
    assert ended.phase == "SUCCEEDED", f"{ended}\n{ended.error.message}"
    assert ended.outputs["old"].scalar.WhichOneof("value") == "generic", "the older form is not what was sent"
    expected = {"nested": (Nested, neighbours.NESTED), "numbers": (list[int], [1, -2]), "text": (str, "grüße")}
    expected["lines"] = (list[dict], [{"a": 1}, {"b": [None]}])
    for name, (type, wanted) in expected.items():
        assert (found := value(ended.outputs[name], type)) == wanted, f"{name}: {found!r} instead of {wanted!r}"
    return f"{len(expected)} values [{ended.name}]"
