"""The values that travel between Python and Rust, with their Python types and the Rust tasks that take them."""

import math
import sys
from dataclasses import dataclass, is_dataclass
from datetime import date, datetime, timedelta, timezone
from enum import Enum
from typing import Any, Dict, List, NamedTuple, Optional, Union


class Color(Enum):
    RED = "red"
    GREEN = "green"
    BLUE = "blue"


@dataclass
class Inner:
    x: int
    y: Optional[str] = None


@dataclass
class Simple:
    a: int
    b: str
    c: float
    d: bool


@dataclass
class Temporal:
    dt: datetime
    td: timedelta
    d: date


@dataclass
class Nested:
    name: str
    inner: Inner
    items: List[int]
    by_name: Dict[str, float]
    color: Color


class Verdict(Enum):
    Pass = "Pass"
    Fail = "Fail"


@dataclass
class Filtered:
    min_quality: int


@dataclass
class Moved:
    to: str
    tries: Optional[int] = None


# An enum of Rust with variants of every kind: those without fields are one enum, the others structs and plain values.
Outcome = Union[Verdict, Filtered, Moved, float]


@dataclass
class Checked:
    outcome: Outcome
    others: List[Outcome]
    last: Optional[Outcome] = None


class Row(NamedTuple):
    """One value: the Rust task that gives back what it takes, the type in Python, the value."""

    task: str
    type: Any
    value: Any


UTC = timezone.utc
SIMPLE = Simple(a=-3, b="ü", c=2.0, d=True)
LEAP = datetime(2024, 2, 29, 12, 34, 56, 789012, UTC)

OUTCOMES = [Verdict.Pass, Filtered(min_quality=3), Verdict.Fail, Moved(to="x", tries=2), Moved(to="y"), 0.25]

ROWS = [
    *[Row("int", int, value) for value in (0, -1, 2**63 - 1, -(2**63))],
    *[Row("small_int", int, value) for value in (0, 255)],
    Row("unsigned_int", int, 2**63 - 1),
    *[Row("float", float, value) for value in (0.0, -0.0, 1.0, 1e308, 5e-324, math.inf, -math.inf, math.nan)],
    *[Row("text", str, value) for value in ("", "hello", "grüße\n\t\0 \U0001f980")],
    *[Row("boolean", bool, value) for value in (True, False)],
    *[
        Row(task, datetime, value)
        for task in ("instant", "instant_std", "instant_chrono")
        for value in (LEAP, datetime(1969, 12, 31, 23, 59, 59, 999999, UTC), datetime(1, 1, 1, tzinfo=UTC))
    ],
    # jiff's own instants end a day earlier, so that every zone's calendar holds them.
    *[Row(task, datetime, datetime.max.replace(tzinfo=UTC)) for task in ("instant_std", "instant_chrono")],
    *[
        Row(task, timedelta, value)
        for task in ("span", "span_chrono")
        for value in (timedelta(), timedelta(seconds=-1, milliseconds=-250), timedelta(days=40, microseconds=1))
    ],
    Row("span_std", timedelta, timedelta(seconds=90, microseconds=5)),
    *[Row(task, date, value) for task in ("date", "date_chrono") for value in (date(2024, 2, 29), date.min, date.max)],
    *[Row("list", List[int], value) for value in ([], [1, -2, 2**40])],
    Row("list_of_lists", List[List[str]], [["a", ""], [], ["b"]]),
    Row("list_of_optional", List[Optional[int]], [1, None, 3]),
    *[Row("map", Dict[str, int], value) for value in ({}, {"b": 1, "a": -2, "": 0})],
    Row("map_of_lists", Dict[str, List[float]], {"k": [0.5, -1.0], "empty": []}),
    Row("map_by_int", Dict[int, str], {-1: "minus", 7: "seven"}),
    *[Row("optional", Optional[int], value) for value in (5, None)],
    *[Row("optional_struct", Optional[Simple], value) for value in (SIMPLE, None)],
    *[Row("optional_list", Optional[List[Simple]], value) for value in ([SIMPLE], [], None)],
    *[Row("union", Union[int, str], value) for value in (5, "five")],
    *[Row("outcome", Outcome, value) for value in OUTCOMES],
    Row("outcomes", List[Outcome], OUTCOMES),
    *[Row("optional_outcome", Optional[Outcome], value) for value in (*OUTCOMES, None)],
    Row("checked", Checked, Checked(Filtered(1), OUTCOMES, Verdict.Fail)),
    Row("checked", Checked, Checked(0.5, [], None)),
    *[Row("unit_enum", Color, value) for value in Color],
    Row("list_of_enums", List[Color], [Color.RED, Color.BLUE]),
    Row("simple", Simple, SIMPLE),
    *[Row("inner", Inner, value) for value in (Inner(x=1), Inner(x=2, y="y"))],
    Row("temporal", Temporal, Temporal(dt=LEAP, td=timedelta(seconds=-90, microseconds=-5), d=date(2024, 2, 29))),
    Row("nested", Nested, Nested("n", Inner(1, "y"), [1, 2], {"a": 1.0, "b": 0.5}, Color.GREEN)),
    Row("list_of_structs", List[Simple], [SIMPLE, SIMPLE]),
    Row("map_of_structs", Dict[str, Inner], {"k": Inner(x=3)}),
    Row("any", dict, {"a": [1, 0.5], "b": [-(2**40), 2.0]}),
    Row("array", List[int], [1, -2]),
    *[Row("boxed", Optional[int], value) for value in (5, None)],
    *[
        Row(task, dict, value)
        for task in ("untyped", "json")
        for value in ({}, {"z": 1, "a": [1.5, None, True, "x"], "deep": {"er": {"est": -(2**40)}}})
    ],
]


def same(left, right):
    """Whether two values are the same, in type, in sign of zero and in NaN too."""
    if type(left) is not type(right):
        return False
    if isinstance(left, float):
        return (math.isnan(left) and math.isnan(right)) or (left == right and math.copysign(1, left) == math.copysign(1, right))
    if hasattr(left, "tobytes"):
        return (left.dtype, left.shape, left.tobytes()) == (right.dtype, right.shape, right.tobytes())
    if isinstance(left, (list, tuple)):
        return len(left) == len(right) and all(map(same, left, right))
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[key], right[key]) for key in left)
    if is_dataclass(left):
        return same(vars(left), vars(right))
    return left == right


def names():
    """A name for each row that Python takes for that of a parameter."""
    return [f"r{index}_{row.task}" for index, row in enumerate(ROWS)]


def differences(values):
    """Where `values`, by the names of the rows, are not the rows' own."""
    return [
        f"{name}: {values[name]!r} instead of {row.value!r}" for name, row in zip(names(), ROWS) if not same(values[name], row.value)
    ]


class Report:
    """Counts what was compared, and says what differed."""

    def __init__(self, title):
        self.title, self.good, self.bad = title, 0, 0

    def check(self, holds, message):
        if holds:
            self.good += 1
        else:
            self.bad += 1
            print(f"{self.title}: {message}", file=sys.stderr)

    def finish(self):
        print(f"{self.title}: {self.good} comparisons hold, {self.bad} do not")
        sys.exit(self.bad != 0)
