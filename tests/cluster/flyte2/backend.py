"""A Flyte 2 backend as the suite sees it: leaf tasks are run, looked at and aborted, all by its API."""

import asyncio
import dataclasses
import json
import os
import pathlib
import subprocess
import time
import urllib.error
import urllib.request
import uuid

from flyte.types import TypeEngine
from flyteidl2.common import identifier_pb2, phase_pb2
from flyteidl2.core import identifier_pb2 as core
from flyteidl2.core import tasks_pb2
from flyteidl2.dataproxy import dataproxy_service_pb2 as dataproxy
from flyteidl2.project import project_service_pb2
from flyteidl2.secret import definition_pb2, payload_pb2
from flyteidl2.task import common_pb2, run_pb2, task_definition_pb2
from flyteidl2.workflow import run_definition_pb2, run_service_pb2
from google.protobuf import json_format

ENDED = {
    phase_pb2.ACTION_PHASE_SUCCEEDED,
    phase_pb2.ACTION_PHASE_FAILED,
    phase_pb2.ACTION_PHASE_ABORTED,
    phase_pb2.ACTION_PHASE_TIMED_OUT,
}


def literal(value, kind=None):
    """A Python value as the `flyte` package writes it."""
    kind = kind or type(value)
    return asyncio.run(TypeEngine.to_literal(value, kind, TypeEngine.to_literal_type(kind)))


def value(written, kind):
    """The Python value of a literal, as the `flyte` package reads it."""
    return asyncio.run(TypeEngine.to_python_value(written, kind))


@dataclasses.dataclass
class Ended:
    """What the backend tells of a run that has ended."""

    details: run_definition_pb2.ActionDetails
    outputs: dict

    @property
    def name(self):
        return self.details.id.run.name

    @property
    def phase(self):
        return phase_pb2.ActionPhase.Name(self.details.status.phase).removeprefix("ACTION_PHASE_")

    @property
    def attempts(self):
        return self.details.status.attempts

    @property
    def error(self):
        return self.details.error_info

    @property
    def seconds(self):
        return self.details.status.duration_ms / 1000

    def __str__(self):
        message = " ".join(self.error.message.split())
        message = message if len(message) < 120 else f"{message[:80]} ... {message[-30:]}"
        kind = run_definition_pb2.ErrorInfo.Kind.Name(self.error.kind).removeprefix("KIND_") if message else ""
        return f"{self.phase}, {self.attempts} attempt(s) {kind} {message}".strip() + f" [{self.name}]"


class Backend:
    """The backend that the options name, and the binaries whose tasks it runs."""

    def __init__(self, options):
        self.options = options
        self.project = identifier_pb2.ProjectIdentifier(organization=options.org, name=options.project, domain=options.domain)
        self.version = f"{time.strftime('%Y%m%d-%H%M%S')}-{uuid.uuid4().hex[:6]}"

    def call(self, method, request, answer):
        """A unary call in the protocol of Connect: a POST of the message."""
        headers = {"Content-Type": "application/proto", "Connect-Protocol-Version": "1"}
        url = f"{self.options.endpoint}/flyteidl2.{method}"
        try:
            with urllib.request.urlopen(urllib.request.Request(url, request.SerializeToString(), headers), timeout=60) as response:
                return answer.FromString(response.read())
        except urllib.error.HTTPError as refused:
            raise AssertionError(f"{method}: {refused.read().decode(errors='replace')}") from None

    def check(self):
        """Fails where there is no backend, or no such project."""
        request = project_service_pb2.ListProjectsRequest(org=self.options.org, limit=100)
        answer = self.call("project.ProjectService/ListProjects", request, project_service_pb2.ListProjectsResponse)
        found = [project.id for project in answer.projects.projects]
        assert self.options.project in found, f"there is no project `{self.options.project}`; there are {', '.join(found)}"

    def task(self, name, binary="fixture"):
        """The specification of a task, made of what its binary says of it when it is asked as on Flyte 2."""
        program = pathlib.Path(self.options.binaries, binary)
        environment = {**os.environ, "ACTION_NAME": "a0", "_U_RUN_BASE": "describes"}
        described = subprocess.run([program, "describe", name, "--json"], check=True, stdout=subprocess.PIPE, env=environment).stdout
        described = json.loads(described)
        template = described["template"]
        for side in ("inputs", "outputs"):
            variables = template["interface"].get(side, {}).get("variables", {})
            template["interface"][side] = {"variables": [{"key": key, "value": variable} for key, variable in variables.items()]}
        template = json_format.ParseDict(template, tasks_pb2.TaskTemplate())
        template.container.image = self.options.rust_image
        options = self.options
        template.id.CopyFrom(
            core.Identifier(
                resource_type=core.TASK,
                project=options.project,
                domain=options.domain,
                name=described["name"],
                version=self.version,
                org=options.org,
            )
        )
        return task_definition_pb2.TaskSpec(task_template=template, short_name=described["name"].rpartition(".")[2])

    def start(self, task, retries=0, environment=None, **inputs):
        """Starts a run of a task; inputs are Python values or literals."""
        spec = task_definition_pb2.TaskSpec()
        spec.CopyFrom(task)
        if retries:
            spec.task_template.metadata.retries.retries = retries
        given = {name: given if hasattr(given, "WhichOneof") else literal(given) for name, given in inputs.items()}
        literals = [common_pb2.NamedLiteral(name=name, value=literal) for name, literal in given.items()]
        run_spec = run_pb2.RunSpec()
        for key, text in (environment or {}).items():
            run_spec.envs.values.add(key=key, value=text)
        request = run_service_pb2.CreateRunRequest(
            project_id=self.project, task_spec=spec, inputs=common_pb2.Inputs(literals=literals), run_spec=run_spec
        )
        return self.call("workflow.RunService/CreateRun", request, run_service_pb2.CreateRunResponse).run.action.id

    def run(self, task, retries=0, environment=None, **inputs):
        """Runs a task to its end, and tells what came of it."""
        return self.wait(self.start(task, retries, environment, **inputs))

    def secret(self, name, text):
        """Makes a secret of the project and the domain, or changes it."""
        options = self.options
        identifier = definition_pb2.SecretIdentifier(name=name, organization=options.org, project=options.project, domain=options.domain)
        spec = definition_pb2.SecretSpec(type=definition_pb2.SecretType.SECRET_TYPE_GENERIC, string_value=text)
        try:
            request = payload_pb2.CreateSecretRequest(id=identifier, secret_spec=spec)
            self.call("secret.SecretService/CreateSecret", request, payload_pb2.CreateSecretResponse)
        except AssertionError as refused:
            if "already_exists" not in str(refused):
                raise
            request = payload_pb2.UpdateSecretRequest(id=identifier, secret_spec=spec)
            self.call("secret.SecretService/UpdateSecret", request, payload_pb2.UpdateSecretResponse)

    def details(self, action):
        request = run_service_pb2.GetActionDetailsRequest(action_id=action)
        return self.call("workflow.RunService/GetActionDetails", request, run_service_pb2.GetActionDetailsResponse).details

    def wait(self, action, seconds=120, until=lambda details: details.status.phase in ENDED):
        """Waits for the end of a run, or until something else is so."""
        limit = time.monotonic() + seconds
        while not until(details := self.details(action)):
            assert time.monotonic() < limit, f"{action.run.name} after {seconds} s: {Ended(details, {})}"
            time.sleep(0.2)
        outputs = {}
        if details.status.phase == phase_pb2.ACTION_PHASE_SUCCEEDED:
            request = dataproxy.GetActionDataRequest(action_id=action)
            found = self.call("dataproxy.DataProxyService/GetActionData", request, dataproxy.GetActionDataResponse).outputs
            outputs = {literal.name: literal.value for literal in found.literals}
        return Ended(details, outputs)

    def abort(self, action, reason):
        request = run_service_pb2.AbortRunRequest(run_id=action.run, reason=reason)
        self.call("workflow.RunService/AbortRun", request, run_service_pb2.AbortRunResponse)

    def report(self, ended):
        """The page of a run's report."""
        attempt = identifier_pb2.ActionAttemptIdentifier(action_id=ended.details.id, attempt=ended.attempts)
        request = dataproxy.CreateDownloadLinkRequest(artifact_type=dataproxy.ARTIFACT_TYPE_REPORT, action_attempt_id=attempt)
        answer = self.call("dataproxy.DataProxyService/CreateDownloadLink", request, dataproxy.CreateDownloadLinkResponse)
        with urllib.request.urlopen(answer.pre_signed_urls.signed_url[0], timeout=60) as page:
            return page.read().decode()
