"""What the platform tells of an execution that has ended."""

import dataclasses

from flyteidl.core import execution_pb2 as phases, identifier_pb2


def shown(error):
    """An error on one line, as the tables have it."""
    if not (error.code or error.message):
        return ""
    message = " ".join(error.message.split())
    message = message if len(message) < 120 else f"{message[:80]} ... {message[-30:]}"
    return f"{phases.ExecutionError.ErrorKind.Name(error.kind)} {error.code}: {message}"


@dataclasses.dataclass
class Attempt:
    """What the platform tells of one attempt."""

    phase: str
    error: phases.ExecutionError
    interruptible: bool
    logs: list
    id: identifier_pb2.TaskExecutionIdentifier


@dataclasses.dataclass
class Node:
    """What the platform tells of one node."""

    phase: str
    cache: str
    deck: bool
    attempts: list
    id: identifier_pb2.NodeExecutionIdentifier


@dataclasses.dataclass
class Ended:
    """What the platform tells of one execution that has ended."""

    name: str
    phase: str
    error: phases.ExecutionError
    seconds: float
    nodes: dict
    outputs: dict

    @property
    def attempts(self):
        """Those of the only node."""
        (node,) = self.nodes.values()
        return node.attempts

    def __str__(self):
        return f"{self.name} {self.phase} {shown(self.error)}".strip()
