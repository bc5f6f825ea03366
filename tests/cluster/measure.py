"""The same trivial task by flytekit, by us and by a bare program, head to head on one cluster.

Walls are the platform's own, from the start of an execution to its end. CPU and memory come from a file that whatever runs the containers appends
JSON lines to, if there is one: `pod`, `cpu_seconds`, `peak_bytes`; requests come from the access log of the S3 server.

usage: run measure [options of the suite] [--rounds 3] [--maps 20,100] [--parallelism 0] [--sides nebulakit,bare] [--usage FILE] [--access-log FILE]
"""

import json
import pathlib
import statistics

from cluster import Cluster
from graph import Step, literal


def bare(template):
    """The floor takes where its inputs are and where its outputs go, and that is all."""
    template.container.command[:] = ["bare"]
    template.container.args[:] = ["{{.input}}", "{{.outputPrefix}}"]


def tasks(cluster, mapped):
    """The task of each side."""
    import trivial

    more = {"mapped": True} if mapped else {}
    return {
        "flytekit": cluster.python(trivial.add, version="-python", mapped=mapped),
        "nebulakit": cluster.rust("add", "trivial", **more),
        "bare": cluster.rust("add", "trivial", suffix="-bare", change=bare, **more),
    }


def workflow(cluster, side, shape, count):
    """Registers one task, a chain of them, or a map over a list."""
    one = literal(1)
    if shape == "map":
        numbers = literal(list(range(count)))
        steps = {"n0": Step(tasks(cluster, True)[side], {"a": numbers, "b": numbers}, ratio=1.0, parallelism=cluster.options.parallelism)}
    else:
        task = tasks(cluster, False)[side]
        steps = {f"n{index}": Step(task, {"a": (f"n{index - 1}", "o0") if index else one, "b": one}) for index in range(count)}
    last = f"n{len(steps) - 1}"
    return cluster.workflow(f"cluster.measure.{side}.{shape}-{count}", steps, outputs={"o0": (last, "o0")})


def expected(shape, count):
    return literal([2 * number for number in range(count)]) if shape == "map" else literal(count + 1)


def usage(file, execution):
    """CPU seconds and the peak of memory of an execution's containers."""
    if not file:
        return None, None
    lines = [json.loads(line) for line in pathlib.Path(file).read_text().splitlines() if execution in line]
    return sum(line["cpu_seconds"] for line in lines), max(line["peak_bytes"] for line in lines) / 2**20


def requests(file, execution):
    """Requests of an execution's containers to the object store; those of the platform itself are made by Go."""
    if not file:
        return None
    return sum(execution in line and "aws-sdk-go" not in line for line in pathlib.Path(file).read_text().splitlines())


def main(options):
    cluster = Cluster(options)
    cluster.check()
    shapes = [("one", 1), ("chain", 20), *(("map", int(count)) for count in options.maps.split(","))]
    sides = options.sides.split(",")
    print("| workflow | tasks | wall | / bare | CPU of the containers | peak of one | requests |\n|---|---|---|---|---|---|---|")
    for shape, count in shapes:
        plans = {side: workflow(cluster, side, shape, count) for side in sides}
        runs = {side: [] for side in sides}
        for _ in range(options.rounds):
            for side in sides:
                ended = cluster.wait(cluster.launch(plans[side]))
                assert ended.phase == "SUCCEEDED" and ended.outputs["o0"] == expected(shape, count), f"{side} {shape}: {ended}"
                runs[side].append((ended.seconds, *usage(options.usage, ended.name), requests(options.access_log, ended.name)))
        label = "one task" if shape == "one" else f"{shape} of {count}"
        row = {side: [None if column[0] is None else statistics.median(column) for column in zip(*runs[side])] for side in sides}
        for side in sides:
            show(label, side, row)


def show(label, side, row):
    wall, cpu, peak, asked = row[side]
    cells = [label, side, f"{wall:.2f} s", f"{wall / row['bare'][0]:.2f}" if "bare" in row else ""]
    cells += ["", ""] if cpu is None else [f"{cpu:.3f} s", f"{peak:.1f} MiB"]
    print("| " + " | ".join([*cells, "" if asked is None else f"{asked:.0f}"]) + " |", flush=True)
