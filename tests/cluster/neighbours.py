"""The Python tasks that ours meet on the cluster."""

import inspect
import types
from typing import Iterator, List, NamedTuple, Optional, TextIO, Tuple

from flytekit import task, workflow
from flytekit.types.error import FlyteError
from flytekit.types.iterator import JSON

import matrix
import rows


@task(cache=True, cache_version="1")
def shared(run: str, nested: rows.OptNested, weights: List[float]) -> str:
    return "by Python"


@task
def measures(text: str) -> Tuple[int, str]:
    return len(text), text


@task
def cleans_up(message: str, err: Optional[FlyteError] = None) -> Tuple[str, str, str]:
    return message, err.message, err.failed_node_id


NESTED = matrix.Nested("n", matrix.Inner(1, "y"), [1, 2], {"a": 1.0, "b": 0.5}, matrix.Color.GREEN)


@task
def nested() -> matrix.Nested:
    return NESTED


@task
def doubled(x: int) -> int:
    return 2 * x


@workflow
def quadrupled(x: int) -> int:
    return doubled(x=doubled(x=x))


@task(cache=True, cache_version="flows-1")
def cubed(x: int) -> int:
    return x**3


@task(environment={"FLYTE_USE_OLD_DC_FORMAT": "true"})
def nested_of_old() -> matrix.Nested:
    """A struct as flytekit wrote it before msgpack."""
    return NESTED


class Iterated(NamedTuple):
    numbers: Iterator[int]
    lines: Iterator[JSON]


@task
def iterates() -> Iterated:
    return Iterated(iter([1, -2]), iter([{"a": 1}, {"b": [None]}]))


class Read(NamedTuple):
    numbers: List[int]
    lines: List[dict]
    text: str


@task
def reads(numbers: Iterator[int], lines: Iterator[JSON], text: TextIO) -> Read:
    return Read(list(numbers), list(lines), text.read())


def of_rows(*, part, **values):
    """Checks those rows of a part that are given, and gives all of them."""
    if found := rows.differences(part, values):
        raise ValueError("\n".join(found))
    return tuple(row.value for row in part.values())


def typed(name, part, inputs):
    """`of_rows` as a task with inputs of these types, and an output for each row: the entry point takes seconds to start."""
    # flytekit takes no function that is made inside another one: this is a copy of the one above.
    function = types.FunctionType(of_rows.__code__, globals(), name)
    function.__kwdefaults__ = {"part": part}
    outputs = Tuple[tuple(row.type for row in part.values())]
    function.__annotations__ = {**inputs, "return": outputs}
    parameters = [inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=type) for name, type in inputs.items()]
    function.__signature__ = inspect.Signature(parameters, return_annotation=outputs)
    function.__module__ = __name__
    # flytekit finds a task again by the name that its module has for it.
    globals()[name] = task(function)
    return globals()[name]


# For each part of the rows a task that writes them, and one that checks them and writes them again.
PARTS = [
    (typed(f"write_{number}", part, {}), typed(f"check_{number}", part, {name: row.type for name, row in part.items()}))
    for number, part in enumerate(rows.PARTS)
]
