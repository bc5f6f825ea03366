"""Our own command line, and our client in Rust, against the cluster."""

import json
import pathlib
import tempfile

from flows import flows
from graph import value
from table import case


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


def recorded(ours, folder):
    """The nodes of the latest run of a folder, with what they ran and how they ended, and the run's description."""
    said = ours.say("runs", "show", "last", "--json", directory=folder)
    assert said.status == 0, said
    shown = json.loads(said.out)
    return {(node["node"], node["of"], node["status"], node["elements"]) for node in shown["nodes"]}, shown


@case("command line: a map of workflows is recorded as a run here is, element by element")
def mapped_workflows(cluster):
    ours, seen = flows(cluster), []
    for name, inputs, expected in (
        ("mapped_workflows", {"table": [[1, 2], [3], [4, 11]]}, "45"),
        ("mapped_twice", {"tables": [[[1, 2], [3]], [[4]]]}, "23"),
        ("mapped_decisions", {"xs": [11, 3, -1]}, "50"),
    ):
        with tempfile.TemporaryDirectory() as here, tempfile.TemporaryDirectory() as there:
            words = ["--inputs-file", str(pathlib.Path(here) / "inputs.json")]
            pathlib.Path(words[1]).write_text(json.dumps(inputs))
            local, remote = ours.say("run", name, *words, directory=here), ours.remotely(name, *words, directory=there)
            assert (local.status, shown_lines(local)[-1]) == (0, expected), local
            assert (remote.status, shown_lines(remote)[-1]) == (0, expected), remote
            (found, run), (wanted, _) = recorded(ours, there), recorded(ours, here)
            assert found == wanted, f"only there {sorted(found - wanted, key=str)}\nonly here {sorted(wanted - found, key=str)}"
            if name == "mapped_workflows":
                values = [ours.say("runs", "outputs", run["run"], node, directory=there).out.strip() for node in ("n0[2]", "n0[2]/n0[1]", "n0[2]/n1")]
                assert values == ["31", "22", "30"], values
            seen.append(f"{name}: {len(found)} nodes")
    with tempfile.TemporaryDirectory() as folder:
        bad = ours.remotely("mapped_halves", "--xs", "2", "--xs", "3", "--xs", "4", directory=folder)
        assert bad.status == 1 and "the node n0 " in bad.err and "[1]: 3 is odd" in bad.err, bad
        assert "n0[1]/n0 halve: failed" in bad.err, bad
        shown = recorded(ours, folder)[1]
        nodes = {node["node"]: node for node in shown["nodes"]}
        failed = nodes["n0[1]/n0"]
        assert failed["status"] == "failed" and "3 is odd" in failed["failure"]["message"], failed
        assert nodes["n0[1]"]["status"] == "failed" and nodes["n0"]["status"] == "failed", nodes
        assert "n0[1]/n0" in ours.say("runs", "show", "last", directory=folder).out
        execution = bad.out.split()[0].split(":")[2] if bad.out.strip() else bad.err.split()[0].split(":")[2]
        inputs = ours.executions("inputs", execution, "n0[1]/n0", directory=folder)
        assert (inputs.status, inputs.out.strip()) == (0, "3"), inputs
        replayed = ours.executions("replay", execution, "n0[1]/n0", directory=folder)
        assert replayed.status == 1 and "3 is odd" in replayed.err, replayed
    return ", ".join(seen)


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


@case("client: a service in Rust launches tasks and workflows, and awaits what they give")
def client_in_rust(cluster):
    flows(cluster, "launching").registered()
    with tempfile.TemporaryDirectory() as folder:
        for name, text in (("a.txt", "one"), ("b.txt", "two")):
            (pathlib.Path(folder) / name).write_text(text)
        said = flows(cluster, "launching_service").say(folder)
    assert said.status == 0, said
    divider, lines, whole, joined, failing = said.out.splitlines()
    assert (divider, lines, whole) == ("divider: 0.5", "lines: 3", "whole: 396"), said
    assert joined.startswith("joined: 6 bytes at ") and "://" in joined, said
    assert "NotToBeHad" in failing and "8 is not to be had" in failing, said
    return said.out
