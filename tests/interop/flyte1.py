"""Flyte 1: flytekit's type engine and its entry point against the fixture. usage: flyte1.py FIXTURE"""

import json
import logging
import os
import pathlib
import subprocess
import sys
import tempfile

from flyteidl.core import errors_pb2, literals_pb2
from flytekit import FlyteContextManager
from flytekit.core.type_engine import TypeEngine
from flytekit.models.core.errors import ContainerError, ErrorDocument
from flytekit.models.core.execution import ExecutionError
from flytekit.models.literals import LiteralMap
from google.protobuf.json_format import MessageToDict

import forms
import matrix
from matrix import ROWS, Report

HERE = pathlib.Path(__file__).parent
FIXTURE = sys.argv[1]

# What a Rust type writes otherwise than flytekit would, on purpose; it is read all the same.
OTHER_BYTES = {
    "json": "serde_json sorts the keys",
}


def rust(folder, task, inputs, environment=None):
    """Runs a task of the fixture; `inputs` is a literal map of flytekit's models."""
    folder.mkdir(parents=True)
    (folder / "inputs.pb").write_bytes(inputs.to_flyte_idl().SerializeToString())
    command = [FIXTURE, "execute", "--task-name", task, "--inputs", folder / "inputs.pb", "--output-prefix", folder / "out"]
    ended = subprocess.run([*command, "--raw-output-data-prefix", folder / "raw"], env=environment or {}, capture_output=True, text=True)
    assert ended.returncode == 0, f"{task}: {ended.stderr}"
    return folder / "out"


def python(folder, task, inputs, environment=None):
    """Runs a task of readers1.py through flytekit's own entry point."""
    folder.mkdir(parents=True)
    (folder / "inputs.pb").write_bytes(inputs.to_flyte_idl().SerializeToString())
    command = [pathlib.Path(sys.executable).parent / "pyflyte-execute", "--inputs", folder / "inputs.pb", "--output-prefix", folder / "out"]
    command += ["--raw-output-data-prefix", folder / "raw", "--resolver", "flytekit.core.python_auto_container.default_task_resolver"]
    command += ["--", "task-module", "readers1", "task-name", task]
    environment = {**os.environ, "PYTHONPATH": str(HERE), **(environment or {})}
    ended = subprocess.run(command, env=environment, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    return folder / "out"


def declared(task):
    """The type that a task of the fixture declares for its input, as JSON."""
    described = subprocess.run([FIXTURE, "describe", task, "--json"], env={}, check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(described)["interface"]["inputs"]["variables"]["v"]["type"]


def literals(prefix):
    """The literals of an outputs.pb; what failed instead stands in the exception."""
    if (prefix / "error.pb").exists():
        raise RuntimeError(error(prefix).message)
    message = literals_pb2.LiteralMap.FromString((prefix / "outputs.pb").read_bytes())
    return LiteralMap.from_flyte_idl(message).literals


def error(prefix):
    message = errors_pb2.ErrorDocument.FromString((prefix / "error.pb").read_bytes())
    return ErrorDocument.from_flyte_idl(message).error


def random_values(report, folder, context):
    """Random values in every form that flytekit's dataclasses and pydantic models write: msgpack, and the older `google.protobuf.Struct`."""
    # Of fields that have no Flyte type of their own, such as tuples.
    logging.getLogger("flytekit").setLevel(logging.ERROR)
    drawn = {}
    for form in ("msgpack", "struct"):
        values = forms.Values(f"flyte1 {form}", exact=form == "struct")
        drawn[form] = [case for task, kind in forms.KINDS for case in forms.shapes(task, kind, [values.of(kind) for _ in range(24)])]
    drawn["msgpack"] += forms.alone(forms.Values("flyte1 alone"))
    for form, cases in drawn.items():
        for at, (name, type, sent, taken) in enumerate(cases):
            title = f"{name} as {form}, seed {forms.SEED}"
            try:
                os.environ["FLYTE_USE_OLD_DC_FORMAT"] = str(form == "struct").lower()
                literal = TypeEngine.to_literal(context, sent, type, TypeEngine.to_literal_type(type))
                os.environ["FLYTE_USE_OLD_DC_FORMAT"] = "false"
                came = literals(rust(folder / "random" / form / str(at), name, LiteralMap({"v": literal})))["o0"]
                read = taken(TypeEngine.to_python_value(context, came, type))
                for place, (one, original) in enumerate(zip(read, forms.values_of(name, sent), strict=True)):
                    wrong = list(forms.differences(one, original))
                    report.check(not wrong, f"{title}, value {place}: {'; '.join(wrong)}")
            except Exception as problem:
                report.check(False, f"{title}: {problem.__class__.__name__}: {problem}")


def main(folder):
    report = Report("flytekit and Rust")
    context = FlyteContextManager.current_context()
    for task, type in dict((row.task, row.type) for row in ROWS).items():
        ours, theirs = declared(f"types.{task}"), MessageToDict(TypeEngine.to_literal_type(type).to_flyte_idl())
        report.check(ours == theirs, f"the type {type} of {task}: {ours} instead of {theirs}")

    from_rust = {}
    for name, row in zip(matrix.names(), ROWS):
        try:
            sent = TypeEngine.to_literal(context, row.value, row.type, TypeEngine.to_literal_type(row.type))
            came = literals(rust(folder / "there" / name, f"types.{row.task}", LiteralMap({"v": sent})))["o0"]
            value = TypeEngine.to_python_value(context, came, row.type)
            report.check(matrix.same(value, row.value), f"{name}: {row.value!r} came back as {value!r}")
            if row.task not in OTHER_BYTES:
                report.check(came.to_flyte_idl() == sent.to_flyte_idl(), f"{name}: sent {sent.to_flyte_idl()}, got {came.to_flyte_idl()}")
            from_rust[name] = came
        except Exception as problem:
            report.check(False, f"{name}: {type(problem).__name__}: {problem}")

    random_values(report, folder, context)

    # Python pickles `bytes`, here always in a file.
    for at, content in enumerate([b"", b"abc", b"\xff\n\\.", bytes(range(256)), b"x" * 50_000]):
        sent = TypeEngine.to_literal(context, content, bytes, TypeEngine.to_literal_type(bytes))
        came = literals(rust(folder / "bytes" / str(at), "types.bytes", LiteralMap({"v": sent})))["o0"]
        report.check((came.scalar.binary.value, came.scalar.binary.tag) == (content, ""), f"{content[:20]!r} came as {came}")
    for value in ({1}, complex(1, 2)):
        sent = TypeEngine.to_literal(context, value, value.__class__, TypeEngine.to_literal_type(value.__class__))
        says = {"bytes": "a pickle of something else than `bytes`", "int": "expected an integer, found a pickle", "inner": "found a pickle"}
        for task, words in says.items():
            message = error(rust(folder / "pickles" / value.__class__.__name__ / task, f"types.{task}", LiteralMap({"v": sent}))).message
            report.check(words in message, f"{value!r} for {task}: {message}")

    # The other way round: a Python task takes what Rust wrote, a literal in a file of its own among it.
    number = TypeEngine.to_literal(context, 2_000_000, int, TypeEngine.to_literal_type(int))
    offloaded = literals(rust(folder / "offloads", "mod.big", LiteralMap({"a": number}), {"_F_L_MIN_SIZE_MB": "1"}))["o0"]
    report.check(offloaded.offloaded_metadata is not None, "Rust did not offload")
    try:
        literals(python(folder / "back", "read_all", LiteralMap({**from_rust, "offloaded": offloaded})))
        report.check(True, "")
    except RuntimeError as problem:
        report.check(False, f"a Python task reads what Rust wrote: {problem}")

    # And a literal that Python has put into a file of its own.
    large = literals(python(folder / "large", "large", LiteralMap({"a": number}), {"_F_L_MIN_SIZE_MB": "1"}))["o0"]
    report.check(large.offloaded_metadata is not None, "Python did not offload")
    came = literals(rust(folder / "reads-large", "types.text", LiteralMap({"v": large})))["o0"]
    report.check(TypeEngine.to_python_value(context, came, str) == "x" * 2_000_000, "Rust reads what Python offloaded")

    # Errors, as flytekit's own models have them.
    text = TypeEngine.to_literal(context, "grüße", str, TypeEngine.to_literal_type(str))
    expected = [
        ("fails", {"message": text}, "USER:RuntimeError", ContainerError.Kind.NON_RECOVERABLE, ExecutionError.ErrorKind.USER, "grüße"),
        ("panics", {"message": text}, "USER:Panic", ContainerError.Kind.NON_RECOVERABLE, ExecutionError.ErrorKind.USER, "grüße"),
        ("fails_recoverably", {}, "C", ContainerError.Kind.RECOVERABLE, ExecutionError.ErrorKind.USER, "M"),
        ("mod.t1", {"a": text}, "SYSTEM", ContainerError.Kind.NON_RECOVERABLE, ExecutionError.ErrorKind.SYSTEM, "`a`"),
    ]
    for task, inputs, code, kind, origin, says in expected:
        read = error(rust(folder / "errors" / task, task, LiteralMap(inputs)))
        report.check((read.code, read.kind, read.origin) == (code, kind, origin) and says in read.message, f"{task}: {read}")
    report.finish()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        main(pathlib.Path(temporary))
