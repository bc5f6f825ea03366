"""Workflows of ours, registered by the binary that holds them: every construct."""

import datetime
import pathlib
import time

from flyteidl.admin import common_pb2, launch_plan_pb2
from flyteidl.core import identifier_pb2
from flyteidl.core.execution_pb2 import ExecutionError
from flytekit import reference_launch_plan, reference_task, workflow

import neighbours
from ended import shown
from flows import flows
from graph import literal, value
from table import ALL, Case, Skipped, case

LIST = list[int]


def gives(name, expected, type=int, binary="cluster_flows", **inputs):
    """A case that runs a workflow to its end, and looks at its only output."""

    def run(cluster):
        ended = flows(cluster, binary).run(name, **inputs)
        assert ended.phase == "SUCCEEDED", f"{ended}\n{ended.error.message}"
        found = value(ended.outputs["o0"], type)
        assert found == expected, f"{found!r} is not {expected!r} [{ended.name}]"
        return f"{found!r} in {ended.seconds:.1f} s [{ended.name}]"

    return run


def fails(name, code, says, kind="USER", attempts=1, **inputs):
    """A case that runs a workflow which fails; looks at its error, and at how often its node that failed was tried: never, if it is no task."""

    def run(cluster):
        ended = flows(cluster).run(name, **inputs)
        tried = max((len(node.attempts) for node in ended.nodes.values() if node.phase == "FAILED"), default=0)
        found = (ended.phase, ended.error.code, ExecutionError.ErrorKind.Name(ended.error.kind), tried)
        assert found == ("FAILED", code, kind, attempts), f"{found}: {ended.error.message}"
        assert says in ended.error.message, f"{says!r} is not in {ended.error.message}"
        return f"{attempts} attempt(s), {shown(ended.error)} [{ended.name}]"

    return run


MANY = list(range(500))
ALL += [
    Case(f"workflow: {title}", run)
    for title, run in (
        ("a chain of tasks", gives("constructs.chain", 13, x=3)),
        ("a workflow in a workflow, twice", gives("constructs.nested", 61, x=3)),
        ("a map with a shared input, four at a time", gives("constructs.mapped", "0.5 km,1 km,1.5 km", str, xs=[1, 2, 3], unit="km")),
        ("a map whose shared input is its first", gives("constructs.bound_first", 63, xs=[1, 2, 3])),
        ("a map whose shared input is in the middle", gives("constructs.bound_last", 66, xs=[1, 2, 3])),
        ("a map in which some may fail", gives("constructs.enough", "1 none 2 none", str, xs=[2, 3, 4, 5])),
        ("a map with too many failures", fails("constructs.enough", "", "USER:RuntimeError: ", kind="UNKNOWN", xs=[1, 3, 4, 5])),
        ("a map in which one fails", fails("constructs.all_of_them", "", "USER:RuntimeError: 3 is odd", kind="UNKNOWN", xs=[2, 3, 4])),
        ("a map over nothing", gives("constructs.many", 0, xs=literal([], LIST))),
        ("a map of 500", gives("constructs.many", 2 * sum(MANY), xs=MANY)),
        ("a condition, first arm", gives("constructs.decides", 44, x=11)),
        ("a condition, arm of an arm: a constant", gives("constructs.decides", 0, x=-1)),
        ("a condition, arm of an arm: a task", gives("constructs.decides", 6, x=3)),
        ("a condition without an answer", fails("constructs.decides", "UserProvidedError", "seven is no answer", attempts=0, x=7)),
        ("a graph that grows: 50 nodes", gives("constructs.dynamic", 2450, n=50)),
        ("a graph that grows: no nodes", gives("constructs.dynamic", 0, n=0)),
        ("a graph that grows in one that grew, with a map, a condition and a workflow", gives("constructs.dynamic_nested", 73, n=4)),
        ("a map of workflows, two at a time", gives("constructs.mapped_workflows", 45, table=literal([[1, 2], [3], [4, 11]], list[LIST]))),
        ("a map of workflows over nothing", gives("constructs.mapped_workflows", 0, table=literal([], list[LIST]))),
        ("a task of Python in a graph that grows", gives("neighbours.dynamic", 8, n=3)),
        ("a task of Python in a map of workflows", gives("mapped", 12, xs=[1, 2], binary="cluster_borrower")),
        ("launch plans as nodes, with fixed inputs and defaults", gives("plans.plans", 226, b=4)),
        ("a launch plan with its own default", gives("plans.planned", 121)),
        ("a task of Python between tasks of ours", gives("neighbours.between", 8, x=1)),
        ("a launch plan of Python between tasks of ours", gives("neighbours.plan_of_python", 24, x=3)),
        ("an error with a code", fails("fates.goes_on", "FLOWS:Broken", "one of two", x=1)),
        ("an error after each retry", fails("fates.in_vain", "RetriesExhausted|FLOWS:Again", "6 will not do", attempts=2, x=3)),
        ("an error in a workflow in a workflow", fails("fates.below", "RetriesExhausted|FLOWS:Again", "6 will not do", attempts=0, x=3)),
        ("an error in an execution of its own", fails("fates.far_below", "FLOWS:Broken", "one of two", attempts=0, x=3)),
        ("a panic in a graph that grows", fails("fates.grown_badly", "USER:Panic", "two is one too many", x=2)),
        ("a task that takes longer than it may", fails("fates.too_slow", "RetriesExhausted|TimeoutExpired", "timeout [5s] expired")),
    )
]


@case("workflow: parts of structs, lists of promises and constants")
def bindings(cluster):
    ended = flows(cluster).run("constructs.bindings", x=4)
    assert ended.phase == "SUCCEEDED", f"{ended}\n{ended.error.message}"
    assert (value(ended.outputs["sum"], int), value(ended.outputs["parts"], LIST)) == (12, [4, 7, 4]), ended.outputs
    return f"[{ended.name}]"


@case("workflow: a task that comes back with its checkpoint")
def comes_back(cluster):
    ended = flows(cluster).run("fates.returns", last=2)
    assert ended.phase == "SUCCEEDED" and value(ended.outputs["o0"], str) == "012", f"{ended}\n{ended.error.message}"
    errors = [attempt.error.code for attempt in ended.attempts]
    assert errors == ["USER:Recoverable", "USER:Recoverable", ""], errors
    return f"attempts {errors} [{ended.name}]"


@case("workflow: a file from task to task, and out")
def a_file(cluster):
    ended = flows(cluster).run("constructs.files", text="one two three")
    assert ended.phase == "SUCCEEDED" and value(ended.outputs["words"], int) == 3, f"{ended}\n{ended.error.message}"
    return ended.outputs["file"].scalar.blob.uri


@case("workflow: gates that wait for a value, a second and a yes")
def gates(cluster):
    ours = flows(cluster)
    execution = ours.launch("constructs.gated", x=3)
    cluster.signal(execution, "more", literal(4))
    until = time.monotonic() + 300
    while len(cluster.signals(execution)) < 2:
        assert time.monotonic() < until, f"{execution.name} does not wait for its approval"
        time.sleep(0.2)
    cluster.signal(execution, "release", literal(True))
    ended = cluster.wait(execution)
    assert ended.phase == "SUCCEEDED" and value(ended.outputs["o0"], int) == 7, f"{ended}\n{ended.error.message}"
    return f"7 [{ended.name}]"


@case("workflow: a failure handler is told what failed")
def handler(cluster):
    ended = flows(cluster).run("fates.guarded", x=1)
    assert ended.phase == "FAILED" and "broken as asked" in ended.error.message, ended
    handlers = [node for name, node in ended.nodes.items() if name.startswith("fn")]
    assert [node.phase for node in handlers] == ["SUCCEEDED"], ended.nodes
    return shown(ended.error)


@case("workflow: what does not need the failed node still runs")
def goes_on(cluster):
    ended = flows(cluster).run("fates.goes_on", x=1)
    phases = sorted(node.phase for node in ended.nodes.values())
    assert ended.phase == "FAILED" and phases.count("SUCCEEDED") == 2 and phases.count("FAILED") == 1, ended.nodes
    return str(phases)


@case("workflow: a cached task is not run again, by whichever version of the workflow")
def cached(cluster):
    x = time.time_ns() % 1_000_000_007
    first = flows(cluster).run("fates.remembers", x=x)
    again = flows(cluster).run("fates.remembers", version=flows(cluster).packaged() if cluster.options.flytectl else None, x=x)
    caches = [next(iter(ended.nodes.values())).cache for ended in (first, again)]
    assert caches == ["CACHE_POPULATED", "CACHE_HIT"] and value(again.outputs["o0"], int) == x * x, caches
    return str(caches)


@case("workflow: what Python has stored is found by a workflow of ours, and the other way round")
def cached_across(cluster):
    python = cluster.python(neighbours.cubed, version="-python")
    ours = lambda x: flows(cluster).run("neighbours.remembers", x=x)  # noqa: E731
    theirs = lambda x: cluster.run_task(python, x=x)  # noqa: E731
    seen = []
    for number, (first, second) in enumerate(((theirs, ours), (ours, theirs))):
        x = time.time_ns() % 1_000_003 + number
        for run, cache in ((first, "CACHE_POPULATED"), (second, "CACHE_HIT")):
            ended = run(x)
            assert ended.phase == "SUCCEEDED", f"{ended}\n{ended.error.message}"
            found = next(node for node in ended.nodes.values() if node.cache != "CACHE_DISABLED")
            expected = x**3 * (2 if run is ours else 1)
            assert (found.cache, value(ended.outputs["o0"], int)) == (cache, expected), f"{found} {ended.outputs}"
            seen.append(ended.name)
    return str(seen)


@case("workflow: of Python, with a task and a launch plan of ours, executed by FlyteRemote")
def of_python(cluster):
    flows(cluster).registered()
    place = {"project": cluster.options.project, "domain": cluster.options.domain, "version": cluster.version}

    @reference_task(name="cluster_flows.constructs.double", **place)
    def double(x: int) -> int: ...

    @reference_launch_plan(name="cluster_flows.constructs.chain", **place)
    def chain(x: int) -> int: ...

    @workflow
    def borrows(x: int) -> int:
        return neighbours.doubled(x=chain(x=double(x=neighbours.doubled(x=x))))

    remote, registered = cluster.remote(), cluster.python_workflow(borrows)
    ended = remote.wait(remote.execute(registered, inputs={"x": 3}), poll_interval=datetime.timedelta(seconds=1))
    assert ended.error is None and ended.outputs.get("o0", int) == 98, f"{ended.error} {ended.outputs}"
    return f"98 [{ended.id.name}]"


@case("workflow: the pod of a task is deleted, and its next attempt goes on")
def drained(cluster):
    if not cluster.kubectl:
        raise Skipped("needs --kubectl")
    execution = flows(cluster).launch("fates.drained")
    node = cluster.running(execution)
    cluster.kube("delete", "pod", f"{execution.name}-{node.id.node_id}-0", "--wait=false")
    ended = cluster.wait(execution)
    assert ended.phase == "SUCCEEDED" and value(ended.outputs["o0"], int) == 1, f"{ended}\n{ended.error.message}"
    phases = [attempt.phase for attempt in ended.attempts]
    assert phases == ["FAILED", "SUCCEEDED"] and ended.attempts[0].error.kind == ExecutionError.SYSTEM, f"{phases} {ended.attempts[0]}"
    return f"{shown(ended.attempts[0].error)}, then attempt 1 [{ended.name}]"


@case("workflow: registered as a package by flytectl")
def packaged(cluster):
    if not cluster.options.flytectl:
        raise Skipped("needs --flytectl")
    ours = flows(cluster)
    found = []
    for name, expected, type, inputs in (
        ("constructs.chain", 13, int, {"x": 3}),
        ("constructs.mapped", "0.5 km,1 km", str, {"xs": [1, 2], "unit": "km"}),
        ("constructs.dynamic", 12, int, {"n": 4}),
        ("constructs.decides", 6, int, {"x": 3}),
        ("plans.plans", 226, int, {"b": 4}),
    ):
        ended = ours.run(name, version=ours.packaged(), **inputs)
        assert ended.phase == "SUCCEEDED" and value(ended.outputs["o0"], type) == expected, f"{ended}\n{ended.error.message}"
        found.append(ended.name)
    return str(found)


@case("workflow: registering again changes nothing, and another image under the same version is refused")
def again(cluster):
    ours = flows(cluster)
    ours.registered()
    said = ours.register(cluster.version)
    words = {line.split()[-1] for line in said.out.splitlines() if line.startswith(("task ", "workflow ", "launch plan "))}
    assert said.status == 0 and words == {"unchanged"}, said
    other = ours.register(cluster.version, image="other:1")
    assert other.status == 1 and "another one is registered" in other.out and "other:1" in other.out, other
    return said.out.splitlines()[-1]


@case("workflow: a schedule fires once its launch plan is active")
def schedule(cluster):
    ours = flows(cluster)
    plan = ours.plan("plans.by_the_clock")
    state = lambda active: cluster.client.update_launch_plan(  # noqa: E731
        launch_plan_pb2.LaunchPlanUpdateRequest(id=plan, state=launch_plan_pb2.ACTIVE if active else launch_plan_pb2.INACTIVE)
    )
    before = datetime.datetime.now(datetime.timezone.utc)
    state(True)
    try:
        until = time.monotonic() + 150
        while not (found := cluster.scheduled(plan, before)):
            assert time.monotonic() < until, "the schedule does not fire"
            time.sleep(1)
    finally:
        state(False)
    ended = cluster.wait(found[0])
    assert ended.phase == "SUCCEEDED" and value(ended.outputs["o0"], int) == 6, f"{ended}\n{ended.error.message}"
    return f"6 [{ended.name}]"


@case("workflow: recovered, with what had succeeded")
def recovered(cluster):
    ours, luck = flows(cluster), cluster.upload_location("luck")
    first = ours.run("fates.unlucky", x=2, luck=luck.native_url)
    assert first.phase == "FAILED" and "no luck" in first.error.message, first
    cluster.put(luck, b"yes")
    ended = cluster.wait(cluster.recover(first.name))
    phases = {name: node.phase for name, node in ended.nodes.items()}
    assert ended.phase == "SUCCEEDED" and value(ended.outputs["o0"], int) == 5, f"{ended}\n{ended.error.message}"
    assert sorted(phases.values()) == ["RECOVERED", "SUCCEEDED"], phases
    return str(phases)


@case("workflow: aborted while it runs")
def aborted(cluster):
    execution = flows(cluster).launch("fates.endless")
    cluster.running(execution)
    cluster.abort(execution, "enough")
    ended = cluster.wait(execution)
    assert ended.phase == "ABORTED" and [node.phase for node in ended.nodes.values()] == ["ABORTED"], f"{ended} {ended.nodes}"
    return str(ended)


@case("workflow: fetched and executed by FlyteRemote")
def by_flyte_remote(cluster):
    ours = flows(cluster)
    ours.registered()
    remote = cluster.remote()

    def executed(entity, inputs):
        return remote.wait(remote.execute(entity, inputs=inputs), poll_interval=datetime.timedelta(seconds=1))

    def plan(name):
        assert remote.fetch_workflow(name=name, version=cluster.version).interface.outputs
        return remote.fetch_launch_plan(name=name, version=cluster.version)

    chain = executed(plan("cluster_flows.constructs.chain"), {"x": 3})
    mapped = executed(plan("cluster_flows.constructs.mapped"), {"xs": [1, 2], "unit": "km"})
    files = executed(plan("cluster_flows.constructs.files"), {"text": "one two"})
    task = executed(remote.fetch_task(name="cluster_flows.constructs.double", version=cluster.version), {"x": 21})
    assert [ended.error for ended in (chain, mapped, files, task)] == [None] * 4
    assert [ended.outputs.get("o0") for ended in (chain, mapped, task)] == [13, "0.5 km,1 km", 42]
    assert files.outputs.get("words", int) == 2
    assert pathlib.Path(files.outputs.get("file")).read_text() == "one two"
    return str([ended.id.name for ended in (chain, mapped, files, task)])


@case("workflow: a program in an image is registered")
def container_task(cluster):
    ours = flows(cluster)
    ours.registered()
    identifier = cluster.id(identifier_pb2.TASK, "cluster_flows.neighbours.area")
    template = cluster.client.get_task(common_pb2.ObjectGetRequest(id=identifier)).closure.compiled_task.template
    assert template.container.image == "ghcr.io/example/ellipse:1" and template.container.data_config.enabled, template
    return " ".join(template.container.command)


@case("workflow: a hundred executions at once")
def a_hundred(cluster):
    started = [flows(cluster).launch("plans.sums", a=number, b=0) for number in range(100)]
    ended = [cluster.wait(execution) for execution in started]
    found = [value(each.outputs["o0"], int) if each.phase == "SUCCEEDED" else str(each) for each in ended]
    assert found == [number + 100 for number in range(100)], found
    return f"the last of them took {max(each.seconds for each in ended):.1f} s"
