"""The Python tasks that make tables for ours with pandas and pyarrow, and look at those that ours give back."""

import datetime
import decimal
from dataclasses import dataclass
from typing import Dict, List, NamedTuple, Optional

import pandas
import pyarrow
import pyarrow.parquet
from flytekit import FlyteContextManager, StructuredDataset, task
from flytekit.types.schema import FlyteSchema

INSTANTS = pandas.to_datetime(["2024-02-29T12:34:56.789012", None, "1900-01-01"], format="ISO8601").as_unit("us")
FRAME = pandas.DataFrame(
    {
        "integers": [2**63 - 1, 0, -(2**63)],
        "floats": [5e-324, float("nan"), -1e308],
        "flags": [True, False, True],
        "texts": ["grüße", None, ""],
        "at": INSTANTS,
    }
)
TABLE = pyarrow.table(
    {
        "integers": pyarrow.array([1, None, -(2**62)], pyarrow.int64()),
        "small": pyarrow.array([255, None, 0], pyarrow.uint8()),
        "floats": pyarrow.array([0.5, None, float("-inf")], pyarrow.float64()),
        "binary": pyarrow.array([b"\x00\xff", None, b""], pyarrow.binary()),
        "days": pyarrow.array([datetime.date(2024, 2, 29), None, datetime.date(1, 1, 1)], pyarrow.date32()),
        "zoned": pyarrow.array([INSTANTS[0], None, INSTANTS[2]], pyarrow.timestamp("us", "Europe/Berlin")),
        "decimals": pyarrow.array([decimal.Decimal("123.45"), None, decimal.Decimal("-0.01")], pyarrow.decimal128(20, 2)),
        "lists": pyarrow.array([[1, None], None, []], pyarrow.list_(pyarrow.int32())),
        "structs": pyarrow.array([{"x": 1}, None, {"x": None}], pyarrow.struct([("x", pyarrow.int64())])),
    }
)
OLDER = pandas.DataFrame({"a": [1, -2, 2**62], "b": ["x", "", "ü"]})


@dataclass
class Bundle:
    table: StructuredDataset
    more: List[StructuredDataset]
    named: Dict[str, StructuredDataset]
    some: Optional[StructuredDataset] = None
    none: Optional[StructuredDataset] = None


def dataset():
    return StructuredDataset(dataframe=OLDER)


def older():
    schema = FlyteSchema()
    schema.open().write(OLDER)
    return schema


class Made(NamedTuple):
    frame: pandas.DataFrame
    table: pyarrow.Table
    older: FlyteSchema
    tables: List[StructuredDataset]
    named: Dict[str, StructuredDataset]
    some: Optional[StructuredDataset]
    none: Optional[StructuredDataset]
    olders: List[FlyteSchema]
    older_named: Dict[str, FlyteSchema]
    older_some: Optional[FlyteSchema]
    bundle: Bundle


@task
def make() -> Made:
    bundle = Bundle(dataset(), [dataset(), dataset()], {"k": dataset()}, dataset())
    lists = [StructuredDataset(dataframe=FRAME), StructuredDataset(dataframe=TABLE)]
    return Made(FRAME, TABLE, older(), lists, {"ü": dataset()}, dataset(), None, [older(), older()], {"k": older()}, older(), bundle)


class Tables(NamedTuple):
    """What `Made` is to a task that does not open it."""

    frame: StructuredDataset
    table: StructuredDataset
    older: FlyteSchema
    tables: List[StructuredDataset]
    named: Dict[str, StructuredDataset]
    some: Optional[StructuredDataset]
    none: Optional[StructuredDataset]
    olders: List[FlyteSchema]
    older_named: Dict[str, FlyteSchema]
    older_some: Optional[FlyteSchema]
    bundle: Bundle


def uri(dataset):
    return (dataset.literal or dataset).uri


def places(tables):
    """Where all of it is, in one order."""
    bundle = tables.bundle
    found = [tables.frame, tables.table, *tables.tables, tables.named["ü"], tables.some]
    found += [bundle.table, *bundle.more, bundle.named["k"], bundle.some]
    older = [tables.older, *tables.olders, tables.older_named["k"], tables.older_some]
    return [uri(table) for table in found] + [schema.remote_path for schema in older]


class Passed(NamedTuple):
    frame: StructuredDataset
    table: StructuredDataset
    older: FlyteSchema
    tables: List[StructuredDataset]
    named: Dict[str, StructuredDataset]
    some: Optional[StructuredDataset]
    none: Optional[StructuredDataset]
    olders: List[FlyteSchema]
    older_named: Dict[str, FlyteSchema]
    older_some: Optional[FlyteSchema]
    bundle: Bundle
    uris: List[str]


@task
def passes_on(
    frame: StructuredDataset,
    table: StructuredDataset,
    older: FlyteSchema,
    tables: List[StructuredDataset],
    named: Dict[str, StructuredDataset],
    some: Optional[StructuredDataset],
    none: Optional[StructuredDataset],
    olders: List[FlyteSchema],
    older_named: Dict[str, FlyteSchema],
    older_some: Optional[FlyteSchema],
    bundle: Bundle,
) -> Passed:
    """Gives on what came, and the URIs of all of it."""
    assert none is None and bundle.none is None
    came = Tables(frame, table, older, tables, named, some, none, olders, older_named, older_some, bundle)
    return Passed(*came, places(came))


class Anew(NamedTuple):
    frame: pandas.DataFrame
    table: pyarrow.Table
    older: FlyteSchema


def arrow(dataset):
    """A table as pyarrow reads it: flytekit 1.16.31 itself takes every URI for a path of this machine when it is asked for one."""
    place = uri(dataset)
    filesystem = FlyteContextManager.current_context().file_access.get_filesystem_for_path(place)
    return pyarrow.parquet.read_table(place.partition("://")[2], filesystem=filesystem)


@task
def writes_anew(frame: pandas.DataFrame, table: StructuredDataset, older: FlyteSchema) -> Anew:
    """Compares what came with what was made, and gives it as this process reads it."""
    pandas.testing.assert_frame_equal(frame, FRAME)
    read = arrow(table)
    assert read.equals(TABLE), read
    came = older.open(pandas.DataFrame).all()
    pandas.testing.assert_frame_equal(came, OLDER)
    copy = FlyteSchema()
    copy.open().write(came)
    return Anew(frame, read, copy)
