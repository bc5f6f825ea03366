"""What the suite tries on a Flyte 2 backend."""

import concurrent.futures
import dataclasses

from flyteidl2.common import phase_pb2
from flyteidl2.core import literals_pb2
from flyteidl2.workflow import run_definition_pb2

import matrix
from backend import literal, value
from table import ALL, Case, case


def there_and_back(backend, number, row):
    """A value of Python's through two containers of ours; what is wrong with it, if anything is."""
    task, sent = backend.task(f"types.{row.task}"), literal(row.value, row.type)
    for container in ("first", "second"):
        ended = backend.run(task, v=sent)
        if ended.phase != "SUCCEEDED":
            return f"{number} {row.task}, {row.value!r}: the {container} container: {ended}"
        came = value(ended.outputs["o0"], row.type)
        if not matrix.same(came, row.value):
            return f"{number} {row.task}: {row.value!r} became {came!r}"
        # What Python makes of it goes on.
        sent = literal(came, row.type)
    return None


@case("values: Python, Rust, Python, Rust, Python")
def values(backend):
    with concurrent.futures.ThreadPoolExecutor(backend.options.jobs) as pool:
        found = list(pool.map(lambda numbered: there_and_back(backend, *numbered), enumerate(matrix.ROWS)))
    assert not any(found), "\n".join(filter(None, found))
    return f"{len(found)} values of {len({row.task for row in matrix.ROWS})} types, each through two containers"


@case("values: bytes, which Python has no type for")
def bytes_through(backend):
    sent = literals_pb2.Literal(scalar={"binary": {"value": b"\x00\xff grey"}})
    ended = backend.run(backend.task("types.bytes"), v=sent)
    assert ended.outputs == {"o0": sent}, ended
    return "the literal as it was"


@case("values: files and a folder, made and read by Rust")
def data(backend):
    made = backend.run(backend.task("files.writes", "cluster"), text="grüße")
    assert made.phase == "SUCCEEDED", made
    seen = backend.run(backend.task("files.reads", "cluster"), file=made.outputs["streamed"], folder=made.outputs["folder"])
    assert seen.phase == "SUCCEEDED", seen
    found = value(seen.outputs["o0"], str), value(seen.outputs["o1"], dict[str, str])
    assert found == ("grüße", {"one.txt": "grüße", "deep/er/two.txt": "grüße"}), found
    return f"{found} [{seen.name}]"


@case("values: a file of a child in the same container, read by every part of the process")
def of_a_child(backend):
    ended = backend.run(backend.task("files.reads_everywhere", "cluster"), text="grüße")
    assert ended.phase == "SUCCEEDED" and value(ended.outputs["o1"], list[str]) == ["grüße"] * 4, ended
    return f"{ended.seconds:.1f} s [{ended.name}]"


NOWHERE = "s3://nebulakit-tests-no-such-bucket"


def blob(dimensionality):
    """A file (0) or a folder (1) in a bucket that is not there."""
    return literals_pb2.Literal(scalar={"blob": {"uri": f"{NOWHERE}/gone", "metadata": {"type": {"dimensionality": dimensionality}}}})


def supervised(task):
    """Has the task run in a process of its own."""
    task.task_template.container.args.append("--supervise")
    return task


@dataclasses.dataclass
class Fate:
    """A task, and what the backend is to make of it."""

    title: str
    task: str
    attempts: int
    says: str = ""
    kind: str = "USER"
    binary: str = "fixture"
    inputs: dict = dataclasses.field(default_factory=dict)
    retries: int = 0
    supervised: bool = False

    def run(self, backend):
        task = backend.task(self.task, self.binary)
        ended = backend.run(supervised(task) if self.supervised else task, self.retries, **self.inputs)
        kind = run_definition_pb2.ErrorInfo.Kind.Name(ended.error.kind).removeprefix("KIND_")
        found = (ended.phase, kind, ended.attempts)
        assert found == ("FAILED", self.kind, self.attempts), f"{found}: {ended}"
        assert self.says in ended.error.message, f"{self.says!r} is not in {ended}"
        return str(ended)


ALL += [
    Case(f"fate: {fate.title}", fate.run)
    for fate in (
        Fate("a plain error", "endings.fails", 1, "the cause of it", inputs={"message": "grüße"}),
        Fate("a plain error, retries of the task", "fails_for_good", 3, "no second attempt", binary="cluster"),
        Fate("an error with a code, retries", "mod.raise_coded", 2, "c", inputs={"a": 1}, retries=1),
        Fate("a recoverable error, retries", "fails_again", 3, "M", binary="cluster"),
        Fate("a permanent error with retries left", "endings.fails_permanently", 1, "M", retries=2),
        Fate("an error type that says it may be repeated", "marks.fails_to_train", 2, "store is away", inputs={"how": "store"}, retries=1),
        Fate("an error type that says it may not", "marks.fails_to_train", 1, "not finite", inputs={"how": "diverged"}, retries=2),
        Fate("an error type that only has a code", "marks.fails_to_train", 2, "no samples", inputs={"how": "empty"}, retries=1),
        Fate("a panic, retries", "endings.panics", 2, "grüße", inputs={"message": "grüße"}, retries=1),
        Fate("a panic between polls", "endings.panics_between_polls", 1, "grüße", inputs={"message": "grüße"}),
        Fate("a message of a megabyte", "endings.fails_at_length", 1, " tail", inputs={"length": 1_000_000}),
        Fate("an input of another type than declared, retries", "mod.t1", 1, "`a`", inputs={"a": "forty-one"}, retries=2),
        Fate("an input that is missing, retries", "mod.t1", 1, "`a`", retries=2),
        Fate("exit code 0 without outputs", "mod.sysexit0", 1, kind="SYSTEM", inputs={"a": 1}),
        Fate("ignored outputs that nobody else stores", "mod.ignore", 1, kind="SYSTEM", inputs={"a": 1}),
        Fate("a file that is not there", "files.reads", 1, NOWHERE, binary="cluster", inputs={"file": blob(0), "folder": blob(1)}),
        Fate("longer than its timeout, which only the process itself keeps", "never_ends", 1, "4s", binary="cluster"),
        Fate("supervised, exit code 7, retries", "mod.osexit", 2, "exit code 7", inputs={"a": 1}, retries=1, supervised=True),
        Fate("supervised, exit code 0", "mod.sysexit0", 1, "exit code 0", inputs={"a": 1}, supervised=True),
        Fate("supervised, an abort, retries", "endings.aborts", 2, "aborted (signal 6)", retries=1, supervised=True),
        Fate("supervised by its option, an abort", "supervised.aborts_supervised", 1, "about to abort"),
        Fate("supervised, a stack overflow", "supervised.overflows", 1, "has overflowed its stack", supervised=True),
        Fate("supervised, out of memory, retries", "takes_memory_supervised", 2, "of 67108864 bytes", binary="cluster", retries=1),
        Fate("supervised, killed, retries", "is_killed", 2, "signal 9 (SIGKILL)", binary="cluster", retries=1, supervised=True),
        Fate("supervised, a permanent error with retries left", "endings.fails_permanently", 1, "M", retries=2, supervised=True),
        Fate("a file that cannot be stored", "files.stores_nowhere", 1, f"{NOWHERE}/lost.txt", binary="cluster"),
    )
]


@case("fate: success")
def success(backend):
    ended = backend.run(backend.task("mod.t1"), a=41)
    assert (ended.phase, ended.attempts) == ("SUCCEEDED", 1) and value(ended.outputs["o0"], int) == 42, ended
    return f"42 after {ended.seconds:.2f} s [{ended.name}]"


@case("fate: success, supervised")
def supervised_success(backend):
    ended = backend.run(supervised(backend.task("mod.t1")), a=41)
    assert (ended.phase, ended.attempts) == ("SUCCEEDED", 1) and value(ended.outputs["o0"], int) == 42, ended
    return f"42 after {ended.seconds:.2f} s [{ended.name}]"


@case("fate: success without outputs")
def nothing(backend):
    ended = backend.run(backend.task("mod.void"), a=41)
    assert (ended.phase, ended.attempts, ended.outputs) == ("SUCCEEDED", 1, {}), ended
    return str(ended)


@case("fate: a retry that goes on from a checkpoint")
def checkpoint(backend):
    ended = backend.run(backend.task("goes_on", "cluster"), last=2)
    assert (ended.phase, ended.attempts) == ("SUCCEEDED", 3) and value(ended.outputs["o0"], str) == "012", ended
    return f"3 attempts, the last found what both left: 01 [{ended.name}]"


def relaunched(backend, task, **inputs):
    """Runs a task that ends without a document, until the backend has looked at it for a while; ends it if the backend does not."""
    action = backend.start(task, **inputs)
    try:
        ended = backend.wait(action, seconds=20)
    except AssertionError:
        backend.abort(action, "goes on for ever")
        backend.wait(action)
        return f"launched again and again until it was aborted [{action.run.name}]"
    assert ended.phase == "FAILED", ended
    return str(ended)


@case("fate: exit code 7")
def exits(backend):
    return relaunched(backend, backend.task("mod.osexit"), a=1)


@case("fate: an abort of the process")
def aborts(backend):
    return relaunched(backend, backend.task("endings.aborts"))


@case("fate: a stack overflow")
def overflows(backend):
    return relaunched(backend, backend.task("supervised.overflows"))


@case("fate: killed")
def killed(backend):
    seen = relaunched(backend, backend.task("is_killed", "cluster"))
    assert seen.startswith("launched again"), seen
    return seen


def loses_its_store(backend):
    """The task that loses its store once it has read its inputs, behind a proxy of its own, which dies when the task says so."""
    task = backend.task("loses_its_store", "cluster")
    task.task_template.container.command.insert(0, "dying_store")
    return task


@case("fate: a store that dies before the outputs are stored")
def store_dies(backend):
    return relaunched(backend, loses_its_store(backend), how="closed", until=99, fails=False)


@case("fate: a store that is away or fails for a moment")
def store_back_in_time(backend):
    seen = []
    for how in ("closed 200", "failing 200"):
        ended = backend.run(loses_its_store(backend), how=how, until=1, fails=False)
        assert (ended.phase, ended.attempts) == ("SUCCEEDED", 1) and value(ended.outputs["o0"], str) == "attempt 0", ended
        seen.append(f"{how}: {ended}")
    return "\n".join(seen)


@case("fate: out of memory")
def memory(backend):
    ended = backend.run(backend.task("takes_memory", "cluster"))
    assert (ended.phase, ended.attempts) == ("FAILED", 1), ended
    return str(ended)


@case("fate: aborted by a person while it runs")
def aborted(backend):
    action = backend.start(backend.task("waits", "cluster"))
    backend.wait(action, until=lambda details: details.status.phase == phase_pb2.ACTION_PHASE_RUNNING)
    backend.abort(action, "no longer needed")
    ended = backend.wait(action)
    assert ended.phase == "ABORTED" and ended.details.abort_info.reason == "no longer needed", ended
    return f"{ended}: {ended.details.abort_info.reason}"


@case("surroundings: identity, attempt, places")
def identity(backend):
    ended = backend.run(backend.task("surroundings.surroundings"))
    found = value(ended.outputs["o0"], dict[str, str])
    for part in (backend.options.project, backend.options.domain, ended.name):
        assert part in found["execution"], found
    assert "surroundings.surroundings" in found["task"] and backend.version in found["task"], found
    assert found["attempt"] == "0" and found["checkpoint"] == "true" and ended.name in found["outputs"], found
    return f"{found['task']}; outputs under {found['outputs'].split('/', 3)[-1]}"


@case("surroundings: environment of the task and of the run")
def environment(backend):
    names = literal(["GREETING", "FROM_RUN", "FLYTE_ATTEMPT_NUMBER", "ABSENT"], list[str])
    ended = backend.run(backend.task("environment", "cluster"), environment={"FROM_RUN": "yes"}, names=names)
    found = value(ended.outputs["o0"], dict[str, str])
    assert found == {"GREETING": "hello", "FROM_RUN": "yes", "FLYTE_ATTEMPT_NUMBER": "0"}, found
    return str(found)


@case("surroundings: a report")
def report(backend):
    ended = backend.run(backend.task("shows", "cluster"), fail=False)
    assert ended.phase == "SUCCEEDED", ended
    page = backend.report(ended)
    assert "seven <strong>rows</strong>" in page, page[:500]
    return f"{len(page)} bytes [{ended.name}]"


@case("surroundings: a report of a task whose file cannot be stored")
def report_without_outputs(backend):
    ended = backend.run(backend.task("shows_and_stores_nowhere", "cluster"))
    assert ended.phase == "FAILED" and f"{NOWHERE}/lost.txt" in ended.error.message, ended
    page = backend.report(ended)
    assert "seven <strong>rows</strong>" in page, page[:500]
    return f"{len(page)} bytes, {ended}"


@case("surroundings: secrets by variable and by file, which have keys alone")
def secrets(backend):
    backend.secret("variable", "alpha")
    backend.secret("file", "beta")
    ended = backend.run(backend.task("secrets_by_key", "cluster"))
    found = ended.outputs and (value(ended.outputs["o0"], str), value(ended.outputs["o1"], str))
    assert found == ("alpha", "beta"), ended
    return f"both found [{ended.name}]"


@case("surroundings: metrics")
def metrics(backend):
    ended = backend.run(backend.task("metrics", "cluster"))
    lines = value(ended.outputs["o0"], list[str])
    found = [line.rpartition(":")[2] for line in lines]
    assert found == ["3|c", "2.5|g", "20.000000|ms"], lines
    return lines[0]
