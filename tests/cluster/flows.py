"""The workflows of the binaries `cluster_flows` and `cluster_borrower`, which register them themselves, as their users would."""

import dataclasses
import os
import pathlib
import subprocess
import tempfile

from flyteidl.core import identifier_pb2

from cluster import once
from graph import literal


@dataclasses.dataclass(frozen=True)
class Said:
    """What a command line printed, and how it ended."""

    status: int
    out: str
    err: str


class Flows:
    """A binary on one cluster: its command line, and the launch plans that it registers."""

    def __init__(self, cluster, name):
        self.cluster, self.name, self.binary = cluster, name, pathlib.Path(cluster.options.binaries, name)

    def say(self, *words, directory=None):
        """Runs it with `words` to its end; its configuration is that of the suite."""
        return self.told(self.start(*words, directory=directory))

    @staticmethod
    def told(started, seconds=900):
        """What one has said that was started, once it ends."""
        out, err = started.communicate(timeout=seconds)
        return Said(started.returncode, out, err)

    def start(self, *words, directory=None):
        """Starts it with `words`."""
        options = self.cluster.options
        environment = {**os.environ, "NO_COLOR": "1"}
        # It keeps flytekit quiet; of ours the warnings are part of what is looked at.
        environment.pop("FLYTE_SDK_LOGGING_LEVEL", None)
        if options.config:
            environment["FLYTECTL_CONFIG"] = options.config
        if options.endpoint:
            environment["FLYTE_PLATFORM_URL"] = options.endpoint
            environment["FLYTE_PLATFORM_INSECURE"] = "true" if options.insecure else "false"
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen([self.binary, *words], env=environment, cwd=directory, **pipes)

    def place(self):
        return ["--project", self.cluster.options.project, "--domain", self.cluster.options.domain]

    @once
    def registered(self):
        """Registers all of it under the version of the suite, once; gives what `register` said."""
        import neighbours

        self.cluster.python(neighbours.doubled, fixed="flows-1")
        self.cluster.python_workflow(neighbours.quadrupled, "flows-2")
        said = self.register(self.cluster.version)
        assert said.status == 0, f"{said.out}\n{said.err}"
        return said

    def register(self, version, *words, image=None):
        return self.told(self.start_register(version, *words, image=image))

    def start_register(self, version, *words, image=None):
        image = image or self.cluster.options.rust_image
        return self.start("register", *self.place(), "--version", version, "--image", image, "--binary", self.name, *words)

    @once
    def packaged(self):
        """Registers all of it once more, as a package and by flytectl, under a version of its own; gives that version."""
        self.registered()
        version = f"{self.cluster.version}-packaged"
        with tempfile.TemporaryDirectory() as folder:
            archive = f"{folder}/flows.tgz"
            said = self.say("package", "--image", self.cluster.options.rust_image, "--binary", self.name, "--output", archive)
            assert said.status == 0, said.err
            command = [self.cluster.options.flytectl, "register", "files", "--archive", archive, *self.place(), "--version", version]
            ended = subprocess.run(command, capture_output=True, text=True)
            assert ended.returncode == 0 and "Failed" not in ended.stdout, f"{ended.stdout}\n{ended.stderr}"
        return version

    def plan(self, name, version=None):
        """The launch plan of that name, such as `constructs.chain`."""
        self.registered()
        found = self.cluster.id(identifier_pb2.LAUNCH_PLAN, f"{self.name}.{name}")
        found.version = version or found.version
        return found

    def remotely(self, name, *words, wait=True, directory=None):
        """What `run NAME --remote` says."""
        self.registered()
        wait = ["--wait"] if wait else []
        return self.say("run", name, "--remote", *wait, *self.place(), "--version", self.cluster.version, *words, directory=directory)

    def executions(self, verb, *words, directory=None):
        """What `executions VERB` says."""
        return self.say("executions", verb, *self.place(), *words, directory=directory)

    def launch(self, name, version=None, environment=None, **inputs):
        inputs = {name: given if hasattr(given, "WhichOneof") else literal(given) for name, given in inputs.items()}
        return self.cluster.launch(self.plan(name, version), inputs, environment)

    def run(self, name, version=None, **inputs):
        return self.cluster.wait(self.launch(name, version, **inputs))


@once
def flows(cluster, name="cluster_flows"):
    return Flows(cluster, name)
