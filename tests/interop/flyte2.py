"""Flyte 2: the type engine of the `flyte` package and its entry point against the fixture. usage: flyte2.py FIXTURE"""

import asyncio
import json
import os
import pathlib
import subprocess
import sys
import tempfile
from datetime import timedelta

from flyteidl2.core import execution_pb2, types_pb2
from flyteidl2.task import common_pb2
from flyte._context import internal_ctx
from flyte.models import RawDataPath
from flyte.types import TypeEngine
from google.protobuf.json_format import MessageToDict, ParseDict

import forms
import matrix
from matrix import ROWS, Report

HERE = pathlib.Path(__file__).parent
FIXTURE = sys.argv[1]

# Small ones and one above Python's limit for a literal.
BYTES = [b"", b"abc", b"\xff\n\\.", bytes(range(256)), b"x" * 50_000]

# What a Rust type writes otherwise than the `flyte` package would, on purpose; it is read all the same.
OTHER_BYTES = {
    "json": "serde_json sorts the keys",
}


def variables(folder):
    """What a container of Flyte 2 is told by its environment."""
    return {
        "ACTION_NAME": "a0",
        "RUN_NAME": "r1",
        "_U_RUN_BASE": f"{folder}/run/",
        "_U_ORG_NAME": "local",
        "FLYTE_INTERNAL_EXECUTION_PROJECT": "p",
        "FLYTE_INTERNAL_EXECUTION_DOMAIN": "d",
    }


def inputs_file(folder, literals):
    folder.mkdir(parents=True)
    inputs = common_pb2.Inputs(literals=[common_pb2.NamedLiteral(name=name, value=literal) for name, literal in literals.items()])
    (folder / "inputs.pb").write_bytes(inputs.SerializeToString())
    return folder / "inputs.pb"


def rust(folder, task, literals):
    inputs = inputs_file(folder, literals)
    command = [FIXTURE, "a0", "--task-name", task, "--inputs", inputs, "--outputs-path", folder / "out", "--raw-data-path", folder / "out"]
    command += ["--version", "v1", "--run-name", "{{.runName}}", "--name", "{{.actionName}}"]
    ended = subprocess.run(command, env=variables(folder), capture_output=True, text=True)
    assert ended.returncode == 0, f"{task}: {ended.stderr}"
    return folder / "out"


def python(folder, task, literals):
    inputs = inputs_file(folder, literals)
    # Python's entry point makes no folders on a disk.
    (folder / "out").mkdir()
    command = [pathlib.Path(sys.executable).parent / "a0", "--inputs", inputs, "--outputs-path", folder / "out", "--version", "v1"]
    command += ["--raw-data-path", folder / "out", "--resolver", "flyte._internal.resolvers.default.DefaultTaskResolver"]
    environment = {**os.environ, "PYTHONPATH": str(HERE), **variables(folder)}
    ended = subprocess.run([*command, "mod", "readers2", "instance", task], env=environment, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    return folder / "out"


def declared(folder, task):
    """The type that a task of the fixture declares for its input on Flyte 2, as JSON."""
    command = [FIXTURE, "describe", task, "--json"]
    described = subprocess.run(command, env=variables(folder), check=True, stdout=subprocess.PIPE, text=True).stdout
    return json.loads(described)["interface"]["inputs"]["variables"]["v"]["type"]


def outputs(prefix):
    """The literals of an outputs.pb; what failed instead stands in the exception."""
    if (prefix / "error.pb").exists():
        raise RuntimeError(error(prefix).message)
    message = common_pb2.Outputs.FromString((prefix / "outputs.pb").read_bytes())
    return {literal.name: literal.value for literal in message.literals}


def error(prefix):
    return execution_pb2.ErrorDocument.FromString((prefix / "error.pb").read_bytes()).error


async def random_values(report, folder):
    """Random values in every form that the dataclasses and pydantic models of the `flyte` package write."""
    values = forms.Values("flyte2")
    cases = [case for task, kind in forms.KINDS for case in forms.shapes(task, kind, [values.of(kind) for _ in range(24)])]
    for at, (name, type, sent, taken) in enumerate([*cases, *forms.alone(values)]):
        title = f"{name}, seed {forms.SEED}"
        try:
            literal = await TypeEngine.to_literal(sent, type, TypeEngine.to_literal_type(type))
            came = outputs(rust(folder / "random" / str(at), name, {"v": literal}))["o0"]
            read = taken(await TypeEngine.to_python_value(came, type))
            for place, (one, original) in enumerate(zip(read, forms.values_of(name, sent), strict=True)):
                wrong = list(forms.differences(one, original))
                report.check(not wrong, f"{title}, value {place}: {'; '.join(wrong)}")
        except Exception as problem:
            report.check(False, f"{title}: {problem.__class__.__name__}: {problem}")


async def pickled_bytes(report, folder):
    """Python pickles `bytes`, large ones in a file; ours come raw, and are read by what docs/wire-format.md says."""
    with internal_ctx().new_raw_data_path(RawDataPath.from_local_folder(folder / "python")):
        sent = {content: await TypeEngine.to_literal(content, bytes, TypeEngine.to_literal_type(bytes)) for content in BYTES}
    report.check(any(literal.scalar.HasField("blob") for literal in sent.values()), "no pickle is in a file")
    pickles = [await TypeEngine.to_literal(value, type(value), TypeEngine.to_literal_type(type(value))) for value in ({1}, bytearray(b"x"))]
    for at, literal in enumerate(pickles):
        message = error(rust(folder / "pickles" / str(at), "types.bytes", {"v": literal})).message
        report.check("a pickle of something else than `bytes`" in message, message)
        message = error(rust(folder / "pickles" / f"int {at}", "types.int", {"v": literal})).message
        report.check("expected an integer, found a pickle" in message, message)
        came = outputs(rust(folder / "pickles" / f"file {at}", "forms.pickle", {"v": literal}))["o0"]
        report.check(await TypeEngine.to_python_value(came, set) == ({1}, bytearray(b"x"))[at], "a small pickle as a file")

    # Bytes that are a pickle themselves.
    looks_like_one = b"\x80\x04N."
    literal = await TypeEngine.to_literal(looks_like_one, bytes, TypeEngine.to_literal_type(bytes))
    came = outputs(rust(folder / "pickles" / "bytes", "types.bytes", {"v": literal}))["o0"]
    report.check(await TypeEngine.to_python_value(came, bytes) == looks_like_one, f"a pickle as bytes came as {came}")

    import raw_bytes  # From here on Python reads and writes them as they are.

    for at, (content, literal) in enumerate(sent.items()):
        came = outputs(rust(folder / "bytes" / str(at), "types.bytes", {"v": literal}))["o0"]
        report.check(came.scalar.binary.value == content and came.scalar.binary.tag == "", f"{content[:20]!r} came as {came}")
        report.check(await TypeEngine.to_python_value(came, bytes) == content, f"{content[:20]!r} is not read back")
        again = outputs(rust(folder / "bytes" / f"again {at}", "types.bytes", {"v": came}))["o0"]
        report.check(again == came, f"{content[:20]!r}, sent raw, came back as {again}")


async def guessed_types(report, folder):
    """What Python makes of our types where it does not have the classes: those of structs in models, in their lists and maps too."""
    for name, kind, inner in (("nested", forms.Nested, forms.Inner), ("nested_model", forms.NestedModel, forms.InnerModel)):
        one, two = inner(x=1, y="y"), inner(x=2)
        fields = {"inner": one, "inners": [one, two], "by_name": {"k": two}, "lists": [[one], [], [two]], "maybe": [two]}
        sent = kind(**fields, span=timedelta(days=-400, microseconds=1), by_int={-1: "minus"})
        literal = await TypeEngine.to_literal(sent, kind, TypeEngine.to_literal_type(kind))
        came = outputs(rust(folder / "guessed" / name, f"forms.{name}", {"v": literal}))["o0"]
        guessed = TypeEngine.guess_python_type(ParseDict(declared(folder, f"forms.{name}"), types_pb2.LiteralType()))
        value = await TypeEngine.to_python_value(came, guessed)
        if kind is forms.NestedModel:
            report.check(came == literal, f"{name}: sent {literal}, got {came}")
            known = TypeEngine.guess_python_type(TypeEngine.to_literal_type(kind))
            found = [{name: str(field.annotation) for name, field in type.model_fields.items()} for type in (guessed, known)]
            renamed = str(found).replace("InnerModel", "Inner")
            report.check(found[0].keys() == found[1].keys() and eval(renamed)[0] == eval(renamed)[1], f"{name}: guessed {found}")
        # Of dataclasses' own schemas Python makes dictionaries in lists and maps.
        x = (lambda it: it.x) if kind is forms.NestedModel else (lambda it: it["x"])
        nested = [*value.inners, *value.by_name.values(), *value.lists[0], *value.lists[2], *value.maybe]
        report.check((value.inner.x, [x(it) for it in nested]) == (1, [1, 2, 2, 1, 2, 2]), f"{name}: {value!r}")


async def main(folder):
    report = Report("flyte and Rust")
    for task, type in dict((row.task, row.type) for row in ROWS).items():
        ours, theirs = declared(folder, f"types.{task}"), MessageToDict(TypeEngine.to_literal_type(type))
        report.check(ours == theirs, f"the type {type} of {task}: {ours} instead of {theirs}")

    from_rust = {}
    for name, row in zip(matrix.names(), ROWS):
        try:
            sent = await TypeEngine.to_literal(row.value, row.type, TypeEngine.to_literal_type(row.type))
            came = outputs(rust(folder / "there" / name, f"types.{row.task}", {"v": sent}))["o0"]
            value = await TypeEngine.to_python_value(came, row.type)
            report.check(matrix.same(value, row.value), f"{name}: {row.value!r} came back as {value!r}")
            if row.task not in OTHER_BYTES:
                report.check(came == sent, f"{name}: sent {sent}, got {came}")
            from_rust[name] = came
        except Exception as problem:
            report.check(False, f"{name}: {type(problem).__name__}: {problem}")

    await random_values(report, folder)
    await guessed_types(report, folder)

    try:
        outputs(python(folder / "back", "read_all", from_rust))
        report.check(True, "")
    except RuntimeError as problem:
        report.check(False, f"a Python task reads what Rust wrote: {problem}")

    # Python's leaf task without outputs stores an empty file, and so does ours.
    theirs, ours = python(folder / "nothing-python", "nothing", {}), rust(folder / "nothing-rust", "cluster.nothing", {})
    report.check((theirs / "outputs.pb").read_bytes() == (ours / "outputs.pb").read_bytes() == b"", "no outputs are an empty file")

    # A plain error of Python's and of ours: the same kind and origin.
    text = await TypeEngine.to_literal("grüße", str, TypeEngine.to_literal_type(str))
    theirs, ours = error(python(folder / "fails-python", "fails", {"message": text})), error(rust(folder / "fails-rust", "fails", {"message": text}))
    user = execution_pb2.ExecutionError.USER
    report.check((theirs.kind, theirs.origin) == (ours.kind, ours.origin) == (execution_pb2.ContainerError.RECOVERABLE, user), f"{theirs} {ours}")
    report.check("grüße" in ours.message, f"the message of a plain error: {ours}")
    wrong = error(rust(folder / "wrong-input", "mod.t1", {"a": text}))
    report.check((wrong.kind, wrong.origin) == (execution_pb2.ContainerError.NON_RECOVERABLE, user), f"a wrong input: {wrong}")
    await pickled_bytes(report, folder)
    report.finish()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as temporary:
        asyncio.run(main(pathlib.Path(temporary)))
