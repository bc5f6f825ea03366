"""Flyte 1: flytekit's own client, against the double that runs what it is told to, with programs in both languages. usage: remote.py FLOWS DOUBLE"""

import contextlib
import dataclasses
import datetime
import json
import os
import pathlib
import subprocess
import sys
import tempfile

sys.path.append(str(pathlib.Path(__file__).parents[1]))

from flytekit.configuration import Config, Image, ImageConfig, PlatformConfig, SerializationSettings
from flytekit.exceptions.user import FlyteEntityNotExistException
from flytekit.remote import FlyteRemote

import neighbours
from matrix import Report

FLOWS, DOUBLE = (pathlib.Path(path).resolve() for path in sys.argv[1:])
PROJECT, DOMAIN, VERSION = *neighbours.PLACE.values(), "v1"

# The images, and the folders that stand for them.
RUST, PYTHON = "rust:1", "python:1"
IMAGES = {RUST: FLOWS.parent, PYTHON: pathlib.Path(sys.executable).parent}


@contextlib.contextmanager
def double():
    """Starts the control plane; gives what it says of itself."""
    command = [DOUBLE, *(f"{image}={folder}" for image, folder in IMAGES.items())]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield json.loads(process.stdout.readline())
        process.stdin.close()


class Flows:
    """The program in Rust, as its user calls it."""

    def __init__(self, home, said):
        self.home = home
        settings = {"admin": {"endpoint": said["endpoint"], "insecure": True}, "task": neighbours.PLACE, "images": {"default": RUST}}
        (home / "config.yaml").write_text(json.dumps(settings))
        self.environment = {"HOME": str(home), "FLYTECTL_CONFIG": str(home / "config.yaml"), **said["variables"]}

    def say(self, *words):
        ended = subprocess.run([FLOWS, *words], env=self.environment, cwd=self.home, capture_output=True, text=True)
        assert ended.returncode == 0, f"{words}: {ended.stdout}\n{ended.stderr}"
        return ended.stdout


class Remote:
    """flytekit's client."""

    def __init__(self, endpoint):
        self.client = FlyteRemote(Config(platform=PlatformConfig(endpoint=endpoint, insecure=True)), PROJECT, DOMAIN)
        self.settings = SerializationSettings(
            project=PROJECT, domain=DOMAIN, version=VERSION, image_config=ImageConfig(Image("default", *PYTHON.split(":")))
        )

    def plan(self, name):
        return self.client.fetch_launch_plan(name=f"cluster_flows.{name}", version=VERSION)

    def executed(self, entity, **inputs):
        """An execution that is over, with its nodes."""
        started = self.client.execute(entity, inputs=inputs)
        return self.client.wait(started, timeout=120, poll_interval=datetime.timedelta(milliseconds=100))


def fetched(report, remote):
    """What is fetched says what it takes and gives."""
    task = remote.client.fetch_task(name="cluster_flows.constructs.double", version=VERSION)
    workflow = remote.client.fetch_workflow(name="cluster_flows.constructs.mapped", version=VERSION)
    newest = remote.client.fetch_task(name="cluster_flows.constructs.double")
    report.check(list(task.interface.inputs) == ["x"] and list(task.interface.outputs) == ["o0"], f"the task is {task.interface}")
    report.check(set(workflow.interface.inputs) == {"xs", "unit"}, f"the workflow is {workflow.interface}")
    report.check(newest.id.version == VERSION, f"the newest version is {newest.id}")
    ids = [node.id for node in workflow.flyte_nodes]
    report.check(ids == ["n0", "n1"], f"the workflow has the nodes {ids}")
    try:
        remote.client.fetch_task(name="cluster_flows.constructs.none", version=VERSION)
        report.check(False, "a task that nobody has registered was fetched")
    except FlyteEntityNotExistException as error:
        report.check("cluster_flows.constructs.none" in str(error), f"what is missing is told by {error}")


def executed(report, remote):
    """What is executed gives what it gives here, node by node."""
    for name, inputs, expected in [
        ("constructs.chain", {"x": 3}, 13),
        ("constructs.nested", {"x": 1}, 21),
        ("constructs.mapped", {"xs": [1, 2], "unit": "km"}, "0.5 km,1 km"),
        ("constructs.mapped_workflows", {"table": [[1, 2], [3]]}, 14),
        ("constructs.decides", {"x": 3}, 6),
        ("constructs.dynamic_nested", {"n": 3}, 37),
        ("plans.planned", {"b": 2}, 103),
        ("fates.returns", {"last": 2}, "012"),
    ]:
        ended = remote.executed(remote.plan(name), **inputs)
        found = ended.outputs.get("o0", type(expected)) if ended.error is None else ended.error
        report.check(found == expected, f"{name}{inputs} gives {found}, and not {expected}")
    task = remote.client.fetch_task(name="cluster_flows.constructs.double", version=VERSION)
    ended = remote.executed(task, x=21)
    report.check(ended.outputs.get("o0", int) == 42, f"a task alone gives {ended.outputs}")


def synced(report, remote):
    """The nodes of an execution, with what they took and gave, and those within them."""
    chain = remote.executed(remote.plan("constructs.chain"), x=3).node_executions
    given = [chain[node].outputs.get("o0", int) for node in ("n0", "n1", "n2")]
    report.check(given == [6, 12, 13], f"the nodes of the chain gave {given}")
    report.check(chain["n1"].inputs.get("x", int) == 6, f"the second node took {chain['n1'].inputs}")
    attempts = [len(chain[node].task_executions) for node in ("n0", "n1", "n2")]
    report.check(attempts == [1, 1, 1], f"the nodes of the chain had {attempts} attempts")
    nested = remote.executed(remote.plan("constructs.nested"), x=1).node_executions
    within = {node.metadata.spec_node_id for node in nested["n0"].subworkflow_node_executions.values()}
    report.check({"n0", "n1"} <= within, f"within the first node there are {within}")
    grown = remote.executed(remote.plan("constructs.dynamic"), n=2).node_executions
    within = {node.metadata.spec_node_id for node in grown["n0"].subworkflow_node_executions.values()}
    report.check({"n0", "n1", "n2"} <= within, f"the dynamic task made {within}")


def failed(report, remote):
    ended = remote.executed(remote.plan("fates.guarded"), x=1)
    report.check(ended.error.code == "FLOWS:Broken" and "broken as asked" in ended.error.message, f"the failure is {ended.error}")
    endless = remote.client.execute(remote.plan("fates.endless"), inputs={})
    remote.client.terminate(endless, "enough")
    ended = remote.client.wait(endless, timeout=60, poll_interval=datetime.timedelta(milliseconds=100))
    report.check(ended.closure.abort_metadata.cause == "enough", f"what was ended is {ended.closure}")
    gated = remote.client.execute(remote.plan("constructs.gated"), inputs={"x": 1})
    for signal, answer in [("more", 41), ("release", True)]:
        # A signal can be set once the gate is reached.
        while signal not in {known.id.signal_id for known in remote.client.list_signals(gated.id.name)}:
            pass
        remote.client.approve(signal, gated.id.name) if answer is True else remote.client.set_signal(signal, gated.id.name, answer)
    ended = remote.client.wait(gated, timeout=60, poll_interval=datetime.timedelta(milliseconds=100))
    report.check(ended.outputs.get("o0", int) == 42, f"the gates let through {ended.outputs}")


def between(report, remote, flows):
    """Workflows of each language with tasks of the other."""
    remote.client.register_workflow(neighbours.around, remote.settings, version=VERSION)
    around = remote.client.fetch_launch_plan(name="neighbours.around", version=VERSION)
    ended = remote.executed(around, x=1)
    report.check(ended.error is None and ended.outputs.get("o0", int) == 8, f"Python around Rust gives {ended.error or ended.outputs}")
    for words, expected in [(("run", "between", "--x", "1"), "8\n"), (("run", "cluster_flows.neighbours.dynamic", "--n", "2"), "4\n")]:
        said = flows.say(*words, "--remote", "--wait")
        report.check(said == expected, f"{words} gives {said}")


def main():
    report = Report("executions, by flytekit's client at the double")
    with tempfile.TemporaryDirectory() as home, double() as said:
        os.environ.update(said["variables"])
        flows, remote = Flows(pathlib.Path(home), said), Remote(said["endpoint"])
        remote.client.register_task(neighbours.doubled, remote.settings, version="flows-1")
        remote.client.register_workflow(neighbours.quadrupled, dataclasses.replace(remote.settings, version="flows-2"))
        flows.say("register", "--version", VERSION, "--binary", FLOWS.name)
        fetched(report, remote)
        executed(report, remote)
        synced(report, remote)
        failed(report, remote)
        between(report, remote, flows)
    report.finish()


if __name__ == "__main__":
    main()
