"""Map tasks over ours: the platform's array node, whose template the suite makes."""

from flyteidl.core.execution_pb2 import ExecutionError

from ended import shown
from graph import Step, literal, value
from table import case


def halves(cluster, name, numbers, ratio):
    task = cluster.rust("halves", mapped=True, bound=("label",), optional=ratio < 1)
    step = Step(task, {"number": literal(numbers, list[int]), "label": literal("half ")}, ratio=ratio, bound=("label",))
    return cluster.run(f"cluster.map.{name}", {"n0": step}, {"o0": ("n0", "o0")})


@case("map: every element, with an input that all children share")
def every(cluster):
    ended = halves(cluster, "every", list(range(0, 40, 2)), 1.0)
    assert ended.phase == "SUCCEEDED", ended
    assert value(ended.outputs["o0"], list[str]) == [f"half {number}" for number in range(20)], ended.outputs
    return f"20 children in {ended.seconds:.1f} s"


@case("map: nothing to map")
def empty(cluster):
    ended = halves(cluster, "empty", [], 1.0)
    assert ended.phase == "SUCCEEDED" and value(ended.outputs["o0"], list[str]) == [], ended
    return "an empty list"


@case("map: some children fail, and enough succeed")
def enough(cluster):
    ended = halves(cluster, "enough", [2, 3, 4, 5], 0.5)
    assert ended.phase == "SUCCEEDED", ended
    # A child that failed leaves a bare none, which flytekit's own unions do not read: they are looked at as they are.
    found = [element.scalar.primitive.string_value or None for element in ended.outputs["o0"].collection.literals]
    assert found == ["half 1", None, "half 2", None], found
    return str(found)


@case("map: too many children fail")
def too_many(cluster):
    ended = halves(cluster, "too-many", [2, 3, 4, 5], 0.75)
    assert ended.phase == "FAILED" and "USER:RuntimeError" in ended.error.message and "is odd" in ended.error.message, ended
    assert ended.error.kind == ExecutionError.UNKNOWN, ended
    return shown(ended.error)
