"""Damaged tables, read by Rust and by pyarrow: the same rows, or an error that says where. usage: damaged.py FIXTURE [FILES]

Each file is read whole, by one column and by a filter; a filter is held against pyarrow's whole table, filtered afterwards. The files are
those that the fuzz targets of tables begin with, some bytes of them changed; the changes are the same every time.
"""

import os
import pathlib
import pickle
import random
import resource
import subprocess
import sys
import tempfile

import pyarrow
import pyarrow.csv
import pyarrow.ipc
import pyarrow.parquet
from flyteidl.core import errors_pb2
from flytekit import StructuredDataset
from flytekit.models.literals import LiteralMap

from matrix import Report
from tables import literal

FIXTURE = sys.argv[1]
FILES = int(sys.argv[2]) if len(sys.argv) > 2 else 420
SEEDS = pathlib.Path(__file__).resolve().parents[2] / "fuzz/seeds"
TABLES = [path for target in ("parquet", "ipc", "csv") for path in (SEEDS / target).iterdir()]
# One has statistics, and those that a changed byte makes false cannot be told from true ones.
KEPT = [path for path in sorted(TABLES, key=lambda path: path.name) if path.name != "statistics.parquet"]
EXTREMES = [0, 1, 0x7F, 0x80, 0xFF]
MEBIBYTE = 1 << 20
# What pyarrow sees and we do not: levels of nested columns that are out of range, which our decoder takes for the nearest one.
UNSEEN = ["Malformed levels"]

# How messages end that have their cause in them; a column may not be there (any more).
CAUSES = (
    "there is no column",
    "occurs twice",
    "is not an Arrow IPC file: ",
    "is not a Parquet file: ",
    "lies outside of the file",
    "lies in another file",
    "is encrypted",
    ", and the file has ",
    " rows, and ",
)


def damaged(bytes, chance):
    """The bytes with one to three changes."""
    bytes = bytearray(bytes)
    for _ in range(chance.randint(1, 3)):
        at = chance.randrange(len(bytes))
        match chance.randrange(8):
            case 0:
                del bytes[at : at + chance.randint(1, 20)]
            case 1:
                bytes[at:at] = chance.randbytes(chance.randint(1, 8))
            case 2:
                bytes[at : at + 4] = chance.choice([b"\xff\xff\xff\x7f", b"\xff\xff\xff\xff", b"\0\0\0\0", b"\x08\0\0\0"])
            case 3:
                bytes[at] = chance.choice(EXTREMES)
            case 4:
                bytes[at:] = bytes[at : at + chance.randint(0, len(bytes))]
            case _:
                bytes[at] ^= 1 << chance.randrange(8)
        if not bytes:
            bytes = bytearray(b"\0")
    return bytes


def whole(path):
    match path.suffix:
        case ".parquet":
            return pyarrow.parquet.ParquetFile(path).read()
        case ".arrow":
            table = pyarrow.ipc.open_file(path).read_all()
            table.validate(full=True)
            return table
        case _:
            # Every cell as its text: what texts are taken for is decided by each reader.
            names = pyarrow.csv.open_csv(path).schema.names
            options = pyarrow.csv.ConvertOptions(
                column_types=dict.fromkeys(names, pyarrow.string()), null_values=[""], strings_can_be_null=True, quoted_strings_can_be_null=True
            )
            return pyarrow.csv.read_csv(path, parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True), convert_options=options)


def rows(table):
    """Names and values, whatever types hold them."""
    return table.schema.names, [column.to_pylist() for column in table.columns]


def apart(work):
    """What `work` gives in a process of its own: some damage ends pyarrow's."""
    receiver, sender = os.pipe()
    child = os.fork()
    if child == 0:
        resource.setrlimit(resource.RLIMIT_CPU, (20, 20))
        try:
            result = "rows", work(), pyarrow.default_memory_pool().max_memory()
        except BaseException as problem:
            result = "error", f"{type(problem).__name__}: {problem}", pyarrow.default_memory_pool().max_memory()
        with os.fdopen(sender, "wb") as pipe:
            pipe.write(pickle.dumps(result))
        os._exit(0)
    os.close(sender)
    with os.fdopen(receiver, "rb") as pipe:
        result = pipe.read()
    os.waitpid(child, 0)
    return pickle.loads(result) if result else ("error", "the process ended", 0)


def rust(folder, path, columns, column, value):
    """What Rust reads, as pyarrow reads what that writes; and the most memory that the process had, in bytes."""
    folder.mkdir(parents=True)
    given = {
        "v": literal(StructuredDataset(uri=str(path), file_format={".parquet": "parquet", ".arrow": "arrow"}.get(path.suffix, "csv")), StructuredDataset),
        "columns": literal(columns, list[str]),
        "column": literal(column, str),
        "value": literal(value, str),
    }
    (folder / "inputs.pb").write_bytes(LiteralMap(given).to_flyte_idl().SerializeToString())
    command = [FIXTURE, "execute", "--task-name", "tables.chosen", "--inputs", folder / "inputs.pb", "--output-prefix", folder / "out"]
    with open(folder / "log", "wb") as log:
        child = subprocess.Popen([*command, "--raw-output-data-prefix", folder / "raw"], env={}, stdout=log, stderr=log)
        _, status, usage = os.wait4(child.pid, 0)
    child.returncode = os.waitstatus_to_exitcode(status)
    peak = usage.ru_maxrss * 1024
    error = folder / "out/error.pb"
    if child.returncode != 0:
        return "crash", (folder / "log").read_text(errors="replace")[-500:], peak
    if error.exists():
        return "error", errors_pb2.ErrorDocument.FromString(error.read_bytes()).error.message, peak
    return "rows", apart(lambda: rows(pyarrow.ipc.open_file(next((folder / "raw").iterdir()) / "00000").read_all()))[1], peak


def same(mine, theirs):
    """Whether a cell is the same; of CSV theirs is text."""
    if mine == theirs or (isinstance(mine, float) and isinstance(theirs, float) and mine != mine and theirs != theirs):
        return True
    if isinstance(mine, (list, tuple)) and isinstance(theirs, (list, tuple)):
        return len(mine) == len(theirs) and all(map(same, mine, theirs))
    if isinstance(mine, dict) and isinstance(theirs, dict):
        return mine.keys() == theirs.keys() and all(same(mine[key], theirs[key]) for key in mine)
    if not isinstance(theirs, str) or mine is None:
        return False
    try:
        match mine:
            case bool():
                return theirs.lower() == str(mine).lower()
            case int():
                return int(theirs) == mine
            case float():
                return float(theirs) == mine or mine != mine and theirs.lower() == "nan"
            case _:
                return str(mine)[:10] == theirs[:10]
    except ValueError:
        return False


def agree(mine, theirs):
    return mine[0] == theirs[0] and len(mine[1]) == len(theirs[1]) and all(same(list(left), list(right)) for left, right in zip(mine[1], theirs[1]))


def picked(table, column, value):
    """The rows of pyarrow's whole table in which the column has the value, or none where there is no value."""
    names, columns = table
    at = names.index(column)
    kept = [row for row, cell in enumerate(columns[at]) if (cell is None if value == "" else same(int(value), cell))]
    return names, [[cells[row] for row in kept] for cells in columns]


def main(folder):
    report = Report("damaged tables")
    base = baseline(folder)
    outcomes = {}
    for number in range(FILES):
        chance = random.Random(number)
        seed = KEPT[number % len(KEPT)]
        path = folder / f"{number}{seed.suffix}"
        path.write_bytes(damaged(seed.read_bytes(), chance))
        intact = apart(lambda: rows(whole(seed)))[1]
        column = chance.choice(intact[0])
        integers = [name for name, cells in zip(*intact) if any(isinstance(cell, int) and not isinstance(cell, bool) for cell in cells)]
        sought, value = (integers[0], str(next(cell for cell in intact[1][intact[0].index(integers[0])] if cell is not None))) if integers else (column, "")
        kind, theirs, taken = apart(lambda: rows(whole(path)))
        limit = base + 64 * MEBIBYTE + max(20 * path.stat().st_size, 2 * taken)
        for what, columns, filtered, value in (("whole", [], "", ""), ("column", [column], "", ""), ("filter", [], sought, value)):
            outcome, mine, peak = rust(folder / f"{number}-{what}", path, columns, filtered, value)
            outcomes[outcome, kind] = outcomes.get((outcome, kind), 0) + 1
            where = f"{number}, {seed.name}, {what}"
            report.check(peak <= limit, f"{where}: {peak // MEBIBYTE} MiB are more than {limit // MEBIBYTE}")
            report.check(outcome != "crash", f"{where}: {mine}")
            if outcome == "error":
                # The file and a cause: behind it, or in the same sentence.
                report.check(path.name in mine and ("\n" in mine or any(words in mine for words in CAUSES)), f"{where}: {mine}")
            elif outcome == "rows" and kind == "rows":
                names, cells = theirs
                try:
                    expected = picked(theirs, sought, value) if what == "filter" else theirs
                    expected = ([column], [cells[names.index(column)]]) if what == "column" else expected
                except ValueError as problem:
                    report.check(False, f"{where}: {mine} where pyarrow has {names}: {problem}")
                    continue
                report.check(agree(mine, expected), f"{where}: {mine} for {expected}")
            elif outcome == "rows" and what == "whole" and not any(words in theirs for words in UNSEEN):
                # What was damaged is not looked at: statistics, the names of encodings, what a writer says of Arrow.
                report.check(agree(mine, intact), f"{where}: {mine} where pyarrow says {theirs}")
    print(f"damaged tables: {outcomes}")
    report.finish()


def baseline(folder):
    """The memory of a process that reads an undamaged table."""
    return rust(folder / "base", SEEDS / "parquet/flat.parquet", [], "", "")[2]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        main(pathlib.Path(temporary))
