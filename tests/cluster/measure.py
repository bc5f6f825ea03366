"""The same work by flytekit, by us and by a bare program, head to head on one cluster.

Walls are the platform's own, from the start of an execution to its end. CPU and memory come from a file that whatever runs the containers appends
JSON lines to, if there is one: `pod`, `cpu_seconds`, `peak_bytes`; requests come from the access log of the S3 server. `--runs FILE` keeps
the runs, so that a measurement can be taken in parts: the table and the chart are of all runs in the file.

usage: run measure [options of the suite] [--shapes one-1,chain-20,map-20,map-100,map-500,files-100] [--rounds 3] [--sides nebulakit,bare]
           [--parallelism 0] [--runs FILE] [--usage FILE] [--access-log FILE]
"""

import collections
import functools
import json
import math
import pathlib
import statistics

from cluster import Cluster
from graph import Step, literal

SIDES = ("flytekit", "nebulakit", "bare")


# The same change for the same words: a task is registered once.
@functools.cache
def bare(program, *words):
    """The floor takes where its inputs are and where its outputs go, and that is all."""

    def change(template):
        template.container.command[:] = [program]
        template.container.args[:] = [*words, "{{.input}}", "{{.outputPrefix}}"]
        if words:
            template.container.args.append("{{.rawOutputDataPrefix}}")

    return change


def adds(cluster, side, mapped=False):
    """The task of one side that adds two numbers."""
    import trivial

    if side == "flytekit":
        return cluster.python(trivial.add, version="-python", mapped=mapped)
    more = {"mapped": True} if mapped else {}
    return cluster.rust("add", "trivial", **more, **({"suffix": "-bare", "change": bare("bare")} if side == "bare" else {}))


def moves(cluster, side, name):
    """The task of one side that makes files, rewrites them, or counts their bytes."""
    import many_files

    if side == "flytekit":
        return cluster.python(getattr(many_files, name), version="-python")
    more = {"suffix": "-bare", "change": bare("bare_files", name)} if side == "bare" else {}
    return cluster.rust(name, "files", **more)


def workflow(cluster, side, shape, count):
    """Registers one task, a chain of them, a map over a list, or a chain of three that moves files."""
    one = literal(1)
    if shape == "map":
        numbers, parallelism = literal(list(range(count))), cluster.options.parallelism
        steps = {"n0": Step(adds(cluster, side, True), {"a": numbers, "b": numbers}, ratio=1.0, parallelism=parallelism)}
    elif shape == "files":
        steps = {
            "n0": Step(moves(cluster, side, "make"), {"count": literal(count)}),
            "n1": Step(moves(cluster, side, "again"), {"files": ("n0", "o0")}),
            "n2": Step(moves(cluster, side, "total"), {"files": ("n1", "o0")}),
        }
    else:
        task = adds(cluster, side)
        steps = {f"n{index}": Step(task, {"a": (f"n{index - 1}", "o0") if index else one, "b": one}) for index in range(count)}
    last = f"n{len(steps) - 1}"
    return cluster.workflow(f"cluster.measure.{side}.{shape}-{count}", steps, outputs={"o0": (last, "o0")})


def expected(shape, count):
    if shape == "files":
        return literal(count << 20)
    return literal([2 * number for number in range(count)]) if shape == "map" else literal(count + 1)


def lines(file, execution):
    return [line for line in pathlib.Path(file).read_text().splitlines() if execution in line] if file else []


def measured(options, ended, side, shape):
    """One run, as a line of the file of runs."""
    usage = [json.loads(line) for line in lines(options.usage, ended.name)]
    # The platform's own requests are made by Go.
    requests = [line for line in lines(options.access_log, ended.name) if "aws-sdk-go" not in line]
    return {
        "shape": shape,
        "side": side,
        "seconds": ended.seconds,
        "cpu_seconds": sum(line["cpu_seconds"] for line in usage) if options.usage else None,
        "peak_bytes": max((line["peak_bytes"] for line in usage), default=None),
        "containers": len(usage),
        "requests": len(requests) if options.access_log else None,
    }


def main(options):
    cluster = Cluster(options)
    cluster.check()
    runs = pathlib.Path(options.runs) if options.runs else None
    kept = [json.loads(line) for line in runs.read_text().splitlines()] if runs and runs.exists() else []
    for label in options.shapes.split(","):
        shape, count = label.rsplit("-", 1)
        plans = {side: workflow(cluster, side, shape, int(count)) for side in options.sides.split(",")}
        for _ in range(options.rounds):
            for side, plan in plans.items():
                ended = cluster.wait(cluster.launch(plan))
                assert ended.phase == "SUCCEEDED" and ended.outputs["o0"] == expected(shape, int(count)), f"{side} {label}: {ended}"
                kept.append(measured(options, ended, side, label))
                if runs:
                    with runs.open("a") as file:
                        print(json.dumps(kept[-1]), file=file)
    table(kept)
    chart(kept)


NAMES = {"one": "one task", "chain": "chain of {}", "map": "map of {}", "files": "{} files of 1 MiB, chain of 3"}


def medians(runs):
    """For each shape and side the number of runs, and the medians of what was measured."""
    found = collections.defaultdict(list)
    for run in runs:
        found[run["shape"], run["side"]].append(run)
    middle = lambda values: None if None in values else statistics.median(values)  # noqa: E731
    columns = ("seconds", "cpu_seconds", "peak_bytes", "requests")
    return {key: (len(of), *(middle([run[column] for run in of]) for column in columns)) for key, of in found.items()}


def shapes(rows):
    """The shapes in the order of their first runs, with their names."""
    labels = dict.fromkeys(shape for shape, _ in rows)
    return {label: NAMES[label.rsplit("-", 1)[0]].format(label.rsplit("-", 1)[1]) for label in labels}


def table(runs):
    rows = medians(runs)
    print("| execution | tasks | runs | wall | against bare | CPU of the containers | below flytekit | peak of one | requests |")
    print("|---|---|---|---|---|---|---|---|---|")
    for label, name in shapes(rows).items():
        for side in SIDES:
            if (label, side) not in rows:
                continue
            count, wall, cpu, peak, requests = rows[label, side]
            floor, python = rows.get((label, "bare")), rows.get((label, "flytekit"))
            cells = [name, side, count, f"{wall:.2f} s", f"{wall / floor[1]:.2f}" if floor else ""]
            cells += ["" if cpu is None else f"{cpu:.3f} s", f"{python[2] / cpu:.0f} times" if python and cpu and side != "flytekit" else ""]
            cells += ["" if peak is None else f"{peak / 2**20:.1f} MiB", "" if requests is None else f"{requests:.0f}"]
            print("| " + " | ".join(map(str, cells)) + " |", flush=True)


def chart(runs, width=60):
    """Walls as bars; each doubling is as long as the next one."""
    rows = medians(runs)
    least = min(wall for _, wall, *_ in rows.values())
    scale = (width - 1) / max(1, math.log2(max(wall for _, wall, *_ in rows.values()) / least))
    print("\n```text")
    for label, name in shapes(rows).items():
        for side in SIDES:
            if (label, side) in rows:
                wall = rows[label, side][1]
                print(f"{name:30} {side:10} {'█' * (1 + round(scale * math.log2(wall / least)))} {wall:.2f} s")
    print("```")
