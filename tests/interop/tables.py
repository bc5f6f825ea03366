"""Tables of pandas, pyarrow, polars and flytekit, to Rust and back. usage: tables.py FIXTURE"""

import datetime
import decimal
import pathlib
import subprocess
import sys
import tempfile
from collections import OrderedDict
from dataclasses import dataclass
from typing import Annotated, Dict, List, Optional, Union

import pandas
import polars
import pyarrow
import pyarrow.csv
import pyarrow.dataset
import pyarrow.feather
import pyarrow.parquet
from flyteidl.core import errors_pb2, literals_pb2
from flytekit import FlyteContextManager, StructuredDataset, kwtypes
from flytekit.core.type_engine import TypeEngine
from flytekit.models.literals import LiteralMap
from flytekit.types.schema import FlyteSchema

from matrix import Report

FIXTURE = sys.argv[1]
CONTEXT = FlyteContextManager.current_context()
NOON = datetime.datetime(2024, 2, 29, 12, 0, 0, 123456)
BERLIN = pyarrow.timestamp("us", "Europe/Berlin")

# Each with a gap, so that nobody takes an absent value for another.
COLUMNS = {
    "integers": pyarrow.array([1, None, -(2**62)], pyarrow.int64()),
    "bytes_wide": pyarrow.array([255, None, 0], pyarrow.uint8()),
    "floats": pyarrow.array([0.5, None, -1e300], pyarrow.float64()),
    "singles": pyarrow.array([0.5, None, -2.0], pyarrow.float32()),
    "flags": pyarrow.array([True, None, False], pyarrow.bool_()),
    "texts": pyarrow.array(["grüße", None, ""], pyarrow.string()),
    "large_texts": pyarrow.array(["a", None, "b" * 1000], pyarrow.large_string()),
    "binary": pyarrow.array([b"\x00\xff", None, b""], pyarrow.binary()),
    "days": pyarrow.array([datetime.date(2024, 2, 29), None, datetime.date(1, 1, 1)], pyarrow.date32()),
    "local": pyarrow.array([NOON, None, datetime.datetime(1900, 1, 1)], pyarrow.timestamp("us")),
    "zoned": pyarrow.array([NOON, None, NOON], BERLIN),
    "utc": pyarrow.array([NOON, None, NOON], pyarrow.timestamp("us", "UTC")),
    "spans": pyarrow.array([datetime.timedelta(microseconds=1), None, datetime.timedelta(days=-3)], pyarrow.duration("us")),
    "times": pyarrow.array([datetime.time(12, 30, 1, 5), None, datetime.time()], pyarrow.time64("us")),
    "decimals": pyarrow.array([decimal.Decimal("123.45"), None, decimal.Decimal("-0.01")], pyarrow.decimal128(20, 2)),
    "wide_decimals": pyarrow.array([decimal.Decimal("1e30"), None, decimal.Decimal("0")], pyarrow.decimal256(50, 3)),
    "categories": pyarrow.array(["a", None, "a"], pyarrow.string()).dictionary_encode(),
    "lists": pyarrow.array([[1, None], None, []], pyarrow.list_(pyarrow.int32())),
    "structs": pyarrow.array([{"x": 1, "y": "a"}, None, {"x": None, "y": "b"}], pyarrow.struct([("x", pyarrow.int64()), ("y", pyarrow.string())])),
    "deep": pyarrow.array([[{"k": [1.5]}], None, [{"k": None}, None]], pyarrow.list_(pyarrow.struct([("k", pyarrow.list_(pyarrow.float64()))]))),
    "maps": pyarrow.array([[("k", 1)], None, []], pyarrow.map_(pyarrow.string(), pyarrow.int64())),
    "nothing": pyarrow.nulls(3),
}
TABLE = pyarrow.table(COLUMNS)


def outputs_of(folder, task, inputs):
    """Runs a task of the fixture and gives its outputs."""
    folder.mkdir(parents=True)
    (folder / "inputs.pb").write_bytes(LiteralMap(inputs).to_flyte_idl().SerializeToString())
    command = [FIXTURE, "execute", "--task-name", task, "--inputs", folder / "inputs.pb", "--output-prefix", folder / "out"]
    ended = subprocess.run([*command, "--raw-output-data-prefix", folder / "raw"], env={}, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    if (folder / "out/error.pb").exists():
        raise RuntimeError(errors_pb2.ErrorDocument.FromString((folder / "out/error.pb").read_bytes()).error.message)
    return LiteralMap.from_flyte_idl(literals_pb2.LiteralMap.FromString((folder / "out/outputs.pb").read_bytes())).literals


def rust(folder, task, inputs):
    return outputs_of(folder, task, inputs)["o0"]


def literal(value, type):
    return TypeEngine.to_literal(CONTEXT, value, type, TypeEngine.to_literal_type(type))


def copied(folder, sent, format="parquet"):
    """The literal of what Rust read and wrote again."""
    return rust(folder, "tables.copy", {"v": sent, "format": literal(format, str)})


def written(path, write):
    """The literal of a table that something other than flytekit has written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    write(path)
    return literal(StructuredDataset(uri=str(path)), StructuredDataset)


def uri(literal):
    return literal.scalar.structured_dataset.uri


def columns_of_pyarrow(report, folder):
    """Every column alone: a type that fails hides no other."""
    for name, column in COLUMNS.items():
        for version, options in (("1", {}), ("2", {"data_page_version": "2.0", "compression": "zstd", "use_dictionary": False})):
            table = pyarrow.table({name: column})
            sent = written(folder / "sent" / f"{name}-{version}.parquet", lambda path: pyarrow.parquet.write_table(table, path, **options))
            came = pyarrow.parquet.read_table(uri(copied(folder / f"{name}-{version}", sent)))
            report.check(came.equals(table), f"pyarrow's {name}: {came} for {table}")


def compressions(report, folder):
    for compression in ("none", "snappy", "gzip", "lz4", "zstd"):
        sent = written(folder / f"{compression}.parquet", lambda path: pyarrow.parquet.write_table(TABLE, path, compression=compression))
        came = pyarrow.parquet.read_table(uri(copied(folder / compression, sent)))
        report.check(came.equals(TABLE), f"compressed by {compression}: {came.schema}")


def layouts(report, folder):
    table = pyarrow.table({"a": list(range(100_000)), "part": [f"p {n % 3}" for n in range(100_000)]})
    pyarrow.dataset.write_dataset(table, folder / "parts", format="parquet", max_rows_per_file=30_000, max_rows_per_group=10_000)
    (folder / "parts/_SUCCESS").touch()
    came = pyarrow.parquet.read_table(uri(copied(folder / "a", written(folder / "parts", lambda _: None))))
    report.check(came.equals(table), f"a directory of parts: {came.num_rows} rows")
    pyarrow.parquet.write_to_dataset(table, folder / "hive", partition_cols=["part"])
    came = pyarrow.parquet.read_table(uri(copied(folder / "b", written(folder / "hive", lambda _: None)))).sort_by("a")
    report.check(came.equals(table), f"folders of partitions: {came.schema}")
    # As Spark names its parts and what it puts beside them.
    spark = folder / "spark"
    for index in range(3):
        name = f"part-{index:05}-c0ffee00-1234-4000-8000-000000000000-c000.snappy.parquet"
        place = spark / f"year={2024 + index // 2}" / name
        place.parent.mkdir(parents=True, exist_ok=True)
        pyarrow.parquet.write_table(table.select(["a"]).slice(index * 1000, 1000), place)
        (place.parent / f".{name}.crc").write_bytes(b"crc\x00")
    (spark / "_SUCCESS").touch()
    (spark / "._SUCCESS.crc").write_bytes(b"crc\x00")
    came = pyarrow.parquet.read_table(uri(copied(folder / "d", written(spark, lambda _: None))))
    years = ["2024"] * 2000 + ["2025"] * 1000
    report.check(came.equals(pyarrow.table({"a": list(range(3000)), "year": years})), f"parts of Spark: {came}")
    frame = polars.from_arrow(table)
    frame.write_parquet(polars.PartitionBy(folder / "polars", key=["part"]), mkdir=True)
    came = polars.read_parquet(uri(copied(folder / "e", written(folder / "polars", lambda _: None))) + "/*").sort("a")
    report.check(came.equals(frame), f"partitions of polars: {came.schema}")
    # Spark's instants of 96 bits.
    instants = pyarrow.table({"at": pyarrow.array([NOON, None], pyarrow.timestamp("us"))})
    sent = written(folder / "int96.parquet", lambda path: pyarrow.parquet.write_table(instants, path, use_deprecated_int96_timestamps=True))
    came = pyarrow.parquet.read_table(uri(copied(folder / "c", sent)))
    report.check(came.equals(instants), f"instants of 96 bits: {came}")


def frames_of_pandas(report, folder):
    frame = TABLE.drop_columns(["deep", "maps", "times", "wide_decimals"]).to_pandas(timestamp_as_object=False)
    frame["whole"] = pandas.array([1, None, 3], dtype="Int64")
    frame["object"] = ["x", None, "z"]
    for name, value in (("frame", frame), ("empty", frame.iloc[:0]), ("large", pandas.concat([frame] * 50_000, ignore_index=True))):
        came = TypeEngine.to_python_value(CONTEXT, copied(folder / name, literal(value, pandas.DataFrame)), pandas.DataFrame)
        # Through the same Parquet as flytekit's, without Rust between.
        value.to_parquet(folder / f"{name}.parquet", coerce_timestamps="us")
        try:
            pandas.testing.assert_frame_equal(came, pandas.read_parquet(folder / f"{name}.parquet"))
            report.check(True, "")
        except AssertionError as problem:
            report.check(False, f"the {name} of pandas: {problem}")
    chosen = Annotated[pandas.DataFrame, kwtypes(integers=int, texts=str)]
    came = TypeEngine.to_python_value(CONTEXT, copied(folder / "chosen", literal(frame, pandas.DataFrame)), chosen)
    report.check(list(came.columns) == ["integers", "texts"], f"two columns: {list(came.columns)}")


def frames_of_polars(report, folder):
    # polars has no zones of its own database, no maps, and decimals of 38 digits.
    frame = polars.from_arrow(TABLE.drop_columns(["maps", "wide_decimals"]))
    for name, value in (("frame", frame), ("empty", frame.clear()), ("large", polars.concat([frame] * 50_000))):
        for compression in ("zstd", "snappy", "lz4"):
            sent = written(folder / f"{name}-{compression}.parquet", lambda path: value.write_parquet(path, compression=compression))
            came = polars.read_parquet(uri(copied(folder / f"{name}-{compression}", sent)) + "/*")
            report.check(came.equals(value) and came.schema == value.schema, f"the {name} of polars: {came.schema} for {value.schema}")
        sent = written(folder / f"{name}.parquet", lambda path: value.write_parquet(path))
        came = polars.read_parquet(uri(rust(folder / f"{name}-frame", "tables.frame", {"v": sent})) + "/*")
        report.check(came.equals(value) and came.schema == value.schema, f"the {name} of polars as one in Rust: {came.schema} for {value.schema}")


def other_formats(report, folder):
    plain = pyarrow.table({"a": [1, 2, None], "b": ["x", None, "z, \"q\"\n"], "c": [1.5, None, 2.5]})
    frame = plain.to_pandas()
    sent = literal(StructuredDataset(dataframe=frame, file_format="csv"), Annotated[StructuredDataset, "csv"])
    came = copied(folder / "csv", sent, "csv")
    report.check(came.scalar.structured_dataset.metadata.structured_dataset_type.format == "csv", f"the format: {came}")
    dataset = TypeEngine.to_python_value(CONTEXT, came, StructuredDataset)
    try:
        pandas.testing.assert_frame_equal(dataset.open(pandas.DataFrame).all(), frame)
        report.check(True, "")
    except AssertionError as problem:
        report.check(False, f"CSV: {problem}")
    both = TABLE.drop_columns(["wide_decimals"])
    # Dictionaries are written as their values.
    at = both.schema.get_field_index("categories")
    opened = both.set_column(at, "categories", both["categories"].cast(pyarrow.string()))
    for compression in ("uncompressed", "lz4", "zstd"):
        sent = written(folder / f"{compression}.feather", lambda path: pyarrow.feather.write_feather(both, path, compression=compression))
        came = pyarrow.feather.read_table(uri(copied(folder / f"feather-{compression}", sent, "arrow")) + "/00000")
        report.check(came.equals(opened), f"Arrow IPC, {compression}: {came.schema}")
    frame = polars.from_arrow(opened.drop_columns(["maps"]))
    sent = written(folder / "polars.arrow", lambda path: frame.write_ipc(path))
    came = polars.read_ipc(uri(copied(folder / "polars-ipc", sent, "arrow")) + "/00000")
    report.check(came.equals(frame), f"polars' IPC: {came.schema}")


def typed(report, folder):
    frame = pandas.DataFrame(
        {
            "other": [1, 2, 3],
            "age": [20.0, None, 30.0],
            "born": pandas.to_datetime(["2001-02-03T04:05:06.789012Z", None, "1999-01-01T00:00:00Z"], format="ISO8601"),
            "name": ["Ada", None, "Grace"],
        }
    )
    came = rust(folder / "people", "tables.people", {"v": literal(frame, pandas.DataFrame)})
    people = TypeEngine.to_python_value(CONTEXT, came, pandas.DataFrame)
    report.check(list(people.columns) == ["name", "age", "born"] and list(people["name"]) == ["Ada", "Grace"], f"people: {people}")
    report.check(list(people["age"]) == [20, 30] and people["born"][0] == frame["born"][0], f"people: {people}")
    columns = [column.name for column in came.scalar.structured_dataset.metadata.structured_dataset_type.columns]
    report.check(columns == ["name", "age", "born"], f"the columns of the literal: {columns}")


def legacy(report, folder):
    type = FlyteSchema[OrderedDict(a=int, b=str)]
    frame = pandas.DataFrame({"a": [1, 2], "b": ["x", "y"]})
    came = rust(folder / "legacy", "tables.legacy", {"v": literal(frame, type)})
    report.check(came.scalar.schema is not None, f"no schema: {came}")
    back = TypeEngine.to_python_value(CONTEXT, came, FlyteSchema).open().all()
    report.check(back.equals(frame), f"FlyteSchema: {back}")
    # A structured dataset for a task that declares the older type, and the other way round.
    came = rust(folder / "older", "tables.legacy", {"v": literal(frame, pandas.DataFrame)})
    report.check(came.scalar.schema is not None, f"no schema: {came}")
    came = copied(folder / "newer", literal(frame, type))
    report.check(TypeEngine.to_python_value(CONTEXT, came, pandas.DataFrame).equals(frame), "a schema read as a structured dataset")


@dataclass
class Sample:
    table: StructuredDataset
    legacy: FlyteSchema
    extra: Optional[StructuredDataset]
    by_name: Dict[str, List[StructuredDataset]]


def nested(report, folder):
    """Tables in lists, maps, options, unions and structs, as flytekit writes them there and as Rust does."""
    frames = [pandas.DataFrame({"a": [index, index + 1], "b": ["x", None]}) for index in range(4)]
    table = lambda index: StructuredDataset(dataframe=frames[index])
    schema = TypeEngine.to_python_value(CONTEXT, literal(frames[3], FlyteSchema), FlyteSchema)
    either = Union[StructuredDataset, str]
    sample = Sample(table(0), schema, table(1), {"k": [table(2), table(3)]})
    sent = {
        "sample": literal(sample, Sample),
        "lane": literal(table(1), Optional[StructuredDataset]),
        "either": literal(table(2), either),
        "many": literal(frames, List[pandas.DataFrame]),
        "named": literal({"first": frames[0], "last": frames[3]}, Dict[str, pandas.DataFrame]),
    }
    came = outputs_of(folder / "bundle", "tables.nested", sent)
    python = lambda name, type: TypeEngine.to_python_value(CONTEXT, came[name], type)
    read = lambda dataset: dataset.open(pandas.DataFrame).all()

    def check(found, index, what):
        report.check(found.equals(frames[index]), f"{what}: {found}")

    first, again = python("samples", List[Sample])
    for what, found in (("as it was", first), ("anew", again)):
        check(read(found.table), 0, f"the table of a struct {what}")
        check(found.legacy.open().all(), 3, f"the older table of a struct {what}")
    check(read(first.extra), 1, "an optional table of a struct")
    report.check(again.extra is None, f"no table is {again.extra}")
    for index, found in enumerate(first.by_name["k"]):
        check(read(found), 2 + index, "a list in a map of a struct as it was")
    for index, found in enumerate(again.by_name["k"]):
        check(read(found), index, "a list in a map of a struct anew")
    check(read(python("lane", Optional[StructuredDataset])), 1, "an optional table")
    check(read(python("either", either)), 2, "one of a union")
    for index, found in enumerate(python("many", List[pandas.DataFrame])):
        check(found, index, "a list")
    named = python("named", Dict[str, pandas.DataFrame])
    check(named["first"], 0, "a map")
    check(named["last"], 3, "a map")


def ten_million(report, folder):
    """As many rows as make several row groups, batches and threads meet."""
    rows = 10_000_000
    ids = pandas.RangeIndex(rows).to_numpy()
    codes = pyarrow.DictionaryArray.from_arrays(pyarrow.array(ids % 4, pyarrow.int32()), pyarrow.array(["Oslo", "Bergen", "Hamar", "Tromsø"]))
    table = pyarrow.table({"id": ids, "gap": pyarrow.array(ids, mask=ids % 7 == 3), "city": codes})
    sent = written(folder / "pyarrow.parquet", lambda path: pyarrow.parquet.write_table(table, path))
    came = copied(folder / "pyarrow", sent)
    report.check(pyarrow.parquet.read_table(uri(came)).equals(table), "10,000,000 rows of pyarrow")
    frame = polars.read_parquet(uri(came) + "/*")
    report.check(frame.height == rows and frame.equals(polars.from_arrow(table)), "10,000,000 rows of Rust, to polars")
    report.check(TypeEngine.to_python_value(CONTEXT, came, pandas.DataFrame).equals(table.to_pandas()), "10,000,000 rows of Rust, to pandas")

    frame = polars.from_arrow(table)
    came = copied(folder / "polars", written(folder / "polars.parquet", frame.write_parquet))
    report.check(polars.read_parquet(uri(came) + "/*").equals(frame), "10,000,000 rows of polars")
    frame = table.to_pandas()
    came = copied(folder / "pandas", literal(frame, pandas.DataFrame))
    report.check(TypeEngine.to_python_value(CONTEXT, came, pandas.DataFrame).equals(frame), "10,000,000 rows of pandas")


def main(folder):
    report = Report("tables of Python and Rust")
    for step in (columns_of_pyarrow, compressions, layouts, frames_of_pandas, frames_of_polars, other_formats, typed, legacy, nested, ten_million):
        (folder / step.__name__).mkdir()
        try:
            step(report, folder / step.__name__)
        except Exception as problem:
            report.check(False, f"{step.__name__}: {type(problem).__name__}: {problem}")
    report.finish()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        main(pathlib.Path(temporary))
