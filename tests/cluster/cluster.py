"""A Flyte cluster as the suite sees it: tasks and workflows are registered, launched and looked at, all by admin's API."""

import dataclasses
import functools
import json
import pathlib
import subprocess
import sys
import threading
import time
import urllib.request
import uuid

from flyteidl.admin import common_pb2, execution_pb2, launch_plan_pb2, node_execution_pb2, signal_pb2
from flyteidl.admin import task_execution_pb2, task_pb2, workflow_pb2
from flyteidl.core import catalog_pb2, execution_pb2 as phases, identifier_pb2, interface_pb2, literals_pb2, tasks_pb2, types_pb2
from flyteidl.core import workflow_pb2 as core
from flyteidl.service import dataproxy_pb2
from flytekit.clients.raw import RawSynchronousFlyteClient
from flytekit.configuration import Config, Image, ImageConfig, PlatformConfig, SerializationSettings
from flytekit.exceptions.user import FlyteEntityNotExistException
from flytekit.remote import FlyteRemote
from flytekit.tools.translator import get_serializable
from google.protobuf import json_format

from ended import Attempt, Ended, Node
from graph import Step, binding, literal

ENDED = {
    phases.WorkflowExecution.SUCCEEDED,
    phases.WorkflowExecution.FAILED,
    phases.WorkflowExecution.ABORTED,
    phases.WorkflowExecution.TIMED_OUT,
}


def once(register):
    """Registers each task once, whichever of the cases that run beside each other comes first."""
    lock, cached = threading.Lock(), functools.cache(register)

    @functools.wraps(register)
    def locked(*given, **named):
        with lock:
            return cached(*given, **named)

    return locked


class Cluster:
    """One version of all that the suite registers, in one project and domain."""

    def __init__(self, options):
        platform = PlatformConfig.auto(options.config)
        if options.endpoint:
            platform = dataclasses.replace(platform, endpoint=options.endpoint, insecure=options.insecure)
        self.options, self.endpoint = options, platform.endpoint
        self.client, self.platform = RawSynchronousFlyteClient(platform), platform
        self.version = f"{time.strftime('%Y%m%d-%H%M%S')}-{uuid.uuid4().hex[:6]}"
        self.kubectl = options.kubectl.split() if options.kubectl else None

    def check(self):
        """Fails where there is no cluster, or no such project."""
        projects = [project.id for project in self.client.list_projects().projects]
        if self.options.project not in projects:
            sys.exit(f"the cluster at {self.endpoint} has no project `{self.options.project}`; it has {', '.join(projects)}")

    def remote(self):
        """flytekit's own client."""
        return FlyteRemote(Config(platform=self.platform), self.options.project, self.options.domain)

    # Registering.

    def id(self, kind, name):
        return identifier_pb2.Identifier(
            resource_type=kind, project=self.options.project, domain=self.options.domain, name=name, version=self.version
        )

    @once
    def rust(self, name, binary="cluster", **changes):
        """Registers a task of a Rust binary from what its `describe` says; `changes` are made to the template before."""
        program = pathlib.Path(self.options.binaries, binary)
        described = json.loads(subprocess.run([program, "describe", name, "--json"], check=True, stdout=subprocess.PIPE).stdout)
        template = json_format.ParseDict(described["template"], tasks_pb2.TaskTemplate())
        template.container.image = self.options.rust_image
        template.id.CopyFrom(self.id(identifier_pb2.TASK, described["name"] + changes.pop("suffix", "")))
        change = changes.pop("change", None)
        if changes.pop("mapped", False):
            self.mapped(template, **changes)
        if change:
            change(template)
        return self.create_task(template)

    @staticmethod
    def mapped(template, bound=(), optional=False):
        """Makes a template that of a map task: lists instead of single values, and the other entry point."""
        for variables in (template.interface.inputs.variables, template.interface.outputs.variables):
            for name, variable in variables.items():
                element = types_pb2.LiteralType()
                element.CopyFrom(variable.type)
                if optional and variables is template.interface.outputs.variables:
                    element = types_pb2.LiteralType(union_type={"variants": [element, {"simple": types_pb2.NONE}]})
                if name not in bound:
                    variable.type.CopyFrom(types_pb2.LiteralType(collection_type=element))
        args = list(template.container.args)
        if args[0] == "execute":
            args = ["map-execute", *args[1:], "--bound", ",".join(bound)]
        elif args[0] == "pyflyte-execute":
            before, after = args[1 : args.index("--resolver")], args[args.index("--") + 1 :]
            resolver = args[args.index("--resolver") + 1]
            mapped = ["--resolver", "flytekit.core.array_node_map_task.ArrayNodeMapTaskResolver", "--"]
            args = ["pyflyte-map-execute", *before, *mapped, "vars", ",".join(bound), "resolver", resolver, *after]
        template.container.args[:] = args
        template.id.name += "-map" + "".join(f"-{name}" for name in bound) + ("-optional" if optional else "")

    @once
    def python(self, task, version="", mapped=False, fixed=None):
        """Registers a flytekit task, of the image that holds this folder; `version` is for a second task of the same name.

        `fixed` is the whole version of one that others name; who was first with it keeps it.
        """
        template = get_serializable({}, self.settings(), task).to_flyte_idl().template
        template.id.version = fixed or template.id.version + version
        if mapped:
            self.mapped(template)
        # One of an earlier run of the suite, maybe of another image.
        return template if fixed and self.knows(self.client.get_task, template.id) else self.create_task(template)

    def settings(self):
        """Those with which flytekit's own tasks and workflows are written."""
        return SerializationSettings(
            project=self.options.project,
            domain=self.options.domain,
            version=self.version,
            image_config=ImageConfig(default_image=Image.look_up_image_info("default", self.options.python_image)),
        )

    @once
    def python_workflow(self, workflow, version=None):
        """Registers a workflow of flytekit and its tasks with flytekit's own client; who was first with a version that others name keeps it."""
        identifier = self.id(identifier_pb2.WORKFLOW, workflow.name)
        identifier.version = version or identifier.version
        if not self.knows(self.client.get_workflow, identifier):
            return self.remote().register_workflow(workflow, dataclasses.replace(self.settings(), version=identifier.version))
        return self.remote().fetch_workflow(name=identifier.name, version=identifier.version)

    @staticmethod
    def knows(get, identifier):
        """Whether something is registered."""
        try:
            return bool(get(common_pb2.ObjectGetRequest(id=identifier)))
        except FlyteEntityNotExistException:
            return False

    def create_task(self, template):
        self.client.create_task(task_pb2.TaskCreateRequest(id=template.id, spec=task_pb2.TaskSpec(template=template)))
        return template

    def workflow(self, name, steps, inputs=None, outputs=None, failure=None):
        """Registers a workflow of `steps` by node, and its launch plan. `inputs` are types by name, `outputs` are `(node, output)` by name.

        `failure` is the step that is run when the workflow has failed, as the node `fn0`, which is flytekit's name for it.
        """
        identifier, outputs = self.id(identifier_pb2.WORKFLOW, name), outputs or {}
        variable = lambda type: interface_pb2.Variable(type=type)  # noqa: E731
        output = lambda node, var: steps[node].task.interface.outputs.variables[var].type  # noqa: E731
        takes = {name: variable(type) for name, type in (inputs or {}).items()}
        gives = {name: variable(output(*source)) for name, source in outputs.items()}
        template = core.WorkflowTemplate(
            id=identifier,
            metadata={},
            metadata_defaults={},
            interface={"inputs": {"variables": takes}, "outputs": {"variables": gives}},
            nodes=[step.node(node) for node, step in steps.items()],
            outputs=[literals_pb2.Binding(var=var, binding=binding(source)) for var, source in sorted(outputs.items())],
            failure_node=failure and failure.node("fn0"),
        )
        self.client.create_workflow(workflow_pb2.WorkflowCreateRequest(id=identifier, spec={"template": template}))
        plan = self.id(identifier_pb2.LAUNCH_PLAN, name)
        parameters = {name: interface_pb2.Parameter(var=variable, required=True) for name, variable in takes.items()}
        spec = launch_plan_pb2.LaunchPlanSpec(workflow_id=identifier, default_inputs={"parameters": parameters}, fixed_inputs={})
        self.client.create_launch_plan(launch_plan_pb2.LaunchPlanCreateRequest(id=plan, spec=spec))
        return plan

    # Running.

    def launch(self, plan, inputs=None, environment=None, data=None):
        """Starts an execution of a launch plan, with literals by name; `data` is the prefix of what its tasks store."""
        spec = execution_pb2.ExecutionSpec(launch_plan=plan, metadata={})
        if data:
            spec.raw_output_data_config.output_location_prefix = data
        if environment:
            spec.envs.CopyFrom(
                common_pb2.Envs(values=[literals_pb2.KeyValuePair(key=key, value=value) for key, value in environment.items()])
            )
        request = execution_pb2.ExecutionCreateRequest(
            project=self.options.project,
            domain=self.options.domain,
            name="n" + uuid.uuid4().hex[:16],
            spec=spec,
            inputs=literals_pb2.LiteralMap(literals=inputs or {}),
        )
        return self.client.create_execution(request).id

    def run(self, name, steps, outputs=None, data=None):
        """Registers a workflow with constant inputs, runs it to its end, and tells what came of it."""
        return self.wait(self.launch(self.workflow(name, steps, outputs=outputs), data=data))

    def run_task(self, task, retries=0, environment=None, **inputs):
        """Runs a workflow of this one task; inputs are Python values or literals, and its outputs are those of the task."""
        inputs = {name: given if hasattr(given, "WhichOneof") else literal(given) for name, given in inputs.items()}
        name = f"{task.id.name}.{uuid.uuid4().hex[:6]}"
        outputs = {var: ("n0", var) for var in task.interface.outputs.variables}
        steps = {"n0": Step(task, {var: ("", var) for var in inputs}, retries=retries)}
        types = {var: task.interface.inputs.variables[var].type for var in inputs}
        return self.wait(self.launch(self.workflow(name, steps, types, outputs), inputs, environment))

    def closure(self, execution):
        return self.client.get_execution(execution_pb2.WorkflowExecutionGetRequest(id=execution)).closure

    def wait(self, execution, seconds=900):
        """Waits for the end of an execution, and asks for all that the platform knows of it."""
        until = time.monotonic() + seconds
        while (found := self.closure(execution)).phase not in ENDED:
            assert time.monotonic() < until, f"{execution.name} still runs after {seconds} s"
            time.sleep(0.2)
        data = self.client.get_execution_data(execution_pb2.WorkflowExecutionGetDataRequest(id=execution))
        return Ended(
            name=execution.name,
            phase=phases.WorkflowExecution.Phase.Name(found.phase),
            error=found.error,
            seconds=found.duration.ToTimedelta().total_seconds(),
            nodes=self.nodes(execution),
            outputs=dict(data.full_outputs.literals),
        )

    def nodes(self, execution):
        """The nodes of an execution by their ids, but for those that every workflow has."""
        request = node_execution_pb2.NodeExecutionListRequest(workflow_execution_id=execution, limit=1000)
        found = self.client.list_node_executions_paginated(request).node_executions
        return {node.id.node_id: self.node(node) for node in found if node.id.node_id not in ("start-node", "end-node")}

    def node(self, node):
        request = task_execution_pb2.TaskExecutionListRequest(node_execution_id=node.id, limit=100)
        attempts = [self.attempt(found.id) for found in self.client.list_task_executions_paginated(request).task_executions]
        return Node(
            phase=phases.NodeExecution.Phase.Name(node.closure.phase),
            cache=catalog_pb2.CatalogCacheStatus.Name(node.closure.task_node_metadata.cache_status),
            deck=bool(node.closure.deck_uri),
            attempts=sorted(attempts, key=lambda attempt: attempt.id.retry_attempt),
            id=node.id,
        )

    def running(self, execution):
        """The first node of an execution whose first attempt runs, once there is one."""
        until = time.monotonic() + 300
        while True:
            for node in self.nodes(execution).values():
                if [attempt.phase for attempt in node.attempts] == ["RUNNING"]:
                    return node
            assert time.monotonic() < until, f"{execution.name} does not run"
            time.sleep(0.2)

    def outputs(self, node):
        """The outputs of a node that has ended, by their names."""
        return dict(self.client.get_node_execution_data(node_execution_pb2.NodeExecutionGetDataRequest(id=node.id)).full_outputs.literals)

    def attempt(self, id):
        # The lists cut messages short.
        closure = self.client.get_task_execution(task_execution_pb2.TaskExecutionGetRequest(id=id)).closure
        return Attempt(
            phase=phases.TaskExecution.Phase.Name(closure.phase),
            error=closure.error,
            interruptible=closure.metadata.instance_class == closure.metadata.INTERRUPTIBLE,
            logs=[log.uri for log in closure.logs],
            id=id,
        )

    def signal(self, execution, name, value):
        """Gives a value to a node that waits for one, as soon as it does."""
        until = time.monotonic() + 300
        while not any(signal.id.signal_id == name for signal in self.signals(execution)):
            assert time.monotonic() < until, f"{execution.name} does not wait for `{name}`"
            time.sleep(0.2)
        identifier = identifier_pb2.SignalIdentifier(signal_id=name, execution_id=execution)
        self.client.set_signal(signal_pb2.SignalSetRequest(id=identifier, value=value))

    def signals(self, execution):
        """The signals that an execution waits for, or has waited for."""
        return self.client.list_signals(signal_pb2.SignalListRequest(workflow_execution_id=execution, limit=10)).signals

    def recover(self, name):
        """Starts an execution that goes on where the one of that name failed."""
        request = execution_pb2.ExecutionRecoverRequest(id=self.execution(name), name="n" + uuid.uuid4().hex[:16])
        return self.client.recover_execution(request).id

    @staticmethod
    def until(see, otherwise, seconds=300):
        """What `see` gives, once it gives something."""
        until = time.monotonic() + seconds
        while not (found := see()):
            assert time.monotonic() < until, otherwise
            time.sleep(0.2)
        return found

    def tasks(self, version):
        """The tasks of a version."""
        everywhere = common_pb2.NamedEntityIdentifier(project=self.options.project, domain=self.options.domain)
        request = common_pb2.ResourceListRequest(id=everywhere, limit=100, filters=f"eq(version,{version})")
        return self.client.list_tasks_paginated(request).tasks

    def executions_of(self, plan):
        """The newest executions of the suite's version of a launch plan."""
        everywhere = common_pb2.NamedEntityIdentifier(project=self.options.project, domain=self.options.domain)
        filters = f"eq(launch_plan.name,{plan})+eq(launch_plan.version,{self.version})"
        newest = common_pb2.Sort(key="created_at", direction=common_pb2.Sort.DESCENDING)
        request = common_pb2.ResourceListRequest(id=everywhere, limit=100, filters=filters, sort_by=newest)
        return [found.id for found in self.client.list_executions_paginated(request).executions]

    def execution(self, name):
        return identifier_pb2.WorkflowExecutionIdentifier(project=self.options.project, domain=self.options.domain, name=name)

    def scheduled(self, plan, since):
        """The executions of a launch plan that the clock has started."""
        listed = common_pb2.ResourceListRequest(
            id=common_pb2.NamedEntityIdentifier(project=plan.project, domain=plan.domain),
            limit=10,
            filters=f"eq(launch_plan.name,{plan.name})+eq(launch_plan.version,{plan.version})+eq(mode,1)",
            sort_by=common_pb2.Sort(key="created_at", direction=common_pb2.Sort.DESCENDING),
        )
        return [found.id for found in self.client.list_executions_paginated(listed).executions if found.closure.created_at.ToDatetime(since.tzinfo) >= since]

    def upload_location(self, filename):
        """A place of the cluster's own for a file that this machine stores."""
        root = f"nebulakit-tests-{uuid.uuid4().hex}"
        request = dataproxy_pb2.CreateUploadLocationRequest(
            project=self.options.project, domain=self.options.domain, filename=filename, filename_root=root
        )
        return self.client.create_upload_location(request)

    @staticmethod
    def put(location, data):
        urllib.request.urlopen(urllib.request.Request(location.signed_url, data, method="PUT"), timeout=60).close()

    def abort(self, execution, cause):
        self.client.terminate_execution(execution_pb2.ExecutionTerminateRequest(id=execution, cause=cause))

    def deck(self, node):
        """The page of a node's deck."""
        request = dataproxy_pb2.CreateDownloadLinkRequest(artifact_type=dataproxy_pb2.ARTIFACT_TYPE_DECK, node_execution_id=node.id)
        (url,) = self.client.create_download_link(request).pre_signed_urls.signed_url
        with urllib.request.urlopen(url, timeout=60) as page:
            return page.read().decode()

    # Where a kubectl reaches the cluster.

    def kube(self, *words, **more):
        """What kubectl says to `words`, in the namespace of the suite's pods."""
        command = [*self.kubectl, "--namespace", f"{self.options.project}-{self.options.domain}", *words]
        return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, **more).stdout
