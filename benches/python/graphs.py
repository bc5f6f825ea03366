"""Runs a graph of tasks that do nothing, once: `python graphs.py PEER SHAPE NODES`, with the peer installed. `benches/peers.py` measures it."""

import contextlib
import pathlib
import subprocess
import sys
import tempfile


def same(x: int) -> int:
    return x


def count(xs: list[int]) -> int:
    return len(xs)


def flytekit(shape, nodes):
    from flytekit import task, workflow

    one, all = task(same), task(count)

    @workflow
    def graph(x: int) -> int:
        if shape == "chain":
            for _ in range(nodes):
                x = one(x=x)
            return x
        return all(xs=[one(x=x) for _ in range(nodes)])

    return graph(x=1)


def prefect(shape, nodes):
    from prefect import flow, task

    one, all = task(same), task(count)

    @flow
    def graph(x):
        if shape == "chain":
            for _ in range(nodes):
                x = one.submit(x)
            return x.result()
        return all.submit([one.submit(x) for _ in range(nodes)]).result()

    return graph(1)


SNAKEFILE = {
    "chain": """
rule all:
    input: "{nodes}"
rule first:
    output: "0"
    shell: "touch {{output}}"
rule same:
    input: lambda wildcards: str(int(wildcards.node) - 1)
    output: "{{node,[1-9][0-9]*}}"
    shell: "touch {{output}}"
""",
    "wide": """
rule count:
    input: [f"same/{{node}}" for node in range({nodes})]
    output: "count"
    shell: "touch {{output}}"
rule same:
    output: "same/{{node}}"
    shell: "touch {{output}}"
""",
}


def snakemake(shape, nodes):
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder, "Snakefile")
        file.write_text(SNAKEFILE[shape].format(nodes=nodes))
        command = [sys.executable, "-m", "snakemake", "--directory", folder, "--snakefile", file, "--cores", "2"]
        subprocess.run([*command, "--scheduler", "greedy", "--quiet", "all"], check=True, capture_output=True)
    return nodes


def dask(shape, nodes):
    from dask.threaded import get

    if shape == "chain":
        graph = {("same", 0): (same, 1)} | {("same", node): (same, ("same", node - 1)) for node in range(1, nodes)}
        return get(graph, ("same", nodes - 1))
    graph = {("same", node): (same, 1) for node in range(nodes)}
    return get(graph | {"count": (count, list(graph))}, "count")


def main():
    peer, shape, nodes = sys.argv[1], sys.argv[2], int(sys.argv[3])
    run = {"flytekit": flytekit, "prefect": prefect, "snakemake": snakemake, "dask": dask}[peer]
    with contextlib.redirect_stdout(sys.stderr):
        gave = run(shape, nodes)
    assert gave == (1 if shape == "chain" and peer != "snakemake" else nodes), gave


main()
