"""How tasks end: code, kind, message and attempts, as the platform reports them."""

import dataclasses
import time
from typing import Optional

from flyteidl.core import literals_pb2, types_pb2
from flyteidl.core.execution_pb2 import ExecutionError
from flytekit.types.error import FlyteError
from google.protobuf import json_format, struct_pb2

import neighbours
from ended import shown
from graph import Signal, Step, literal
from table import ALL, Case, Skipped, case

# A container that ends without a document is a failure of the system, repeated three times. Now and then the platform sees the container
# before the pod, and makes an attempt of it the user's (contract 3.6).
LOST = {"RetriesExhausted|Interrupted", "RetriesExhausted|Error"}


def supervise(template):
    """Has the task run in a process of its own."""
    template.container.args.append("--supervise")


@dataclasses.dataclass
class Fate:
    """A task, and what the platform is to make of it."""

    title: str
    task: str
    codes: str | set
    attempts: int | range
    says: str = ""
    kind: str = "USER"
    binary: str = "fixture"
    inputs: dict = dataclasses.field(default_factory=dict)
    retries: int = 0
    supervised: bool = False

    def run(self, cluster):
        changes = {"suffix": "-supervised", "change": supervise} if self.supervised else {}
        ended = cluster.run_task(cluster.rust(self.task, self.binary, **changes), self.retries, **self.inputs)
        codes = {self.codes} if isinstance(self.codes, str) else self.codes
        allowed = self.attempts if isinstance(self.attempts, range) else [self.attempts]
        found = (ended.phase, ended.error.code, ExecutionError.ErrorKind.Name(ended.error.kind), len(ended.attempts))
        assert ended.phase == "FAILED" and ended.error.code in codes and found[2] == self.kind and found[3] in allowed, f"{found}: {ended}"
        assert self.says in ended.error.message, f"{self.says!r} is not in {ended}"
        return f"{len(ended.attempts)} attempt(s), {shown(ended.error)} [{ended.name}]"


ALL += [
    Case(f"fate: {fate.title}", fate.run)
    for fate in (
        Fate("a plain error", "endings.fails", "USER:RuntimeError", 1, "the cause of it", inputs={"message": "grüße"}, retries=2),
        Fate(
            "a plain error of an async task", "endings.fails_async", "USER:RuntimeError", 1, "grüße", inputs={"message": "grüße"}, retries=2
        ),
        Fate("an error with a code", "mod.raise_coded", "MY:CODE", 1, inputs={"a": 1}, retries=2),
        Fate("a recoverable error, no retries", "endings.fails_recoverably", "RetriesExhausted|C", 1, "Last Error: USER::M"),
        Fate("a recoverable error, retries of the task", "fails_again", "RetriesExhausted|C", 3, "[3/3]", binary="cluster"),
        Fate("a recoverable error, retries of the node", "endings.fails_recoverably", "RetriesExhausted|C", 2, "[2/2]", retries=1),
        Fate("a permanent error with retries left", "endings.fails_permanently", "C", 1, "M", retries=2),
        Fate("an error for good with retries of the task", "fails_for_good", "USER:RuntimeError", 1, "no second attempt", binary="cluster"),
        Fate(
            "an error type that says it may be repeated",
            "marks.fails_to_train",
            "RetriesExhausted|TRAIN:Store",
            2,
            "the store is away",
            inputs={"how": "store"},
            retries=1,
        ),
        Fate("an error type that says it may not", "marks.fails_to_train", "TRAIN", 1, "not finite", inputs={"how": "diverged"}, retries=2),
        Fate("an error type that has a code", "marks.fails_to_train", "TRAIN", 1, "no samples", inputs={"how": "empty"}, retries=2),
        Fate("marks below a context", "marks.fails_marked", "C", 1, "outer", inputs={"how": "below a context"}, retries=2),
        Fate("a panic", "endings.panics", "USER:Panic", 1, "grüße", inputs={"message": "grüße"}, retries=2),
        Fate("a panic between polls", "endings.panics_between_polls", "USER:Panic", 1, "grüße", inputs={"message": "grüße"}),
        Fate("a message of a megabyte", "endings.fails_at_length", "USER:RuntimeError", 1, " tail", inputs={"length": 1_000_000}),
        Fate("exit code 7", "mod.osexit", LOST, range(1, 6), inputs={"a": 1}),
        Fate("exit code 0 without outputs", "mod.sysexit0", "RetriesExhausted|OutputsNotFound", 1, inputs={"a": 1}),
        Fate("ignored outputs that nobody else stores", "mod.ignore", "RetriesExhausted|OutputsNotFound", 1, inputs={"a": 1}),
        Fate("an abort", "endings.aborts", LOST, range(1, 6)),
        Fate("a stack overflow", "supervised.overflows", LOST, range(1, 6)),
        Fate("out of memory", "takes_memory", "RetriesExhausted|OOMKilled", 1, binary="cluster"),
        Fate("supervised, exit code 7", "mod.osexit", "USER:Exited", 1, "exit code 7", inputs={"a": 1}, retries=2, supervised=True),
        Fate("supervised, exit code 0", "mod.sysexit0", "USER:Exited", 1, "exit code 0", inputs={"a": 1}, retries=2, supervised=True),
        Fate("supervised, an abort", "endings.aborts", "USER:Aborted", 1, "aborted (signal 6)", retries=2, supervised=True),
        Fate("supervised by its option, an abort", "supervised.aborts_supervised", "USER:Aborted", 1, "about to abort"),
        Fate("supervised, a stack overflow", "supervised.overflows", "USER:StackOverflow", 1, "has overflowed its stack", supervised=True),
        Fate(
            "supervised, out of memory",
            "takes_memory_supervised",
            "RetriesExhausted|USER:OutOfMemory",
            2,
            "of 67108864 bytes",
            binary="cluster",
            retries=1,
        ),
        Fate("supervised, a plain error", "mod.raise_coded", "MY:CODE", 1, inputs={"a": 1}, retries=2, supervised=True),
        Fate(
            "supervised, killed",
            "is_killed",
            "RetriesExhausted|SYSTEM:Lost",
            range(1, 6),
            "signal 9 (SIGKILL)",
            binary="cluster",
            supervised=True,
        ),
    )
]


@case("fate: success")
def success(cluster):
    ended = cluster.run_task(cluster.rust("mod.t1", "fixture"), a=41)
    assert ended.phase == "SUCCEEDED" and ended.outputs == {"o0": literal(42)} and len(ended.attempts) == 1, ended
    return f"1 attempt, {ended.outputs['o0'].scalar.primitive.integer} [{ended.name}]"


@case("fate: success, supervised")
def supervised_success(cluster):
    ended = cluster.run_task(cluster.rust("mod.t1", "fixture", suffix="-supervised", change=supervise), a=41)
    assert ended.phase == "SUCCEEDED" and ended.outputs == {"o0": literal(42)} and len(ended.attempts) == 1, ended
    return f"1 attempt, {ended.outputs['o0'].scalar.primitive.integer} [{ended.name}]"


@case("fate: success without outputs")
def nothing(cluster):
    ended = cluster.run_task(cluster.rust("mod.void", "fixture"), a=41)
    assert ended.phase == "SUCCEEDED" and not ended.outputs and len(ended.attempts) == 1, ended
    return f"1 attempt [{ended.name}]"


def text_instead(template):
    """Makes the platform believe that the task takes texts."""
    for variable in template.interface.inputs.variables.values():
        variable.type.CopyFrom(types_pb2.LiteralType(simple=types_pb2.STRING))


@case("fate: an input of another type than declared")
def wrong_type(cluster):
    ended = cluster.run_task(cluster.rust("mod.t1", "fixture", suffix="-text", change=text_instead), 2, a="forty-one")
    assert (ended.error.code, ended.error.kind, len(ended.attempts)) == ("SYSTEM", ExecutionError.SYSTEM, 1), ended
    assert "`a`" in ended.error.message and "forty-one" not in ended.error.code, ended
    return f"1 attempt, {shown(ended.error)} [{ended.name}]"


def refused(call):
    """What admin says to something that it does not take."""
    try:
        call()
    except Exception as problem:
        return getattr(problem.__cause__, "details", lambda: str(problem))()
    raise AssertionError("admin took it")


# What admin cannot tell from the declared type, as it looks no deeper, and what our tasks say of it.
UNNOTICED = [
    ("simple", {"a": 1, "b": 2, "c": 0.5, "d": True}, "`v.b`"),
    ("simple", {"a": 1}, "`v.b`: the field is missing"),
    ("inner", {"x": 2.5}, "`v.x`"),
]


@case("fate: a launch with inputs of other types")
def wrong_launch(cluster):
    task, seen = cluster.rust("mod.t1", "fixture"), []
    said = refused(lambda: cluster.run_task(task, a="forty-one"))
    assert "a input wrong type" in said, said
    for name, given, path in UNNOTICED:
        ended = cluster.run_task(cluster.rust(f"types.{name}", "fixture"), 2, v=generic(given))
        seen.append(bad_input(ended, path))
    return "\n".join([f"refused by admin: {said}", *seen])


def generic(given):
    """A struct as consoles send it."""
    return literals_pb2.Literal(scalar={"generic": json_format.ParseDict(given, struct_pb2.Struct())})


def bad_input(ended, path):
    """Checks that a task refused its input, once and saying where."""
    found = (ended.phase, ended.error.code, ended.error.kind, len(ended.nodes["n0"].attempts))
    assert found == ("FAILED", "SYSTEM", ExecutionError.SYSTEM, 1) and path in ended.error.message, f"{found}: {ended}"
    return f"1 attempt, {shown(ended.error)} [{ended.name}]"


@case("fate: a signal of another type")
def wrong_signal(cluster):
    task, seen = cluster.rust("types.unit_enum", "fixture"), []
    color = task.interface.inputs.variables["v"].type
    plan = cluster.workflow("cluster.signal", {"asked": Signal(color), "n0": Step(task, {"v": ("asked", "o0")}, retries=2)})
    execution = cluster.launch(plan)
    said = refused(lambda: cluster.signal(execution, "asked", literal(7)))
    seen.append(f"refused by admin: {said}")
    # A text is taken for whichever enum.
    cluster.signal(execution, "asked", literal("purple"))
    return "\n".join([*seen, bad_input(cluster.wait(execution), "`v`")])


def output_elsewhere(template):
    """Sends the outputs to a bucket that is not there."""
    args = template.container.args
    args[list(args).index("--output-prefix") + 1] = "s3://nebulakit-tests-no-such-bucket/out"


@case("fate: a store that takes no outputs")
def no_store(cluster):
    ended = cluster.run_task(cluster.rust("mod.t1", "fixture", suffix="-elsewhere", change=output_elsewhere), a=1)
    assert ended.phase == "FAILED" and ended.error.code in LOST, ended
    return f"{len(ended.attempts)} attempts, {shown(ended.error)} [{ended.name}]"


def behind_a_dying_store(template):
    """Runs the task behind a proxy of its own, which dies when the task says so."""
    template.container.command.insert(0, "dying_store")


def loses(cluster, retries=0, until=99, fails=False, how="closed"):
    """Runs a task that loses its store once it has read its inputs."""
    task = cluster.rust("loses_its_store", suffix="-behind", change=behind_a_dying_store)
    return cluster.run_task(task, retries, how=how, until=until, fails=fails)


def lost(ended, said):
    """The report on standard error is all that is left, and the platform shows the end of it."""
    assert ended.phase == "FAILED" and ended.error.code in LOST and len(ended.attempts) in range(1, 6), ended
    for words in (said, "the error could not be stored"):
        assert words in ended.error.message, f"{words!r} is not in {ended.error.message}"
    return f"{len(ended.attempts)} attempt(s), {shown(ended.error)} [{ended.name}]\n{ended.error.message}"


@case("fate: a store that dies before the outputs are stored")
def store_dies(cluster):
    return lost(loses(cluster), "SYSTEM: cannot store the outputs")


@case("fate: a store that dies before the task's own failure is stored")
def store_dies_before_failure(cluster):
    return lost(loses(cluster, fails=True, how="failing"), "USER:RuntimeError: the task's own failure")


@case("fate: a store that dies, and is back for the next attempt")
def store_back_for_retry(cluster):
    # Whichever way the platform sees the container's end, it is to be repeated.
    ended = loses(cluster, retries=3, until=1)
    assert ended.phase == "SUCCEEDED" and ended.outputs["o0"] == literal("attempt 1"), ended
    assert [attempt.phase for attempt in ended.attempts] == ["FAILED", "SUCCEEDED"], ended.attempts
    return f"2 attempts, the first: {shown(ended.attempts[0].error)} [{ended.name}]"


@case("fate: a store that is away or fails for a moment")
def store_back_in_time(cluster):
    seen = []
    for how in ("closed 200", "failing 200"):
        ended = loses(cluster, how=how)
        assert ended.phase == "SUCCEEDED" and ended.outputs["o0"] == literal("attempt 0") and len(ended.attempts) == 1, ended
        seen.append(f"{how}: 1 attempt [{ended.name}]")
    return "\n".join(seen)


@case("fate: a store that is away for a moment while a file is written")
def store_back_for_file(cluster):
    size = 40
    writes = cluster.rust("loses_its_store_while_it_writes", suffix="-behind", change=behind_a_dying_store)
    steps = {
        "n0": Step(writes, {"how": literal("closed 200"), "mebibytes": literal(size)}),
        "n1": Step(cluster.rust("is_whole"), {"much": ("n0", "o0"), "mebibytes": literal(size)}),
    }
    ended = cluster.run("cluster.dying_store", steps, {"o0": ("n1", "o0")})
    assert ended.phase == "SUCCEEDED" and ended.outputs["o0"] == literal(True), ended
    assert len(ended.nodes["n0"].attempts) == 1, ended
    return f"1 attempt, {size} MiB whole [{ended.name}]"


@case("fate: an input that cannot be fetched")
def no_input(cluster):
    text = types_pb2.LiteralType(simple=types_pb2.STRING)
    prefix = {"uri": "s3://nebulakit-tests-no-such-bucket/v.pb", "size_bytes": 20 << 20, "inferred_type": text}
    ended = cluster.run_task(cluster.rust("types.text", "fixture"), v=literals_pb2.Literal(offloaded_metadata=prefix, hash="h"))
    if "LiteralOffloading" in ended.error.code:
        raise Skipped(shown(ended.error))
    assert ended.error.code == "RetriesExhausted|SYSTEM" and len(ended.attempts) == 4, ended
    assert all(attempt.error.kind == ExecutionError.SYSTEM for attempt in ended.attempts), ended
    return f"4 attempts, {shown(ended.error)} [{ended.name}]"


@case("fate: killed on a machine that can be taken away")
def killed(cluster):
    ended = cluster.run_task(cluster.rust("is_killed"))
    classes = [attempt.interruptible for attempt in ended.attempts]
    assert ended.error.code in LOST and classes == [True, True, True, False], f"{classes} {ended}"
    return f"3 interruptible attempts and 1 other, {shown(ended.error)} [{ended.name}]"


@case("fate: a retry that goes on from a checkpoint")
def checkpoint(cluster):
    ended = cluster.run_task(cluster.rust("goes_on"), last=2)
    assert ended.phase == "SUCCEEDED" and ended.outputs["o0"] == literal("012"), ended
    errors = [attempt.error.code for attempt in ended.attempts]
    assert errors == ["USER:Recoverable", "USER:Recoverable", ""], errors
    return f"attempts {errors}, the last found what both left: 01 [{ended.name}]"


@case("fate: longer than its timeout")
def timeout(cluster):
    ended = cluster.run_task(cluster.rust("never_ends"))
    assert ended.phase == "FAILED" and "Timeout" in ended.error.code, ended
    return f"{[attempt.phase for attempt in ended.attempts]}, {shown(ended.error)} [{ended.name}]"


def started(cluster, name):
    """Launches the task that waits, and returns when it runs."""
    execution = cluster.launch(cluster.workflow(name, {"n0": Step(cluster.rust("waits"))}))
    until = time.monotonic() + 300
    while True:
        found = cluster.nodes(execution)
        if found and [attempt.phase for attempt in found["n0"].attempts] == ["RUNNING"]:
            return execution
        assert time.monotonic() < until, f"{execution.name} does not start: {found}"
        time.sleep(0.2)


@case("fate: aborted by a person while it runs")
def aborted(cluster):
    execution = started(cluster, "cluster.aborted")
    cluster.abort(execution, "no longer needed")
    ended = cluster.wait(execution)
    cause = cluster.closure(execution).abort_metadata.cause
    assert (ended.phase, cause) == ("ABORTED", "no longer needed") and [attempt.phase for attempt in ended.attempts] == ["ABORTED"], ended
    return f"ABORTED: {cause} [{ended.name}]"


@case("fate: the pod is deleted, as when its machine is drained")
def drained(cluster):
    if not cluster.kubectl:
        raise Skipped("needs --kubectl")
    execution = started(cluster, "cluster.drained")
    pod = f"{execution.name}-n0-0"
    cluster.kube("delete", "pod", pod, "--wait=false")
    until = time.monotonic() + 300
    while len(attempts := cluster.nodes(execution)["n0"].attempts) < 2:
        assert time.monotonic() < until, f"no second attempt of {execution.name}"
        time.sleep(0.5)
    cluster.abort(execution, "seen")
    ended = cluster.wait(execution)
    assert attempts[0].error.kind == ExecutionError.SYSTEM, shown(attempts[0].error)
    return f"first attempt {attempts[0].phase}: {shown(attempts[0].error)}, then another [{ended.name}]"


def cleaned_up(cluster, name, handler):
    """Runs a workflow whose only task fails, and compares what the task of its failure node was told with what the platform tells."""
    fails, message = cluster.rust("endings.fails", "fixture"), "grüße"
    steps = {"n0": Step(fails, {"message": ("", "message")})}
    # flytekit binds the handler's inputs to those of the workflow, and the error, which the platform puts in later, to none.
    failure = Step(handler, {"message": ("", "message"), "err": literal(None, Optional[FlyteError])})
    plan = cluster.workflow(name, steps, {"message": fails.interface.inputs.variables["message"].type}, failure=failure)
    ended = cluster.wait(cluster.launch(plan, {"message": literal(message)}))
    found = (ended.phase, ended.error.code, {node: of.phase for node, of in ended.nodes.items()})
    assert found == ("FAILED", "USER:RuntimeError", {"n0": "FAILED", "fn0": "SUCCEEDED"}), f"{found}: {ended}"
    assert "the cause of it" in ended.error.message, ended
    told = cluster.outputs(ended.nodes["fn0"])
    # The node that the platform names is the failure node itself.
    assert told == {"o0": literal(message), "o1": literal(ended.error.message), "o2": literal("fn0")}, f"{told}: {ended}"
    return f"fn0 was told: {shown(ended.error)} [{ended.name}]"


@case("fate: a failure node, whose task is told what failed")
def failure_node(cluster):
    return cleaned_up(cluster, "cluster.failure", cluster.rust("cleans_up"))


@case("fate: a failure node of Python, which is told what failed in Rust")
def failure_node_of_python(cluster):
    return cleaned_up(cluster, "cluster.failure-of-python", cluster.python(neighbours.cleans_up))
