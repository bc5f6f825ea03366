"""Flyte 1: everything that a binary registers, and what its tasks grow, is loaded by flyteidl and by flytekit's models. usage: messages.py FLOWS"""

import pathlib
import subprocess
import sys
import tarfile
import tempfile

from flyteidl.admin import launch_plan_pb2, task_pb2, workflow_pb2
from flyteidl.core import dynamic_job_pb2, literals_pb2
from flytekit import reference_task, workflow
from flytekit.configuration import Image, ImageConfig, SerializationSettings
from flytekit.models import dynamic_job, launch_plan, task
from flytekit.models.admin import workflow as admin_workflow
from flytekit.tools.translator import get_serializable
from google.protobuf import json_format

from matrix import Report

FLOWS = pathlib.Path(sys.argv[1]).resolve()

# What each file of a package holds: flyteidl's message, and what flytekit makes of it.
KINDS = {
    "1": (task_pb2.TaskSpec, task.TaskSpec),
    "2": (workflow_pb2.WorkflowSpec, admin_workflow.WorkflowSpec),
    "3": (launch_plan_pb2.LaunchPlan, launch_plan.LaunchPlan),
}

# Fields of the messages that flytekit's models leave out when they write one again.
LEFT_OUT = {"description", "shortDescription", "boundInputs"}


def without(message, names):
    """A message as JSON, but for those fields and for what is empty, zero or false."""
    match message:
        case dict():
            kept = {name: without(value, names) for name, value in message.items() if name not in names}
            return {name: value for name, value in kept.items() if value not in ({}, [], 0)}
        case list():
            return [without(value, names) for value in message]
    return message


def as_json(message):
    return without(json_format.MessageToDict(message), LEFT_OUT)


def package(folder):
    """The messages of everything in the binary, by the names of their files."""
    archive = folder / "flows.tgz"
    subprocess.run([FLOWS, "package", "--image", "image:1", "--output", archive], env={}, check=True, capture_output=True)
    with tarfile.open(archive) as files:
        for member in files.getmembers():
            kind, model = KINDS[member.name.removesuffix(".pb").rpartition("_")[2]]
            yield member.name, kind.FromString(files.extractfile(member).read()), model


def grown(folder, name, template, inputs):
    """The graph that a task gives in its container."""
    # As flytectl does when it registers the package.
    template.id.project, template.id.domain, template.id.version = "p", "d", "v"
    (folder / "inputs.pb").write_bytes(inputs.SerializeToString())
    (folder / "task.pb").write_bytes(template.SerializeToString())
    command = [FLOWS, "execute", "--task-name", name, "--inputs", folder / "inputs.pb", "--output-prefix", folder / "out"]
    command += ["--raw-output-data-prefix", folder / "raw", "--task-template", folder / "task.pb"]
    ended = subprocess.run(command, env={}, check=True, capture_output=True, text=True)
    assert (folder / "out" / "futures.pb").exists(), ended.stderr
    return dynamic_job_pb2.DynamicJobSpec.FromString((folder / "out" / "futures.pb").read_bytes())


def referenced(spec):
    """What runs in a workflow of flytekit that refers to our task."""
    ours = reference_task(project="p", domain="d", name=spec.template.id.name, version="v")

    @ours
    def double(x: int) -> int: ...

    @workflow
    def python(x: int) -> int:
        return double(x=double(x=x))

    settings = SerializationSettings(project="p", domain="d", version="v", image_config=ImageConfig(Image("default", "image", "1")))
    compiled = get_serializable({}, settings, python).to_flyte_idl().template
    return {node.task_node.reference_id.name for node in compiled.nodes}


def loads(report, name, message, model):
    """Whether flytekit's model holds all of the message: it writes the same one again."""
    before, again = as_json(message), as_json(model.from_flyte_idl(message).to_flyte_idl())
    report.check(before == again, f"{name}: {before}\nbecame\n{again}")


def main():
    report = Report("messages of registration, in flyteidl and flytekit")
    with tempfile.TemporaryDirectory() as name:
        folder, tasks = pathlib.Path(name), {}
        for file, message, model in package(folder):
            loads(report, file, message, model)
            if isinstance(message, task_pb2.TaskSpec):
                tasks[message.template.id.name] = message
        compiled = referenced(tasks["cluster_flows.constructs.double"])
        report.check(compiled == {"cluster_flows.constructs.double"}, f"a workflow of flytekit with our task runs {compiled}")
        for dynamic in ("fan_out", "grows_again"):
            place = folder / dynamic
            place.mkdir()
            inputs = literals_pb2.LiteralMap(literals={"n": literals_pb2.Literal(scalar={"primitive": {"integer": 3}})})
            job = grown(place, dynamic, tasks[f"cluster_flows.constructs.{dynamic}"].template, inputs)
            loads(report, f"futures.pb of {dynamic}", job, dynamic_job.DynamicJobSpec)
    report.finish()


if __name__ == "__main__":
    main()
