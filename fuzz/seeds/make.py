"""Writes the small tables that the fuzz targets `parquet`, `ipc` and `csv` begin with, with pyarrow. usage: make.py FOLDER

Each target has a folder of its name in FOLDER.

Parquet has no statistics but in `statistics.parquet`: those that a damaged byte makes false cannot be told from true ones.
"""

import datetime
import decimal
import pathlib
import sys

import pyarrow
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet

FOLDER = pathlib.Path(sys.argv[1])
NOON = datetime.datetime(2024, 2, 29, 12, 0, 0, 123456)
ROWS = range(12)

FLAT = pyarrow.table(
    {
        "integers": pyarrow.array([None if row == 3 else row * 7 - 20 for row in ROWS], pyarrow.int64()),
        "floats": pyarrow.array([None if row == 5 else row / 4 for row in ROWS], pyarrow.float64()),
        "texts": pyarrow.array([None if row == 1 else "grüße"[: row % 6] for row in ROWS]),
        "flags": pyarrow.array([row % 3 == 0 for row in ROWS]),
    }
)
TIMES = pyarrow.table(
    {
        "at": pyarrow.array([NOON, None] * 3, pyarrow.timestamp("us", "UTC")),
        "days": pyarrow.array([datetime.date(2024, 2, 29), None] * 3, pyarrow.date32()),
        "decimals": pyarrow.array([decimal.Decimal("1.50"), None, decimal.Decimal("-2.25")] * 2, pyarrow.decimal128(9, 2)),
        "fixed": pyarrow.array([b"ab", None, b"cd"] * 2, pyarrow.binary(2)),
        "small": pyarrow.array([1, 255, None] * 2, pyarrow.uint8()),
    }
)
NESTED = pyarrow.table(
    {
        "lists": pyarrow.array([[1, None], None, [], [2, 3]], pyarrow.list_(pyarrow.int32())),
        "structs": pyarrow.array(
            [{"x": 1, "y": "a"}, None, {"x": None, "y": "b"}, {"x": 4, "y": None}], pyarrow.struct([("x", pyarrow.int64()), ("y", pyarrow.string())])
        ),
        "maps": pyarrow.array([[("k", 1)], None, [], [("a", 2), ("b", None)]], pyarrow.map_(pyarrow.string(), pyarrow.int64())),
        "categories": pyarrow.array(["a", None, "a", "b"]).dictionary_encode(),
        "nothing": pyarrow.nulls(4),
    }
)
VIEWS = pyarrow.table(
    {
        "views": pyarrow.array(["short", None, "more than twelve bytes of text"], pyarrow.string_view()),
        "runs": pyarrow.RunEndEncodedArray.from_arrays(pyarrow.array([2, 3], pyarrow.int32()), pyarrow.array([7, None])),
        "wide": pyarrow.array(["a", "b", None], pyarrow.large_string()),
    }
)


def parquet(name, table, **options):
    pyarrow.parquet.write_table(table, FOLDER / "parquet" / f"{name}.parquet", **{"write_statistics": False, **options})


def arrow(name, table, compression=None, rows=None):
    options = pyarrow.ipc.IpcWriteOptions(compression=compression)
    with pyarrow.ipc.new_file(FOLDER / "ipc" / f"{name}.arrow", table.schema, options=options) as writer:
        writer.write_table(table, max_chunksize=rows)


def main():
    for target in ("parquet", "ipc", "csv"):
        (FOLDER / target).mkdir(parents=True, exist_ok=True)
    parquet("flat", FLAT, compression="none", use_dictionary=False, store_schema=False)
    parquet("snappy", FLAT, row_group_size=5)
    pages = {"write_page_index": True, "data_page_version": "2.0", "compression": "zstd"}
    parquet("statistics", FLAT, row_group_size=5, write_statistics=True, **pages)
    encodings = {"integers": "DELTA_BINARY_PACKED", "texts": "DELTA_BYTE_ARRAY", "floats": "BYTE_STREAM_SPLIT", "flags": "RLE"}
    parquet("delta", FLAT, use_dictionary=False, column_encoding=encodings, data_page_version="2.0", compression="gzip")
    parquet("times", TIMES, compression="lz4")
    parquet("int96", TIMES.select(["at", "small"]), use_deprecated_int96_timestamps=True, store_schema=False, compression="none")
    parquet("nested", NESTED, compression="none")
    arrow("flat", FLAT, rows=5)
    arrow("lz4", FLAT, "lz4")
    arrow("zstd", TIMES, "zstd")
    arrow("nested", NESTED)
    arrow("views", VIEWS)
    pyarrow.csv.write_csv(FLAT, FOLDER / "csv" / "flat.csv")
    (FOLDER / "csv" / "quoted.csv").write_text('a,b,"c ""d"""\r\n1,"x\ny",2024-02-29\r\n,,\r\n-5,"z, ""q""",\r\n', newline="")


if __name__ == "__main__":
    main()
