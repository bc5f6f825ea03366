"""The values that travel: those of the other comparison with flytekit, and more classes. Each field is there for its type."""

import math
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta, timezone
from typing import Dict, List, Literal, Optional, Union

import numpy
from flyteidl.core import identifier_pb2
from mashumaro.mixins.json import DataClassJSONMixin
from pydantic import BaseModel

import matrix
from matrix import Color, Inner, Row

UTC = timezone.utc


@dataclass
class BigInts:
    a: int
    b: int
    c: int
    d: int
    e: int


@dataclass
class Floats:
    a: float
    b: float
    c: float


@dataclass
class BytesDC:
    b: bytes


@dataclass
class Defaults:
    a: int = 5
    b: str = "x"
    c: List[int] = field(default_factory=lambda: [1, 2])


@dataclass
class Empty:
    pass


@dataclass
class IntKeys:
    m: Dict[int, str]


@dataclass
class UnionField:
    u: Union[int, str]
    v: Optional[int] = None


@dataclass
class MapMap:
    m: Dict[str, Dict[str, List[int]]]
    n: Dict[str, Optional[int]]


@dataclass
class OptNested:
    a: Optional[Inner]
    b: Optional[List[Inner]]


@dataclass
class WithEnum:
    c: Color
    o: Optional[Color] = None


@dataclass
class DCJson(DataClassJSONMixin):
    a: int
    b: str


class PInner(BaseModel):
    x: int
    y: Optional[str] = None


class PModel(BaseModel):
    a: int
    b: str = "hi"
    inner: PInner
    l: List[PInner]
    e: Color = Color.RED
    dt: datetime


class PScalars(BaseModel):
    m: Dict[int, str]
    b: bytes
    f: float
    t: timedelta
    d: date
    o: Optional[int] = None


LEAP = datetime(2024, 2, 29, 12, 34, 56, 789012, UTC)
MANY = Union[int, float, str, bool, None]

# The tasks of `fixture`, then those of `cluster`.
MORE = [
    Row("big_ints", BigInts, BigInts(2**63 - 1, -(2**63), 127, 128, -33)),
    Row("floats", Floats, Floats(1e308, 5e-324, -0.0)),
    Row("floats", Floats, Floats(math.inf, -math.inf, math.nan)),
    Row("bytes_in_struct", BytesDC, BytesDC(b"\x00\xff grey")),
    *[Row("defaults", Defaults, given) for given in (Defaults(), Defaults(a=1, b="", c=[]))],
    Row("empty", Empty, Empty()),
    Row("int_keys", IntKeys, IntKeys({-1: "minus", 2**40: "much"})),
    *[Row("union_field", UnionField, given) for given in (UnionField(5), UnionField("five", 7))],
    *[Row("list_or_dict", Union[List[int], Dict[str, int]], given) for given in ([1, 2], {"a": 1})],
    *[Row("many", MANY, given) for given in (5, 5.0, "5", True, None)],
    *[Row("untouched", MANY, given) for given in (-0.0, None)],
    Row("map_map", MapMap, MapMap({"a": {"b": [1, 2], "c": []}, "": {}}, {"x": None, "y": 1})),
    *[Row("opt_nested", OptNested, given) for given in (OptNested(None, None), OptNested(Inner(1, "y"), [Inner(2), Inner(3, "")]))],
    *[Row("with_enum", WithEnum, given) for given in (WithEnum(Color.BLUE), WithEnum(Color.RED, Color.GREEN))],
    Row("model", PModel, PModel(a=1, inner=PInner(x=2), l=[PInner(x=3, y="z")], e=Color.BLUE, dt=LEAP)),
    Row("scalars", PScalars, PScalars(m={7: "seven"}, b=b"grey", f=2.0, t=timedelta(minutes=1, microseconds=5), d=date(2024, 2, 29), o=5)),
    Row("list_of_unions", List[Union[int, str]], [1, "two", -3]),
    Row("map_of_optional", Dict[str, Optional[float]], {"a": 0.5, "b": None}),
    Row("list_of_untyped", List[dict], [{}, {"z": [1.5, None], "a": {"b": True}}]),
    *[Row("literal_text", Literal["", "ü"], value) for value in ("", "ü")],
    Row("literal_int", Literal[1, -7], -7),
    Row("dataclass_json", DCJson, DCJson(-1, "ü")),
    *[Row("array", numpy.ndarray, value) for value in (numpy.array([[1.5, math.nan], [-0.0, math.inf]]), numpy.array([], dtype=numpy.uint8))],
    Row("pickle", set, {1, "two", None}),
    Row("message", identifier_pb2.Identifier, identifier_pb2.Identifier(resource_type=identifier_pb2.TASK, name="ü")),
]

ROWS = [*matrix.ROWS, *MORE]


def binary(row):
    """The Rust binary that has a row's task."""
    return "cluster" if any(row is more for more in MORE) else "fixture"


# By names that Python takes for those of parameters. Admin takes no workflow of more than a hundred nodes, and each row is two.
_NAMED = [(f"r{index}_{row.task}", row) for index, row in enumerate(ROWS)]
PARTS = [dict(_NAMED[start : start + 45]) for start in range(0, len(_NAMED), 45)]


def differences(part, values):
    """Where `values` are not those of the rows of the same name."""
    pairs = [(name, found, part[name].value) for name, found in values.items()]
    return [f"{name}: {found!r} instead of {expected!r}" for name, found, expected in pairs if not matrix.same(found, expected)]
