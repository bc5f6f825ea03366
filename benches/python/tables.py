"""The table of tables.rs, by pyarrow or polars. usage: tables.py pyarrow|polars CASE FOLDER; prints seconds, rows and MiB."""

import os
import pathlib
import sys
import time

side, case, folder = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
table, ours, theirs = folder / "table", folder / "ours" / "00000", folder / "theirs"

if side == "pyarrow":
    import pyarrow.parquet as pq

    load = lambda: pq.read_table(ours)
    write = lambda loaded: pq.write_table(loaded, theirs)
    reads = {
        "read": lambda: pq.read_table(table),
        "two columns": lambda: pq.read_table(table, columns=["customer", "price"]),
        "filter": lambda: pq.read_table(table, filters=[("price", ">", 990.0)]),
        "filter by order": lambda: pq.read_table(table, filters=[("id", ">=", 3_000_000), ("id", "<=", 3_100_000)]),
    }
    count = lambda read: read.num_rows
else:
    import polars as pl

    load = lambda: pl.read_parquet(ours)
    # As ours and pyarrow's: polars would take zstd, which is slower and smaller.
    write = lambda loaded: loaded.write_parquet(theirs, compression="snappy")
    reads = {
        "read": lambda: pl.read_parquet(table),
        "two columns": lambda: pl.read_parquet(table, columns=["customer", "price"]),
        "filter": lambda: pl.scan_parquet(table).filter(pl.col("price") > 990.0).collect(),
        "filter by order": lambda: pl.scan_parquet(table).filter(pl.col("id").is_between(3_000_000, 3_100_000)).collect(),
    }
    count = len

reads["read, collected"] = reads["read"]


def peak():
    """The largest resident set of this process, in MiB."""
    lines = pathlib.Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


if case == "rewrite":
    write(load())
    os.rename(theirs, table)
    print(0.0, 0, 0.0)
elif case.startswith("write"):
    loaded = load()
    begin = time.perf_counter()
    write(loaded)
    print(time.perf_counter() - begin, count(loaded), peak())
else:
    begin = time.perf_counter()
    rows = count(reads[case]())
    print(time.perf_counter() - begin, rows, peak())
