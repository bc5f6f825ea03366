"""Flyte 1: files, directories and tables between flytekit and the fixture, through each store. usage: data.py FIXTURE GCS_FRONT

The stores are found by the variables of tests/servers/with-servers.sh.
"""

import os
import pathlib
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from typing import Dict, List, Optional

import pandas
from flyteidl.core import errors_pb2, literals_pb2
from flytekit import FlyteContextManager, StructuredDataset
from flytekit.configuration import AzureBlobStorageConfig, DataConfig, S3Config
from flytekit.core.context_manager import ExecutionState
from flytekit.core.data_persistence import FileAccessProvider
from flytekit.core.type_engine import TypeEngine
from flytekit.models.literals import LiteralMap
from flytekit.types.directory import FlyteDirectory
from flytekit.types.file import FlyteFile

from matrix import Report

FIXTURE, GCS_FRONT = sys.argv[1:3]
ENV = os.environ

# Names that stores, shells and URLs like to change, and the contents behind them.
TREE = {
    "plain.txt": "plain",
    "a b.txt": "with a space",
    "plus+sign.txt": "plus",
    "percent%.txt": "a percent sign",
    "percent%20.txt": "what looks like an escape",
    "deep/er/grüße.txt": "below",
    "quote\'s & [brackets].txt": "odd",
    "empty": "",
}


@dataclass
class Sample:
    reads: FlyteFile
    extra: Optional[FlyteDirectory]
    by_name: Dict[str, FlyteFile]


class Store:
    """A place for data, and how both sides find it."""

    def __init__(self, name, prefix, rust, config=None):
        self.name, self.prefix, self.rust = name, f"{prefix}/interop", rust
        self.config = config or DataConfig()

    def context(self, folder):
        provider = FileAccessProvider(str(folder / "sandbox"), f"{self.prefix}/python", self.config)
        context = FlyteContextManager.current_context()
        state = context.execution_state.with_params(mode=ExecutionState.Mode.TASK_EXECUTION)
        return context.with_file_access(provider).with_execution_state(state)


def stores(folder, front):
    endpoint, key, secret = (ENV[f"NEBULAKIT_TEST_S3_{name}"] for name in ("ENDPOINT", "ACCESS_KEY_ID", "SECRET_ACCESS_KEY"))
    s3 = {"FLYTE_AWS_ENDPOINT": endpoint, "FLYTE_AWS_ACCESS_KEY_ID": key, "FLYTE_AWS_SECRET_ACCESS_KEY": secret}
    account, azure_key, azure = (ENV[f"NEBULAKIT_TEST_AZURE_{name}"] for name in ("ACCOUNT_NAME", "ACCOUNT_KEY", "ENDPOINT"))
    # What adlfs and gcsfs have for other endpoints than the clouds' own.
    ENV["AZURE_STORAGE_CONNECTION_STRING"] = (
        f"DefaultEndpointsProtocol=http;AccountName={account};AccountKey={azure_key};BlobEndpoint={azure};"
    )
    ENV["STORAGE_EMULATOR_HOST"] = ENV["NEBULAKIT_TEST_GCS_ENDPOINT"]
    return [
        Store("local", folder / "store", {}),
        Store("s3", ENV["NEBULAKIT_TEST_S3_PREFIX"], s3, DataConfig(s3=S3Config(endpoint=endpoint, access_key_id=key, secret_access_key=secret))),
        Store("gcs", ENV["NEBULAKIT_TEST_GCS_PREFIX"], {"STORAGE_EMULATOR_HOST": front}),
        Store(
            "azure",
            ENV["NEBULAKIT_TEST_AZURE_PREFIX"],
            {
                "FLYTE_AZURE_STORAGE_ACCOUNT_NAME": account,
                "FLYTE_AZURE_STORAGE_ACCOUNT_KEY": azure_key,
                "AZURE_STORAGE_ENDPOINT": azure,
            },
            DataConfig(azure=AzureBlobStorageConfig(account_name=account, account_key=azure_key)),
        ),
    ]


def rust(folder, store, task, inputs):
    """Runs a task of the fixture on literals, and gives its outputs."""
    folder.mkdir(parents=True)
    (folder / "inputs.pb").write_bytes(LiteralMap(inputs).to_flyte_idl().SerializeToString())
    command = [FIXTURE, "execute", "--task-name", task, "--inputs", folder / "inputs.pb", "--output-prefix", folder / "out"]
    environment = {"NO_PROXY": "127.0.0.1", **store.rust}
    ended = subprocess.run(
        [*command, "--raw-output-data-prefix", f"{store.prefix}/rust"], env=environment, capture_output=True, text=True
    )
    assert ended.returncode == 0, f"{task}: {ended.stderr}"
    failed = folder / "out" / "error.pb"
    if failed.exists():
        raise RuntimeError(f"{task}: {errors_pb2.ErrorDocument.FromString(failed.read_bytes()).error.message}")
    return LiteralMap.from_flyte_idl(literals_pb2.LiteralMap.FromString((folder / "out" / "outputs.pb").read_bytes())).literals


def to_literal(context, value, type):
    return TypeEngine.to_literal(context, value, type, TypeEngine.to_literal_type(type))


def write_tree(folder):
    for name, content in TREE.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content)
    return folder


def read_tree(folder):
    folder = pathlib.Path(folder)
    return {str(path.relative_to(folder)): path.read_text() for path in folder.rglob("*") if path.is_file()}


def python_to_rust(report, context, folder, store):
    (folder / "hello wörld+1%.txt").write_text("one\ntwo\n")
    sent = to_literal(context, FlyteFile(str(folder / "hello wörld+1%.txt")), FlyteFile)
    read = TypeEngine.to_python_value(context, rust(folder / "r1", store, "read_file", {"file": sent})["o0"], Dict[str, str])
    report.check((read["text"], read["lines"], read["size"], read["range"], read["copy"]) == ("one\ntwo\n", "2", "8", "ne", read["text"]),
                 f"{store.name}: a file of Python reads as {read}")
    passed = rust(folder / "r2", store, "pass_file", {"file": sent})["o0"]
    report.check(passed == sent, f"{store.name}: {sent} was passed on as {passed}")

    tree = to_literal(context, FlyteDirectory(str(write_tree(folder / "tree"))), FlyteDirectory)
    read = TypeEngine.to_python_value(context, rust(folder / "r3", store, "read_directory", {"directory": tree})["o0"], Dict[str, str])
    report.check(read == TREE, f"{store.name}: a directory of Python reads as {read}")

    (folder / "reads").write_text("reads")
    file = FlyteFile(str(folder / "reads"))
    sample = to_literal(context, Sample(file, FlyteDirectory(str(folder / "tree")), {"k": file}), Sample)
    lane = to_literal(context, file, Optional[FlyteFile])
    outputs = rust(folder / "r4", store, "bundle", {"sample": sample, "lane": lane})
    report.check(outputs["o1"] == lane, f"{store.name}: an optional file was passed on as {outputs['o1']}")
    first, again = TypeEngine.to_python_value(context, outputs["o0"], List[Sample])
    contents = [pathlib.Path(file.download()).read_text() for file in (first.reads, first.by_name["k"], again.reads, again.by_name["k"])]
    report.check(contents == ["reads", "reads", "new", "new"], f"{store.name}: files in structs read as {contents}")
    report.check(read_tree(first.extra.download()) == TREE, f"{store.name}: a directory in a struct came otherwise")
    both = TypeEngine.to_python_value(context, outputs["o2"], Dict[str, List[FlyteFile]])["both"]
    contents = [pathlib.Path(file.download()).read_text() for file in both]
    report.check(contents == ["new", "new"], f"{store.name}: files in a list in a map read as {contents}")


def rust_to_python(report, context, folder, store):
    place = f"{store.prefix}/chosen/there.txt"
    outputs = rust(folder / "p1", store, "make_files", {"place": to_literal(context, place, str)})
    expected = {"path": b"from a path", "bytes": b"\x00\x01\xff", "written": b"in pieces", "streamed": b"stream", "placed": b"placed"}
    for name, content in expected.items():
        type = FlyteFile["txt"] if name == "path" else FlyteFile
        file = TypeEngine.to_python_value(context, outputs[name], type)
        read = pathlib.Path(file.download()).read_bytes()
        report.check(read == content, f"{store.name}: the file {name} ({file.remote_source}) reads as {read}")
        if store.name == "local":
            # flytekit takes what is on this machine for a file of its own, and stores a copy.
            continue
        again = to_literal(context, file, type)
        report.check(again.scalar.blob.uri == outputs[name].scalar.blob.uri, f"{store.name}: Python passes {name} on as {again.scalar.blob.uri}")
    report.check(outputs["placed"].scalar.blob.uri == place, f"{store.name}: placed at {outputs['placed'].scalar.blob.uri}")

    outputs = rust(folder / "p2", store, "make_directories", {})
    for name, tree in {"o0": {"top.txt": "top", "in/ner/é +%41.txt": "deep"}, "o1": {"one": "1", "below/two": "2"}}.items():
        directory = TypeEngine.to_python_value(context, outputs[name], FlyteDirectory)
        read = read_tree(directory.download())
        report.check(read == tree, f"{store.name}: the directory {name} reads as {read}")


def tables(report, context, folder, store):
    """A frame to the store by flytekit, read there and rewritten by Rust, and back."""
    frame = pandas.DataFrame({"a": range(100_000), "b": [None if n % 3 == 0 else f"text {n}" for n in range(100_000)]})
    sent = to_literal(context, frame, pandas.DataFrame)
    came = rust(folder / "t1", store, "tables.copy", {"v": sent, "format": to_literal(context, "parquet", str)})["o0"]
    place = came.scalar.structured_dataset.uri
    report.check(place.startswith(str(store.prefix)), f"{store.name}: the table is at {place}")
    back = TypeEngine.to_python_value(context, came, pandas.DataFrame)
    report.check(back.equals(frame), f"{store.name}: a table came back as {back}")


def over_http(report, context, folder):
    store = Store("http", folder / "http", {})
    web = pathlib.Path(ENV["NEBULAKIT_TEST_WEB_FOLDER"])
    (web / "page.txt").write_text("one\ntwo\n")
    for url in (f"{ENV['NEBULAKIT_TEST_WEB_ENDPOINT']}/page.txt", f"{ENV['NEBULAKIT_TEST_WEB_ENDPOINT']}/page.txt?a=%20b"):
        sent = to_literal(context, FlyteFile(url), FlyteFile)
        name = f"h{len(url)}"
        read = TypeEngine.to_python_value(context, rust(folder / name, store, "read_file", {"file": sent})["o0"], Dict[str, str])
        report.check((read["text"], read["range"]) == ("one\ntwo\n", "ne"), f"http: {url} reads as {read}")
        passed = rust(folder / f"{name}p", store, "pass_file", {"file": sent})["o0"]
        report.check(passed == sent, f"http: {sent} was passed on as {passed}")
    frame = pandas.DataFrame({"a": [1, 2, None], "b": ["x", None, "z"]})
    frame.to_parquet(web / "frame.parquet")
    sent = to_literal(context, StructuredDataset(uri=f"{ENV['NEBULAKIT_TEST_WEB_ENDPOINT']}/frame.parquet"), StructuredDataset)
    came = rust(folder / "table", store, "tables.copy", {"v": sent, "format": to_literal(context, "parquet", str)})["o0"]
    back = TypeEngine.to_python_value(context, came, pandas.DataFrame)
    report.check(back.equals(frame), f"http: a table reads as {back}")
    try:
        missing = to_literal(context, FlyteFile(f"{ENV['NEBULAKIT_TEST_WEB_ENDPOINT']}/none"), FlyteFile)
        rust(folder / "none", store, "count_lines", {"file": missing})
        report.check(False, "http: a file that is not there was read")
    except RuntimeError as problem:
        report.check("/none" in str(problem), f"http: a file that is not there is {problem}")


def main(folder, front):
    report = Report("files and tables between flytekit and Rust")
    for store in stores(folder, front):
        place = folder / store.name
        place.mkdir()
        with FlyteContextManager.with_context(store.context(place)) as context:
            for direction in (python_to_rust, rust_to_python, tables):
                try:
                    direction(report, context, place, store)
                except Exception as problem:
                    report.check(False, f"{store.name}: {direction.__name__}: {type(problem).__name__}: {problem}")
    (folder / "http").mkdir()
    over_http(report, FlyteContextManager.current_context(), folder / "http")
    report.finish()


def run():
    with tempfile.TemporaryDirectory() as temporary:
        front = subprocess.Popen([GCS_FRONT, ENV["NEBULAKIT_TEST_GCS_ENDPOINT"]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        try:
            main(pathlib.Path(temporary), front.stdout.readline().strip())
        except SystemExit as end:
            return int(end.code or 0)
        finally:
            front.stdin.close()
            front.wait()


if __name__ == "__main__":
    code = run()
    sys.stdout.flush()
    sys.stderr.flush()
    # The connections that Python's stores leave open complain when the interpreter closes them.
    os._exit(code)
