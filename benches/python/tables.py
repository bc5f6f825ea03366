"""The table of tables.rs, by pyarrow or polars. usage: tables.py pyarrow|polars CASE FOLDER; prints seconds, rows and MiB."""

import os
import pathlib
import sys
import time

side, case, folder = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3])
table, ours, theirs, arrow = folder / "table", folder / "ours" / "00000", folder / "theirs", folder / "arrow" / "00000"

if side == "pyarrow":
    import pyarrow as pa
    import pyarrow.parquet as pq

    load = pq.read_table
    write = lambda loaded: pq.write_table(loaded, theirs)

    def stream():
        with pa.OSFile(str(arrow)) as file, pa.ipc.open_file(file) as reader, pq.ParquetWriter(theirs, reader.schema) as writer:
            for index in range(reader.num_record_batches):
                writer.write_batch(reader.get_batch(index))

    reads = {
        "read": lambda: pq.read_table(table),
        "two columns": lambda: pq.read_table(table, columns=["customer", "price"]),
        "filter": lambda: pq.read_table(table, filters=[("price", ">", 990.0)]),
        "filter by order": lambda: pq.read_table(table, filters=[("id", ">=", 3_000_000), ("id", "<=", 3_100_000)]),
    }
    count = lambda read: read.num_rows
else:
    import polars as pl

    load = pl.read_parquet
    # As ours and pyarrow's: polars would take zstd, which is slower and smaller.
    write = lambda loaded: loaded.write_parquet(theirs, compression="snappy")
    stream = lambda: pl.scan_ipc(arrow).sink_parquet(theirs, compression="snappy")
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
    write(load(ours))
    os.rename(theirs, table)
    print(0.0, 0, 0.0)
elif case == "write":
    loaded = load(table)
    begin = time.perf_counter()
    write(loaded)
    print(time.perf_counter() - begin, count(loaded), peak())
elif case == "write streamed":
    begin = time.perf_counter()
    stream()
    seconds, most = time.perf_counter() - begin, peak()
    print(seconds, load(theirs, columns=["id"]).shape[0], most)
else:
    begin = time.perf_counter()
    rows = count(reads[case]())
    print(time.perf_counter() - begin, rows, peak())
