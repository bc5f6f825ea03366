"""Random values of every type, in all the forms that dataclasses and pydantic models write, for the tasks of fixture/forms.rs.

The seed is fixed, and printed with what differs; NEBULAKIT_SEED sets another.
"""

import math
import os
import random
import struct
from dataclasses import dataclass, fields, is_dataclass
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal
from enum import IntEnum
from pathlib import PurePosixPath
from typing import Any, Dict, FrozenSet, List, Optional, Set, Tuple, Union
from uuid import UUID

from pydantic import AnyUrl, BaseModel

from matrix import Color

SEED = int(os.environ.get("NEBULAKIT_SEED", "17"))
UTC = timezone.utc
# Whole numbers that a float holds, for forms whose numbers are floats.
EXACT = 2**53


class Level(IntEnum):
    LOW = 1
    HIGH = 7


@dataclass
class Inner:
    x: int
    y: Optional[str] = None


class InnerModel(BaseModel):
    x: int
    y: Optional[str] = None


# The fields that both have, by name.
SHARED = {
    "instant": datetime,
    "instant_std": datetime,
    "instant_chrono": datetime,
    "date": date,
    "date_chrono": date,
    "span": timedelta,
    "span_std": timedelta,
    "span_chrono": timedelta,
    "spans": List[timedelta],
    "spans_by_name": Dict[str, timedelta],
    "maybe_span": Optional[timedelta],
    "maybe_instant": Optional[datetime],
    "dates": List[date],
    "integer": int,
    "narrow": float,
    "boolean": bool,
    "text": str,
    "time": time,
    "decimal": Decimal,
    "uuid": UUID,
    "path": PurePosixPath,
    "set": Set[int],
    "frozen": FrozenSet[str],
    "pair": Tuple[int, int],
    "mixed": Tuple[int, str, bool],
    "bytes": bytes,
    "maybe_bytes": Optional[bytes],
    "color": Color,
    "colors": List[Color],
    "by_int": Dict[int, str],
    "by_small": Dict[int, List[float]],
    "choice": Union[int, str],
    "maybe": Optional[int],
    "anything": Any,
}


def nested(inner):
    return {"inner": inner, "inners": List[inner], "by_name": Dict[str, inner]}


# NaN and infinities are null in pydantic's JSON.
Forms = dataclass(type("Forms", (), {"__annotations__": {**SHARED, **nested(Inner), "float": float, "level": Level, "url": str}, "__module__": __name__}))
Model = type(
    "Model",
    (BaseModel,),
    {"__annotations__": {**SHARED, **nested(InnerModel), "float": Optional[float], "level": int, "url": AnyUrl}, "__module__": __name__},
)


NESTED = {"span": timedelta, "by_int": Dict[int, str]}


def deep(inner):
    return {**nested(inner), "lists": List[List[inner]], "maybe": Optional[List[inner]]}


Nested = dataclass(type("Nested", (), {"__annotations__": {**deep(Inner), **NESTED}, "__module__": __name__}))
NestedModel = type("NestedModel", (BaseModel,), {"__annotations__": {**deep(InnerModel), **NESTED}, "__module__": __name__})


class Values:
    """Draws random values, the same ones for the same seed; `exact` keeps integers within what a float holds."""

    def __init__(self, title, exact=False):
        self.random = random.Random(f"{SEED} {title}")
        self.integers = EXACT if exact else 2**63
        self.is_exact = exact

    def integer(self):
        return self.random.choice([0, -1, 127, 255, self.integers - 1, -self.integers, self.random.randrange(-self.integers, self.integers)])

    def float(self):
        special = [0.0, -0.0, 1.0, 5e-324, 1.7976931348623157e308, 0.1]
        if not self.is_exact:
            special += [math.nan, math.inf, -math.inf]
        return self.random.choice([*special, *(self.random.uniform(-1e6, 1e6) for _ in special), self.random.uniform(-1e-9, 1e-9)])

    def narrow(self):
        return struct.unpack("f", struct.pack("f", self.random.uniform(-1e30, 1e30)))[0]

    def text(self):
        likely = ["", "abcd", "5", "null", "NaN", "P1D", "2024-01-01", "grüße", "\U0001f980\n\t\0", "aGk=", "x" * 300]
        return self.random.choice([*likely, "".join(self.random.choices("abcXYZ019 +/=-_\"'\\ü€", k=self.random.randrange(40)))])

    def instant(self):
        seconds = self.random.choice([0, 0, self.random.randrange(86_400)])
        microseconds = self.random.choice([0, 1, 10, 500_000, 999_999, self.random.randrange(1_000_000)])
        # A day from both ends, so that every zone has it.
        day = self.random.choice([date(1, 1, 2), date(1969, 12, 31), date(1970, 1, 1), date(9999, 12, 29), self.day(2, 9998)])
        moved = self.random.choice([0, 60, 330, -570, 825, -719, self.random.randrange(-1439, 1440)])
        zone = self.random.choice([None, UTC, timezone(timedelta(minutes=moved))])
        return datetime(day.year, day.month, day.day, tzinfo=zone) + timedelta(seconds=seconds, microseconds=microseconds)

    def day(self, first=1, last=9999):
        return date(first, 1, 1) + timedelta(days=self.random.randrange((date(last, 12, 31) - date(first, 1, 1)).days + 1))

    def date(self):
        return self.random.choice([date.min, date.max, date(2024, 2, 29), self.day()])

    def span(self, sign=None):
        days = self.random.choice([0, 0, 1, 30, 364, 365, 366, 400, 36_500, self.random.randrange(90_000), self.random.randrange(3_650_000)])
        seconds = self.random.choice([0, 1, 43_201, 86_399, self.random.randrange(86_400)])
        microseconds = self.random.choice([0, 1, 7, 1_000, 999_993, self.random.randrange(1_000_000)])
        return (sign or self.random.choice([1, -1])) * timedelta(days, seconds, microseconds)

    def time(self):
        zone = self.random.choice([None, UTC, timezone(timedelta(minutes=self.random.randrange(-1439, 1440)))])
        return time(*(self.random.randrange(limit) for limit in (24, 60, 60)), self.random.choice([0, 5, 120_000, 999_999]), zone)

    def decimal(self):
        digits = "".join(self.random.choices("0123456789", k=self.random.randrange(1, 30)))
        return Decimal(f"{self.random.choice(['', '-'])}{digits}E{self.random.randrange(-30, 30)}")

    def url(self):
        return f"https://{self.random.choice(['example.org', '127.0.0.1:8080', 'xn--bcher-kva.example'])}/{self.random.randrange(99)}?q=%20&r={self.random.random()}"

    def bytes(self, in_utf_8):
        if in_utf_8:
            return self.text().encode()
        return self.random.choice([b"", b"abcd", b"\xff\xfe\xfb", self.random.randbytes(self.random.randrange(1, 300))])

    def optional(self, draw):
        return draw() if self.random.random() < 0.7 else None

    def several(self, draw, most=4):
        return [draw() for _ in range(self.random.randrange(most))]

    def by_name(self, draw):
        return {self.text(): draw() for _ in range(self.random.randrange(4))}

    def json(self, depth=3):
        # All numbers of a `google.protobuf.Struct` are floats, and nothing there says otherwise.
        number = (lambda: self.random.uniform(-1, 1)) if self.is_exact else self.integer
        leaves = [lambda: None, lambda: True, number, self.text, lambda: self.random.uniform(-1, 1)]
        if depth and self.random.random() < 0.4:
            draw = lambda: self.json(depth - 1)
            return self.random.choice([lambda: self.several(draw), lambda: self.by_name(draw)])()
        return self.random.choice(leaves)()

    def of(self, kind):
        """A value of `Forms` or `Model`."""
        is_model = kind is Model
        inner = lambda: (InnerModel if is_model else Inner)(x=self.integer(), y=self.optional(self.text))
        draw = {
            "span_std": lambda: self.span(1),
            "spans": lambda: self.several(self.span),
            "spans_by_name": lambda: self.by_name(self.span),
            "maybe_span": lambda: self.optional(self.span),
            "maybe_instant": lambda: self.optional(self.instant),
            "dates": lambda: self.several(self.date),
            "boolean": lambda: self.random.random() < 0.5,
            "uuid": lambda: UUID(int=self.random.getrandbits(128)),
            "path": lambda: PurePosixPath("/" * self.random.randrange(2) + "a/b c/ü.txt"),
            "set": lambda: set(self.several(self.integer)),
            "frozen": lambda: frozenset(self.several(self.text)),
            "pair": lambda: (self.integer(), self.integer()),
            "mixed": lambda: (self.integer(), self.text(), True),
            "bytes": lambda: self.bytes(is_model),
            "maybe_bytes": lambda: self.optional(lambda: self.bytes(is_model)),
            "color": lambda: self.random.choice(list(Color)),
            "colors": lambda: self.several(lambda: self.random.choice(list(Color))),
            "by_int": lambda: {self.integer(): self.text() for _ in range(self.random.randrange(4))},
            "by_small": lambda: {self.random.randrange(-128, 128): self.several(self.narrow) for _ in range(3)},
            "choice": lambda: self.random.choice([self.integer, self.text])(),
            "maybe": lambda: self.optional(self.integer),
            "anything": self.json,
            "inner": inner,
            "inners": lambda: self.several(inner),
            "by_name": lambda: self.by_name(inner),
            "level": lambda: 5 if is_model else self.random.choice(list(Level)),
            "instant_std": self.instant,
            "instant_chrono": self.instant,
            "date_chrono": self.date,
            "span_chrono": self.span,
        }
        names = kind.model_fields if is_model else [field.name for field in fields(kind)]
        return kind(**{name: draw.get(name, getattr(self, name, None))() for name in names})


def expected(value, in_floats=False):
    """What comes back of a value: a datetime without a zone is one of UTC, pydantic's JSON has no NaN, and dataclasses have spans as floats."""
    if isinstance(value, BaseModel):
        came = {name: expected(getattr(value, name)) for name in type(value).model_fields}
        if isinstance(came.get("float"), float) and not math.isfinite(came["float"]):
            came["float"] = None
        return type(value).model_construct(**came)
    if is_dataclass(value):
        return type(value)(**{name: expected(field, True) for name, field in vars(value).items()})
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    if isinstance(value, timedelta) and in_floats:
        return timedelta(seconds=value.total_seconds())
    if isinstance(value, list):
        return [expected(element, in_floats) for element in value]
    if isinstance(value, dict):
        return {key: expected(element, in_floats) for key, element in value.items()}
    return value


def differences(came, sent):
    """The fields that differ, each with what was sent."""
    if isinstance(sent, (Forms, Model)):
        came, sent = came.__dict__, expected(sent).__dict__
    else:
        came, sent = {"it": came}, {"it": expected(sent)}
    for name, value in sent.items():
        found = expected(came.get(name))
        if not same(found, value):
            yield f"{name}: {value!r} came back as {found!r}"


def same(left, right):
    if isinstance(right, float) and isinstance(left, float):
        return (math.isnan(left) and math.isnan(right)) or (left == right and math.copysign(1, left) == math.copysign(1, right))
    if isinstance(right, (list, tuple)):
        return type(left) is type(right) and len(left) == len(right) and all(map(same, left, right))
    if isinstance(right, dict):
        return isinstance(left, dict) and left.keys() == right.keys() and all(same(left[key], right[key]) for key in right)
    if is_dataclass(right) or isinstance(right, BaseModel):
        return type(left) is type(right) and same(dict(left.__dict__), dict(right.__dict__))
    return type(left) is type(right) and left == right


# The tasks of fixture/types.rs that take one value of a type, and how one is drawn.
ALONE = [
    ("int", int, Values.integer),
    ("float", float, Values.float),
    ("text", str, Values.text),
    *[(task, datetime, Values.instant) for task in ("instant", "instant_std", "instant_chrono")],
    *[(task, timedelta, Values.span) for task in ("span", "span_chrono")],
    ("span_std", timedelta, lambda values: values.span(1)),
    *[(task, date, Values.date) for task in ("date", "date_chrono")],
    ("list", List[int], lambda values: values.several(values.integer)),
    ("list_of_lists", List[List[str]], lambda values: values.several(lambda: values.several(values.text))),
    ("list_of_optional", List[Optional[int]], lambda values: values.several(lambda: values.optional(values.integer))),
    ("map", Dict[str, int], lambda values: values.by_name(values.integer)),
    ("map_of_lists", Dict[str, List[float]], lambda values: values.by_name(lambda: values.several(values.float))),
    ("map_by_int", Dict[int, str], lambda values: {values.integer(): values.text() for _ in range(3)}),
    ("optional", Optional[int], lambda values: values.optional(values.integer)),
    ("union", Union[int, str], lambda values: values.random.choice([values.integer, values.text])()),
    ("unit_enum", Color, lambda values: values.random.choice(list(Color))),
    ("untyped", dict, lambda values: values.by_name(values.json)),
]


# The tasks for one, several, named and optional values of each class.
KINDS = [("form", Forms), ("model", Model)]


def alone(values):
    """Each value of its own: the task, the type in Python, what is sent, and how it is taken out of what comes."""
    for task, kind, draw in ALONE:
        for _ in range(6):
            yield f"types.{task}", kind, draw(values), lambda came: [came]


def shapes(task, kind, values):
    """Each task that takes such values, the type in Python, what is sent, and how the values are taken out of it."""
    yield f"forms.{task}s", List[kind], values, lambda came: came
    yield f"forms.{task}s_by_name", Dict[str, kind], {str(at): value for at, value in enumerate(values)}, lambda came: [came[str(at)] for at in range(len(values))]
    for value in values[:4]:
        yield f"forms.{task}", kind, value, lambda came: [came]
    yield f"forms.maybe_{task}", Optional[kind], values[0], lambda came: [came]


def values_of(name, sent):
    if not name.startswith("forms."):
        return [sent]
    return list(sent.values()) if isinstance(sent, dict) else sent if isinstance(sent, list) else [sent]
