#!/usr/bin/env python3
"""What a node that does nothing costs other engines, beside a run of ours with its record.

    benches/peers.py [--flytekit PYTHON] [--prefect PYTHON] [--snakemake PYTHON] [--dask PYTHON] [--nodes 1000] [--rounds 3]

Each PYTHON has that peer installed; a peer without one takes no part. CPU time of the process and of all that it starts, for each node that a graph of
NODES nodes has more than a graph of one: what imports and servers take to start is in neither. The sides take turns; ratios are of one round. Nothing is sent
anywhere: Prefect's server is its own on loopback, in a folder of its own.
"""

import argparse
import ctypes
import json
import os
import pathlib
import resource
import statistics
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
GRAPHS = ROOT / "benches/python/graphs.py"

# The name of its distribution, and what starts its nodes.
PEERS = {
    "flytekit": "local execution, one after the other",
    "prefect": "thread pool, ephemeral server",
    "snakemake": "greedy scheduler, a shell for each job",
    "dask": "threaded scheduler",
}

SHAPES = ["chain", "wide"]

# Of Linux' prctl: who was started by what has ended becomes ours, so that its time is known.
PR_SET_CHILD_SUBREAPER = 36


def bench():
    """The benchmark of ours, built."""
    command = "cargo bench --no-run --message-format=json -p nebulakit-benches --no-default-features --features run --bench local"
    built = subprocess.run(command.split(), cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout
    found = [json.loads(line) for line in built.splitlines()]
    return next(one["executable"] for one in found if one.get("target", {}).get("name") == "local" and one.get("executable"))


def version(python, name):
    script = f"import importlib.metadata; print(importlib.metadata.version({name!r}))"
    return subprocess.run([python, "-c", script], check=True, capture_output=True, text=True).stdout.strip()


def cpu(command):
    """The CPU time of a command and all that it starts, in seconds."""
    with tempfile.TemporaryDirectory() as folder:
        environment = os.environ | {
            "DO_NOT_TRACK": "1",
            "PREFECT_HOME": folder,
            "PREFECT_LOGGING_LEVEL": "ERROR",
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "TMPDIR": folder,
        }
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        ended = subprocess.run(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if ended.returncode != 0:
            raise SystemExit(f"{command} failed:\n{ended.stderr}")
        try:
            while True:
                os.wait()
        except ChildProcessError:
            pass
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def each(command, shape, nodes):
    """The CPU time of one node more, in microseconds."""
    return (cpu([*command, shape, str(nodes)]) - cpu([*command, shape, "1"])) * 1e6 / (nodes - 1)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for peer in PEERS:
        parser.add_argument(f"--{peer}", metavar="PYTHON")
    parser.add_argument("--nodes", type=int, default=1_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    ours = [bench(), "recorded"]
    print("| peer | graph | nodes | CPU of a node | of ours, recorded | ratio |\n|---|---|---|---|---|---|")
    for peer, scheduler in PEERS.items():
        if not (python := getattr(asked, peer)):
            continue
        for shape in SHAPES:
            # Our graph is larger where theirs takes long: a start of ours is as long as a hundred nodes.
            rounds = [(each([python, GRAPHS, peer], shape, asked.nodes), each(ours, shape, 10_000)) for _ in range(asked.rounds)]
            theirs, own = (statistics.median(side) for side in zip(*rounds))
            ratio = statistics.median(theirs / own for theirs, own in rounds)
            name = f"{peer} {version(python, peer)}, {scheduler}"
            print(f"| {name} | {shape} | {asked.nodes} | {theirs:.0f} us | {own:.1f} us | {ratio:.0f} |", flush=True)


main()
