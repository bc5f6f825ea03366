"""Workflows of ours, registered by the binary that holds them: every construct."""

import datetime
import pathlib
import tempfile
import time

from flyteidl.admin import common_pb2, launch_plan_pb2
from flyteidl.core import identifier_pb2

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


def fails(name, *says, **inputs):
    """A case that runs a workflow which fails, and looks for what its error says."""

    def run(cluster):
        ended = flows(cluster).run(name, **inputs)
        assert ended.phase == "FAILED", ended
        missing = [word for word in says if word not in f"{ended.error.code}: {ended.error.message}"]
        assert not missing, f"{missing} is not in {ended.error.code}: {ended.error.message}"
        return f"{shown(ended.error)} [{ended.name}]"

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
        ("a map with too many failures", fails("constructs.enough", "is odd", xs=[1, 3, 4, 5])),
        ("a map in which one fails", fails("constructs.all_of_them", "USER:RuntimeError", "3 is odd", xs=[2, 3, 4])),
        ("a map over nothing", gives("constructs.many", 0, xs=literal([], LIST))),
        ("a map of 500", gives("constructs.many", 2 * sum(MANY), xs=MANY)),
        ("a condition, first arm", gives("constructs.decides", 44, x=11)),
        ("a condition, arm of an arm: a constant", gives("constructs.decides", 0, x=-1)),
        ("a condition, arm of an arm: a task", gives("constructs.decides", 6, x=3)),
        ("a condition without an answer", fails("constructs.decides", "seven is no answer", x=7)),
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
        ("an error with a code", fails("fates.goes_on", "FLOWS:Broken", "one of two", x=1)),
        ("a task that comes back with its checkpoint", gives("fates.returns", "012", str, last=2)),
    )
]


@case("workflow: parts of structs, lists of promises and constants")
def bindings(cluster):
    ended = flows(cluster).run("constructs.bindings", x=4)
    assert ended.phase == "SUCCEEDED", f"{ended}\n{ended.error.message}"
    assert (value(ended.outputs["sum"], int), value(ended.outputs["parts"], LIST)) == (12, [4, 7, 4]), ended.outputs
    return f"[{ended.name}]"


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
    until = time.monotonic() + 120
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
    until = time.monotonic() + 120
    while not any(node.phase == "RUNNING" for node in cluster.nodes(execution).values()):
        assert time.monotonic() < until, f"{execution.name} does not run"
        time.sleep(0.2)
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


def shown_lines(said):
    return said.out.strip().splitlines()


@case("command line: run --remote --wait, with its outputs and exit codes")
def run_remote(cluster):
    ours = flows(cluster)
    with tempfile.TemporaryDirectory() as folder:
        good = ours.remotely("chain", "--x", "3", directory=folder)
        assert (good.status, shown_lines(good)[-1]) == (0, "13"), good
        task = ours.remotely("double", "--x", "21", directory=folder)
        assert (task.status, shown_lines(task)[-1]) == (0, "42"), task
        (pathlib.Path(folder) / "text.txt").write_text("one two three")
        file = ours.remotely("words_of", "--file", "text.txt", directory=folder)
        assert (file.status, shown_lines(file)[-1]) == (0, "3"), file
        bad = ours.remotely("goes_on", "--x", "3", directory=folder)
        assert bad.status == 1 and "FLOWS:Broken" in bad.err and "one of two" in bad.err, bad
        missing = ours.remotely("chain", directory=folder)
        assert missing.status == 2 and "--x" in missing.err, missing
        unknown = ours.say("run", "chain", "--remote", *ours.place(), "--version", "never", "--x", "1", directory=folder)
        assert unknown.status == 1 and "never" in unknown.err, unknown
        runs = ours.say("runs", "list", directory=folder)
        assert runs.out.count("cluster_flows.") >= 4, runs
    return bad.err.strip().splitlines()[-2]


@case("command line: executions are listed, shown, their values printed, and a failure replayed here")
def executions(cluster):
    ours = flows(cluster)
    with tempfile.TemporaryDirectory() as folder:
        good = ours.run("constructs.files", text="one two")
        listed = ours.executions("list", "--workflow", "cluster_flows.constructs.files", directory=folder)
        assert good.name in listed.out, listed
        found = ours.executions("show", good.name, directory=folder)
        assert found.status == 0 and "succeeded" in found.out and "n0" in found.out, found
        values = ours.executions("outputs", good.name, directory=folder)
        assert values.status == 0 and "s3://" in values.out and "2" in values.out, values
        inputs = ours.executions("inputs", good.name, directory=folder)
        assert "one two" in inputs.out, inputs
        failed = ours.run("fates.goes_on", x=1)
        found = ours.executions("show", failed.name, directory=folder)
        assert "FLOWS:Broken" in found.out and "one of two" in found.out, found
        replayed = ours.executions("replay", failed.name, directory=folder)
        assert replayed.status == 1 and "error[FLOWS:Broken]: one of two" in replayed.err, replayed
        watched = ours.executions("watch", failed.name, directory=folder)
        assert watched.status == 1 and "FLOWS:Broken" in watched.err, watched
    return shown_lines(found)[-1]


@case("command line: gates are answered, executions terminated, relaunched and recovered")
def steered(cluster):
    ours, luck = flows(cluster), cluster.upload_location("luck")
    with tempfile.TemporaryDirectory() as folder:
        ask = lambda verb, *words: ours.executions(verb, *words, directory=folder)  # noqa: E731
        gated = ours.launch("constructs.gated", x=3)
        for signal, answer in (("more", "4"), ("release", "approve")):
            said = ask("signal", gated.name, signal, answer)
            assert said.status == 0, said
        ended = cluster.wait(gated)
        assert ended.phase == "SUCCEEDED" and value(ended.outputs["o0"], int) == 7, ended
        part = ours.launch("constructs.approved", x=9)
        assert ask("signal", part.name, "release", "approve").status == 0
        ended = cluster.wait(part)
        assert ended.phase == "SUCCEEDED" and value(ended.outputs["o0"], int) == 9, ended
        endless = ours.launch("fates.endless")
        assert ask("terminate", endless.name, "--cause", "enough").status == 0
        assert cluster.wait(endless).phase == "ABORTED"
        first = ours.run("fates.unlucky", x=2, luck=luck.native_url)
        cluster.put(luck, b"yes")
        for verb in ("recover", "relaunch"):
            said = ask(verb, first.name)
            assert said.status == 0, said
            name = said.out.split()[-1].split(":")[-1]
            ended = cluster.wait(cluster.execution(name))
            assert ended.phase == "SUCCEEDED" and value(ended.outputs["o0"], int) == 5, ended
        return f"{verb}: {said.out.strip()}"
