"""Literals as flytekit writes and reads them, and the nodes of a workflow as messages."""

import dataclasses

from flyteidl.core import literals_pb2, tasks_pb2, types_pb2
from flyteidl.core import workflow_pb2 as core
from flytekit import FlyteContextManager
from flytekit.core.type_engine import TypeEngine
from flytekit.models.literals import Literal


def literal(value, type=None):
    """A Python value as flytekit writes it."""
    type = type or builtin(value)
    context = FlyteContextManager.current_context()
    return TypeEngine.to_literal(context, value, type, TypeEngine.to_literal_type(type)).to_flyte_idl()


def builtin(value):
    return list[builtin(value[0])] if isinstance(value, list) else type(value)


def value(written, type):
    """The Python value of a literal, as flytekit reads it."""
    return TypeEngine.to_python_value(FlyteContextManager.current_context(), Literal.from_flyte_idl(written), type)


@dataclasses.dataclass
class Step:
    """A node of a workflow. Its inputs are literals, `(node, output)`, `(node, output, path...)`, or lists of these; `("", name)` is an input of the workflow."""

    task: tasks_pb2.TaskTemplate
    inputs: dict = dataclasses.field(default_factory=dict)
    retries: int = 0
    # Of a map task: the share of children that have to succeed, and the inputs that every child gets whole.
    ratio: float | None = None
    bound: tuple = ()
    parallelism: int = 0

    def node(self, name):
        # Timeouts and interruptibility count on the node only.
        metadata = core.NodeMetadata(
            name=name, timeout=self.task.metadata.timeout, retries=literals_pb2.RetryStrategy(retries=self.retries)
        )
        if self.task.metadata.WhichOneof("interruptible_value"):
            metadata.interruptible = self.task.metadata.interruptible
        inputs = [literals_pb2.Binding(var=var, binding=binding(source)) for var, source in sorted(self.inputs.items())]
        node = core.Node(id=name, metadata=metadata, inputs=inputs, task_node=core.TaskNode(reference_id=self.task.id))
        if self.ratio is not None:
            array = core.ArrayNode(node=node, parallelism=self.parallelism, min_success_ratio=self.ratio, bound_inputs=self.bound)
            node = core.Node(id=name, metadata=metadata, inputs=inputs, array_node=array)
        return node


@dataclasses.dataclass
class Signal:
    """A node that waits until a person gives it a value of a type, which is its output `o0`."""

    type: types_pb2.LiteralType

    def node(self, name):
        condition = core.SignalCondition(signal_id=name, type=self.type, output_variable_name="o0")
        return core.Node(id=name, metadata=core.NodeMetadata(name=name), gate_node=core.GateNode(signal=condition))


def binding(source):
    if isinstance(source, tuple):
        node, var, *path = source
        path = [types_pb2.PromiseAttribute(**{"int_value" if isinstance(key, int) else "string_value": key}) for key in path]
        return literals_pb2.BindingData(promise=types_pb2.OutputReference(node_id=node, var=var, attr_path=path))
    if isinstance(source, list):
        return literals_pb2.BindingData(collection=literals_pb2.BindingDataCollection(bindings=map(binding, source)))
    kind = source.WhichOneof("value")
    if kind == "scalar":
        return literals_pb2.BindingData(scalar=source.scalar)
    items = source.collection.literals if kind == "collection" else source.map.literals
    if kind == "collection":
        return literals_pb2.BindingData(collection=literals_pb2.BindingDataCollection(bindings=map(binding, items)))
    return literals_pb2.BindingData(map=literals_pb2.BindingDataMap(bindings={key: binding(item) for key, item in items.items()}))
