"""What the platform puts around a task, and what it takes from it beside its outputs."""

import json

import neighbours
from ended import shown
from graph import Step, literal, value
from matrix import Inner
from rows import OptNested
from table import Skipped, case


@case("surroundings: identity, attempt, places")
def identity(cluster):
    ended = cluster.run_task(cluster.rust("surroundings.surroundings", "fixture"))
    found = value(ended.outputs["o0"], dict[str, str])
    project, domain = cluster.options.project, cluster.options.domain
    for part in (project, domain, ended.name):
        assert part in found["execution"], found
    for part in (project, domain, "surroundings.surroundings", cluster.version):
        assert part in found["task"], found
    assert found["attempt"] == "0" and found["checkpoint"] == "true" and ended.name in found["outputs"], found
    return f"{found['task']}; outputs under {found['outputs'].split('/', 3)[-1]}"


@case("surroundings: environment of the task and of the execution")
def environment(cluster):
    task = cluster.rust("environment")
    names = ["GREETING", "FROM_EXECUTION", "FLYTE_ATTEMPT_NUMBER", "FLYTE_INTERNAL_TASK_VERSION", "ABSENT"]
    ended = cluster.run_task(task, names=names, environment={"FROM_EXECUTION": "yes"})
    found = value(ended.outputs["o0"], dict[str, str])
    expected = {"GREETING": "hello", "FROM_EXECUTION": "yes", "FLYTE_ATTEMPT_NUMBER": "0", "FLYTE_INTERNAL_TASK_VERSION": cluster.version}
    assert found == expected, found
    return str(found)


@case("surroundings: labels and annotations of the pod")
def labels(cluster):
    if not cluster.kubectl:
        raise Skipped("needs --kubectl")
    ended = cluster.run_task(cluster.rust("environment"), names=["GREETING"])
    metadata = json.loads(cluster.kube("get", "pod", f"{ended.name}-n0-0", "--output=json"))["metadata"]
    assert metadata["labels"]["nebulakit-tests"] == "labelled", metadata
    assert metadata["annotations"]["nebulakit.tests/note"] == "annotated", metadata
    return "nebulakit-tests=labelled, nebulakit.tests/note=annotated"


@case("surroundings: secrets by variable and by file")
def secrets(cluster):
    if cluster.kubectl:
        secret = cluster.kube(
            *"create secret generic nebulakit-tests --dry-run=client --output=yaml".split(),
            "--from-literal=variable=alpha",
            "--from-literal=file=beta",
        )
        cluster.kube("apply", "--filename=-", input=secret)
    ended = cluster.run_task(cluster.rust("secrets"))
    if not cluster.kubectl and "absent" in ended.error.message:
        raise Skipped("needs --kubectl, or a secret `nebulakit-tests` with the keys `variable` (alpha) and `file` (beta)")
    assert ended.outputs == {"o0": literal("alpha"), "o1": literal("beta")}, ended
    return "both found"


@case("surroundings: metrics")
def metrics(cluster):
    ended = cluster.run_task(cluster.rust("metrics"))
    lines = value(ended.outputs["o0"], list[str])
    scope = f"{cluster.options.project}.{cluster.options.domain}.cluster.surroundings.metrics.user_stats."
    found = [(line.removeprefix(scope).split(".")[0], line.rpartition(":")[2]) for line in lines]
    assert found == [("rows", "3|c"), ("load", "2.5|g"), ("took", "20.000000|ms")], lines
    return f"{found}, each as {lines[0]}"


@case("surroundings: log lines, which the platform shows with a lost container")
def logs(cluster):
    ended = cluster.run_task(cluster.rust("logs_and_exits"), text="almost done")
    line = next((line for line in ended.error.message.splitlines() if "almost done" in line), None)
    assert line, ended
    assert ended.attempts[0].logs or not cluster.kubectl, "no link to the log"
    return f"{line}\n{ended.attempts[0].logs}"


@case("surroundings: a deck")
def deck(cluster):
    ended = cluster.run_task(cluster.rust("shows"), fail=False)
    (node,) = ended.nodes.values()
    assert ended.phase == "SUCCEEDED" and node.deck, ended
    page = cluster.deck(node)
    assert "seven <strong>rows</strong>" in page and "Rows" in page, page[:500]
    return f"{len(page)} bytes"


@case("surroundings: a deck of a task that failed")
def deck_after_failure(cluster):
    ended = cluster.run_task(cluster.rust("shows"), fail=True)
    (node,) = ended.nodes.values()
    assert ended.error.code == "USER:RuntimeError" and node.deck, ended
    page = cluster.deck(node)
    assert "seven <strong>rows</strong>" in page, page[:500]
    return f"{len(page)} bytes, {shown(ended.error)}"


@case("surroundings: a deck of a task whose file cannot be stored")
def deck_without_outputs(cluster):
    ended = cluster.run_task(cluster.rust("shows_and_stores_nowhere"))
    (node,) = ended.nodes.values()
    assert "SYSTEM" in ended.error.code and "s3://nebulakit-tests-no-such-bucket/lost.txt" in ended.error.message and node.deck, ended
    page = cluster.deck(node)
    assert "seven <strong>rows</strong>" in page, page[:500]
    return f"{len(page)} bytes, {len(node.attempts)} attempts, {shown(ended.error)}"


@case("surroundings: no deck where none is made")
def no_deck(cluster):
    ended = cluster.run_task(cluster.rust("mod.t1", "fixture"), a=1)
    (node,) = ended.nodes.values()
    assert not node.deck, "a deck of a task that makes none"
    return "none"


def cached(cluster, task, **inputs):
    """Runs a task that is remembered; tells the cache's part in it, the number of attempts and the output."""
    ended = cluster.run_task(task, **inputs)
    assert ended.phase == "SUCCEEDED", ended
    (node,) = ended.nodes.values()
    return node.cache, len(node.attempts), value(ended.outputs["o0"], str)


@case("surroundings: the cache misses, hits, and ignores what it is to ignore")
def cache(cluster):
    task, run = cluster.rust("remembered"), cluster.version
    text = f"{run}: 3 bytes, noise"
    assert (seen := cached(cluster, task, text="abc", run=run, noise=1)) == ("CACHE_POPULATED", 1, f"{text} 1"), seen
    assert (seen := cached(cluster, task, text="abc", run=run, noise=1)) == ("CACHE_HIT", 0, f"{text} 1"), seen
    assert (seen := cached(cluster, task, text="abc", run=run, noise=2)) == ("CACHE_HIT", 0, f"{text} 1"), seen
    assert (seen := cached(cluster, task, text="ab", run=run, noise=1)) == ("CACHE_POPULATED", 1, f"{run}: 2 bytes, noise 1"), seen
    return "CACHE_POPULATED, CACHE_HIT, CACHE_HIT with another ignored input, CACHE_POPULATED with another input"


@case("surroundings: the cache knows a literal by its hash")
def cache_by_hash(cluster):
    known, remembered, run = cluster.rust("known_by"), cluster.rust("remembered"), literal(f"hash {cluster.version}")
    seen = []
    for name, text in (("first", "abc"), ("second", "entirely different")):
        steps = {
            "n0": Step(known, {"text": literal(text), "hash": literal("the same")}),
            "n1": Step(remembered, {"text": ("n0", "o0"), "run": run, "noise": literal(0)}),
        }
        ended = cluster.run(f"cluster.hashed.{name}", steps, {"o0": ("n1", "o0")})
        assert ended.phase == "SUCCEEDED", ended
        seen.append((ended.nodes["n1"].cache, value(ended.outputs["o0"], str)))
    assert [cache for cache, _ in seen] == ["CACHE_POPULATED", "CACHE_HIT"] and seen[0][1] == seen[1][1], seen
    return f"another text of the same hash: CACHE_HIT, {seen[1][1]}"


@case("surroundings: a cache entry of Python's is hit by Rust, and the other way round")
def cache_across(cluster):
    tasks = {"Rust": cluster.rust("neighbours.shared"), "Python": cluster.python(neighbours.shared, version="-python")}
    nested = literal(OptNested(Inner(1, "y"), [Inner(2)]), OptNested)
    for first, second in (("Rust", "Python"), ("Python", "Rust")):
        inputs = {"run": f"{first} {cluster.version}", "nested": nested, "weights": [0.5, -1.0]}
        assert (seen := cached(cluster, tasks[first], **inputs)) == ("CACHE_POPULATED", 1, f"by {first}"), seen
        assert (seen := cached(cluster, tasks[second], **inputs)) == ("CACHE_HIT", 0, f"by {first}"), seen
    return "both CACHE_HIT"


@case("surroundings: literals of 12 MB in files of their own, both ways")
def offloaded(cluster):
    large, measures, python = cluster.rust("large"), cluster.rust("measures"), cluster.python(neighbours.measures)
    steps = {
        "n0": Step(large, {"mebibytes": literal(12)}),
        "n1": Step(python, {"text": ("n0", "o0")}),
        "n2": Step(measures, {"text": ("n1", "o1")}),
        "n3": Step(cluster.rust("measures_all"), {"texts": [("n0", "o0"), ("n2", "o1"), literal("x")]}),
    }
    outputs = {"python": ("n1", "o0"), "rust": ("n2", "o0"), "all": ("n3", "o1"), "large": ("n2", "o1")}
    ended = cluster.run("cluster.offloaded", steps, outputs)
    if ended.error.code == "OutputSizeExceeded" or "LiteralOffloading" in ended.error.code:
        raise Skipped(f"the cluster leaves literals where they are: {shown(ended.error)}")
    assert ended.phase == "SUCCEEDED", ended
    found = {name: value(ended.outputs[name], int) for name in ("python", "rust", "all")}
    assert found == {"python": 12 << 20, "rust": 12 << 20, "all": (24 << 20) + 1}, found
    assert ended.outputs["large"].WhichOneof("value") == "offloaded_metadata", "Rust left it where it was"
    return f"Rust wrote, Python read and wrote, Rust read, alone and in a list: {found}"
