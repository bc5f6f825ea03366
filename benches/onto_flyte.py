#!/usr/bin/env python3
"""The same workflows on one cluster, registered by our program, by flytekit, and with a bare program in the place of ours.

    benches/onto_flyte.py --desk FILE --programs FOLDER --images FOLDER [--endpoint HOST:PORT --insecure] [--rounds 3] [--flytekit-rounds 1]
                          [--shapes chain_20,map_20,map_100,map_500,dynamic_50,nested_20] [--sides nebulakit,bare,flytekit] [--runs FILE]

The cluster starts containers as processes, and an image `NAME:v1` is the folder NAME_v1/bin of --images, which is written here. Python is one that has
flytekit. --programs has the programs of the images, and --desk is the one of them that can register:

    cargo build --release -p nebulakit-benches --no-default-features --features s3,image --bin onto_flyte --bin bare --bin metered
    cargo build -p nebulakit-benches --features flyte --bin onto_flyte

Ours and the bare program are registered by the same messages. Walls are the platform's own, from the start of an execution to its end; CPU is that of the
containers' processes. `--runs FILE` keeps the runs: it can be done in parts, and the table is of all runs in the file.
"""

import argparse
import dataclasses
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import uuid

from flyteidl.admin import common_pb2, execution_pb2, task_pb2
from flyteidl.core import execution_pb2 as phases
from flyteidl.core import identifier_pb2, literals_pb2
from flytekit.clients.raw import RawSynchronousFlyteClient
from flytekit.configuration import Config, Image, ImageConfig, PlatformConfig, SerializationSettings
from flytekit.remote import FlyteRemote

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = "onto_flyte"
SIDES = ("flytekit", "nebulakit", "bare")
SHAPES = {
    "chain_20": ("chain of 20", 21),
    "map_20": ("map of 20", [2 * number for number in range(20)]),
    "map_100": ("map of 100", [2 * number for number in range(100)]),
    "map_500": ("map of 500", [2 * number for number in range(500)]),
    "dynamic_50": ("dynamic fan-out of 50", [2 * number for number in range(50)]),
    "nested_20": ("nested sub-workflows of 20", 21),
}
DYNAMIC = f"{PROGRAM}.fan_out"
ENDED = {phases.WorkflowExecution.SUCCEEDED, phases.WorkflowExecution.FAILED, phases.WorkflowExecution.ABORTED, phases.WorkflowExecution.TIMED_OUT}


class Images:
    """The folders that play images: each program in them is `metered`, with the real one beside it."""

    def __init__(self, options):
        self.options, self.programs = options, pathlib.Path(options.programs)
        for side in SIDES:
            shutil.rmtree(self.folder(side), ignore_errors=True)
            self.folder(side).mkdir(parents=True)
        self.add("nebulakit", PROGRAM, self.programs / PROGRAM)
        self.add("bare", PROGRAM, self.programs / "bare")
        for name in ("pyflyte-execute", "pyflyte-map-execute"):
            self.add("flytekit", name, None)
            script = pathlib.Path(sys.executable).with_name(name)
            measured = self.folder("flytekit") / f"{name}.measured"
            measured.write_text(f'#!/bin/sh\nPYTHONPATH={ROOT / "benches/python"} PYTHONDONTWRITEBYTECODE=1 exec {script} "$@"\n')
            measured.chmod(0o755)

    def name(self, side):
        return f"{PROGRAM}-{side}:v1"

    def folder(self, side):
        return pathlib.Path(self.options.images, self.name(side).replace(":", "_"), "bin")

    def add(self, side, name, program):
        shutil.copy(self.programs / "metered", self.folder(side) / name)
        if program:
            shutil.copy(program, self.folder(side) / f"{name}.measured")

    def usage(self, side, execution):
        """What the containers of an execution took."""
        file = self.folder(side).with_name("usage.jsonl")
        lines = map(json.loads, file.read_text().splitlines()) if file.exists() else ()
        return [line for line in lines if line["execution"] == execution]


class Cluster:
    """One project of a cluster, and a version for each side."""

    def __init__(self, options, images):
        self.options, self.images = options, images
        platform = PlatformConfig.auto(options.config)
        if options.endpoint:
            platform = dataclasses.replace(platform, endpoint=options.endpoint, insecure=options.insecure)
        self.platform, self.client = platform, RawSynchronousFlyteClient(platform)
        self.version = f"{time.strftime('%Y%m%d-%H%M%S')}-{uuid.uuid4().hex[:6]}"

    def id(self, kind, side, name):
        place = {"project": self.options.project, "domain": self.options.domain}
        return identifier_pb2.Identifier(resource_type=kind, name=name, version=f"{self.version}-{side}", **place)

    def register(self, side):
        if side == "flytekit":
            return self.register_python(side)
        words = ["register", "--project", self.options.project, "--domain", self.options.domain, "--version", f"{self.version}-{side}"]
        words += ["--image", self.images.name(side), "--binary", PROGRAM]
        environment = dict(os.environ)
        if self.options.config:
            environment["FLYTECTL_CONFIG"] = self.options.config
        if self.options.endpoint:
            environment["FLYTE_PLATFORM_URL"] = self.options.endpoint
            environment["FLYTE_PLATFORM_INSECURE"] = "true" if self.options.insecure else "false"
        subprocess.run([self.options.desk, *words], check=True, env=environment, stdout=subprocess.DEVNULL)
        if side == "bare":
            (self.images.folder(side) / "futures.pb").write_bytes(self.ready_made(side))

    def ready_made(self, side):
        """The job that our dynamic task makes, for the bare program: with the template that is registered for that."""
        found = self.client.get_task(common_pb2.ObjectGetRequest(id=self.id(identifier_pb2.TASK, side, DYNAMIC)))
        inputs = literals_pb2.LiteralMap(literals={"most": literals_pb2.Literal(scalar={"primitive": {"integer": 50}})})
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            (folder / "inputs.pb").write_bytes(inputs.SerializeToString())
            (folder / "template.pb").write_bytes(found.closure.compiled_task.template.SerializeToString())
            places = ["--inputs", folder / "inputs.pb", "--output-prefix", folder / "out", "--raw-output-data-prefix", folder / "data"]
            words = ["execute", "--task-name", DYNAMIC, *places, "--task-template", folder / "template.pb"]
            subprocess.run([self.images.programs / PROGRAM, *words], check=True)
            return (folder / "out/futures.pb").read_bytes()

    def register_python(self, side):
        sys.path.insert(0, str(ROOT / "benches/python"))
        import onto_flyte

        remote = FlyteRemote(Config(platform=self.platform), self.options.project, self.options.domain)
        image = ImageConfig(default_image=Image.look_up_image_info("default", self.images.name(side)))
        version = f"{self.version}-{side}"
        settings = SerializationSettings(image, self.options.project, self.options.domain, version)
        for shape in self.options.shapes.split(","):
            remote.register_workflow(getattr(onto_flyte, shape), settings, version)

    def run(self, side, shape):
        """Launches a workflow, and waits for its end."""
        plan = self.id(identifier_pb2.LAUNCH_PLAN, side, f"{PROGRAM}.{shape}")
        request = execution_pb2.ExecutionCreateRequest(
            project=self.options.project,
            domain=self.options.domain,
            name="s" + uuid.uuid4().hex[:16],
            spec=execution_pb2.ExecutionSpec(launch_plan=plan, metadata={}),
            inputs=literals_pb2.LiteralMap(),
        )
        execution = self.client.create_execution(request).id
        wanted = execution_pb2.WorkflowExecutionGetRequest(id=execution)
        while (closure := self.client.get_execution(wanted).closure).phase not in ENDED:
            time.sleep(0.5)
        assert closure.phase == phases.WorkflowExecution.SUCCEEDED, f"{side} {shape} {execution.name}: {closure.error}"
        data = self.client.get_execution_data(execution_pb2.WorkflowExecutionGetDataRequest(id=execution))
        given, expected = value(data.full_outputs.literals["o0"]), SHAPES[shape][1]
        assert given == expected, f"{side} {shape} {execution.name}: {given}"
        usage = self.images.usage(side, execution.name)
        # The fan-out of each side says its task's name; of flytekit's, module and task are words by themselves.
        parents = [line for line in usage if shape.startswith("dynamic") and {DYNAMIC, "fan_out"} & set(line["words"])]
        return {
            "side": side,
            "shape": shape,
            "seconds": closure.duration.ToTimedelta().total_seconds(),
            "containers": len(usage),
            "cpu_seconds": sum(line["cpu_seconds"] for line in usage if line not in parents),
            "parent_cpu_seconds": sum(line["cpu_seconds"] for line in parents),
            "parent_seconds": sum(line["wall_seconds"] for line in parents),
        }


def value(literal):
    if literal.WhichOneof("value") == "collection":
        return [value(element) for element in literal.collection.literals]
    return literal.scalar.primitive.integer


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--desk", required=True)
    parser.add_argument("--programs", required=True)
    parser.add_argument("--images", required=True)
    parser.add_argument("--endpoint")
    parser.add_argument("--insecure", action="store_true")
    parser.add_argument("--config", help="a configuration file of flytekit or flytectl")
    parser.add_argument("--project", default="flytesnacks")
    parser.add_argument("--domain", default="development")
    parser.add_argument("--shapes", default=",".join(SHAPES))
    parser.add_argument("--sides", default=",".join(("nebulakit", "bare", "flytekit")))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--flytekit-rounds", type=int, default=1)
    parser.add_argument("--runs", help="a file of earlier runs, to which those of this time are added")
    return parser.parse_args()


def table(runs):
    middle = lambda side, shape, column: statistics.median([run[column] for run in runs if (run["side"], run["shape"]) == (side, shape)])  # noqa: E731
    known = {(run["side"], run["shape"]) for run in runs}
    times = lambda one, other: f"{one / other:.0f} times" if other else ""  # noqa: E731
    print("| workflow | program | runs | wall | against bare | CPU of the containers | below flytekit |\n|---|---|---|---|---|---|---|")
    for shape, (name, _) in SHAPES.items():
        for side in SIDES:
            if (side, shape) not in known:
                continue
            count = sum((run["side"], run["shape"]) == (side, shape) for run in runs)
            wall, cpu = (middle(side, shape, column) for column in ("seconds", "cpu_seconds"))
            against = f"{wall / middle('bare', shape, 'seconds'):.2f}" if ("bare", shape) in known else ""
            below = times(middle("flytekit", shape, "cpu_seconds"), cpu) if ("flytekit", shape) in known and side != "flytekit" else ""
            print(f"| {name} | {side} | {count} | {wall:.2f} s | {against} | {cpu:.3f} s | {below} |")
    print("\n| dynamic parent | wall | below flytekit | CPU | below flytekit |\n|---|---|---|---|---|")
    for side in SIDES:
        if (side, "dynamic_50") in known:
            columns = ("parent_seconds", "parent_cpu_seconds")
            wall, cpu = (middle(side, "dynamic_50", column) for column in columns)
            theirs = [middle("flytekit", "dynamic_50", column) for column in columns] if ("flytekit", "dynamic_50") in known else (0, 0)
            ratios = [times(one, own) if side != "flytekit" and one else "" for one, own in zip(theirs, (wall, cpu))]
            print(f"| {side} | {wall * 1e3:.1f} ms | {ratios[0]} | {cpu * 1e3:.1f} ms | {ratios[1]} |")


def main():
    asked = options()
    sides = asked.sides.split(",")
    cluster = Cluster(asked, Images(asked))
    for side in sides:
        cluster.register(side)
    file = pathlib.Path(asked.runs) if asked.runs else None
    runs = [json.loads(line) for line in file.read_text().splitlines()] if file and file.exists() else []
    rounds = {side: asked.flytekit_rounds if side == "flytekit" else asked.rounds for side in sides}
    for shape in asked.shapes.split(","):
        for turn in range(max(rounds.values())):
            for side in (side for side in sides if turn < rounds[side]):
                runs.append(cluster.run(side, shape))
                print(json.dumps(runs[-1]), file=sys.stderr, flush=True)
                if file:
                    with file.open("a") as kept:
                        print(json.dumps(runs[-1]), file=kept)
    table(runs)


main()
