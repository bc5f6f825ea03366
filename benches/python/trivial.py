"""The same trivial task for flytekit."""

from flytekit import task


@task
def add(a: int, b: int) -> int:
    return a + b
