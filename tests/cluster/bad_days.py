"""Parts of the cluster go away and come back: nothing is lost, nothing hangs without saying so, and the cause is told."""

import concurrent.futures
import contextlib
import subprocess
import tempfile
import time

from ended import shown
from flows import flows
from graph import literal, value
from table import Skipped, case

# How long admin is away: longer than a call is repeated without a word.
AWAY = 60


def can(cluster, *names):
    """Skips a case whose commands are not given."""
    if missing := [name for name in names if not getattr(cluster.options, name.replace("-", "_"))]:
        raise Skipped(f"needs --{' and --'.join(missing)}")


def does(cluster, name):
    # Who is started and goes on running has no say in when the command has ended.
    subprocess.run(getattr(cluster.options, name.replace("-", "_")), shell=True, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


@contextlib.contextmanager
def admin_away(cluster):
    """Admin is killed, and is back afterwards."""
    does(cluster, "admin-down")
    try:
        yield
    finally:
        does(cluster, "admin-up")
        cluster.until(lambda: answers(cluster), "admin does not come back")


def answers(cluster):
    try:
        cluster.check()
    except Exception:
        return False
    return True


def entities(said):
    """What a registration says of each entity."""
    return [line.split()[-1] for line in said.out.splitlines() if line.startswith(("task ", "workflow ", "launch plan "))]


@case("bad day: admin is killed while entities are registered")
def during_register(cluster):
    can(cluster, "admin-down", "admin-up")
    ours, version = flows(cluster), f"{cluster.version}-killed"
    ours.registered()
    started = ours.start_register(version, "--concurrency", "1")
    cluster.until(lambda: cluster.tasks(version), "nothing is registered")
    with admin_away(cluster):
        time.sleep(AWAY)
    first = ours.told(started, 300)
    assert first.status in (0, 1), first
    # One that gives up says so.
    assert first.status == 0 or "did not answer" in first.err + first.out, first
    again, once_more = ours.register(version), ours.register(version)
    assert again.status == 0 and set(entities(again)) <= {"created", "unchanged"}, again
    assert once_more.status == 0 and set(entities(once_more)) == {"unchanged"}, once_more
    ended = ours.run("constructs.chain", version=version, x=3)
    assert ended.phase == "SUCCEEDED" and value(ended.outputs["o0"], int) == 13, ended
    left = entities(again).count("created")
    return f"exit code {first.status}, {left} of {len(entities(again))} left for the second time\n{first.err.strip()[-300:]}"


@case("bad day: admin is killed while a run is awaited")
def during_wait(cluster):
    can(cluster, "admin-down", "admin-up")
    ours = flows(cluster)
    with tempfile.TemporaryDirectory() as folder:
        started, execution = awaited(cluster, folder, "gated", "--x", "3")
        cluster.until(lambda: cluster.signals(execution), "no gate")
        with admin_away(cluster):
            time.sleep(AWAY)
            assert started.poll() is None, ours.told(started)
        cluster.signal(execution, "more", literal(4))
        cluster.until(lambda: len(cluster.signals(execution)) == 2, "no second gate")
        cluster.signal(execution, "release", literal(True))
        said = ours.told(started, 300)
    assert said.status == 0 and said.out.strip().splitlines()[-1] == "7", said
    assert "did not answer" in said.err and "answers again" in said.err, said.err
    return f"7 [{execution.name}]\n{said.err.strip()[-600:]}"


def awaited(cluster, folder, name, *words):
    """A run of our command line that waits for its execution, and that execution."""
    ours = flows(cluster)
    ours.registered()
    known = {found.name for found in cluster.executions_of(f"{ours.name}.constructs.{name}")}
    started = ours.start("run", name, "--remote", "--wait", *ours.place(), "--version", cluster.version, *words, directory=folder)

    def new():
        assert started.poll() is None, ours.told(started)
        return [found for found in cluster.executions_of(f"{ours.name}.constructs.{name}") if found.name not in known]

    return started, cluster.until(new, f"{name} is not launched")[0]


@case("bad day: the engine stands still for a minute")
def engine_stands_still(cluster):
    can(cluster, "propeller-down", "propeller-up")
    with tempfile.TemporaryDirectory() as folder:
        started, execution = awaited(cluster, folder, "dynamic_nested", "--n", "4")
        cluster.running(execution)
        does(cluster, "propeller-down")
        try:
            time.sleep(60)
            assert started.poll() is None, flows(cluster).told(started)
        finally:
            does(cluster, "propeller-up")
        back = time.monotonic()
        said = flows(cluster).told(started, 300)
        took = time.monotonic() - back
    assert said.status == 0 and said.out.strip().splitlines()[-1] == "73", said
    ended = cluster.wait(execution)
    retried = {name: len(node.attempts) for name, node in ended.nodes.items() if len(node.attempts) > 1}
    assert ended.phase == "SUCCEEDED" and not retried, f"{ended} {retried}"
    return f"73, {took:.0f} s after it went on [{execution.name}]"


@case("bad day: the store refuses what a node writes")
def store_refuses(cluster):
    can(cluster, "store-refuses", "store-takes")
    execution = flows(cluster).launch("fates.late", text="kept")
    node = cluster.running(execution)
    does(cluster, "store-refuses")
    try:
        failed = cluster.until(lambda: [each for each in attempts_of(cluster, execution, node) if each.phase == "FAILED"], "no attempt fails")
    finally:
        does(cluster, "store-takes")
    ended = cluster.wait(execution)
    message = failed[0].error.message
    assert "late.txt" in message or "outputs" in message, message
    assert ended.phase == "SUCCEEDED" and value(ended.outputs["o0"], str) == "kept", f"{ended}\n{ended.error.message}"
    return f"{shown(failed[0].error)}, then right [{ended.name}]\n{message}"


def attempts_of(cluster, execution, node):
    return cluster.nodes(execution)[node.id.node_id].attempts


@case("bad day: a hundred command lines launch and wait at once")
def a_hundred(cluster):
    ours = flows(cluster)
    ours.registered()
    with tempfile.TemporaryDirectory() as folder, concurrent.futures.ThreadPoolExecutor(100) as pool:
        run = lambda number: ours.remotely("sums", "--a", str(number), "--b", "0", directory=folder)  # noqa: E731
        begun = time.monotonic()
        said = list(pool.map(run, range(100)))
        took = time.monotonic() - begun
        runs = ours.say("runs", "list", directory=folder)
    wrong = [(number, each) for number, each in enumerate(said) if each.status or each.out.strip().splitlines()[-1] != str(number + 100)]
    assert not wrong, f"{len(wrong)} of 100: {wrong[:3]}"
    assert runs.out.count("plans.sums") == 100, runs
    return f"all of them right in {took:.0f} s"
