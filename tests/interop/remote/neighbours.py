"""Python's side of executions in which both languages take part. Its task is the one that the flows in Rust refer to."""

import pathlib

from flytekit import reference_task, task, workflow

PLACE = {"project": "flytesnacks", "domain": "development"}

# Where a container finds this module.
HERE = str(pathlib.Path(__file__).parent)


@task(environment={"PYTHONPATH": HERE, "PYTHONDONTWRITEBYTECODE": "1", "HOME": "/tmp"})
def doubled(x: int) -> int:
    return 2 * x


@workflow
def quadrupled(x: int) -> int:
    return doubled(x=doubled(x=x))


@reference_task(**PLACE, name="cluster_flows.constructs.double", version="v1")
def ours(x: int) -> int: ...


@workflow
def around(x: int) -> int:
    """A task of Rust between two of Python."""
    return doubled(x=ours(x=doubled(x=x)))
