"""Many files through a chain of tasks, for flytekit."""

import pathlib
from typing import List

from flytekit import current_context, task
from flytekit.types.file import FlyteFile


def store(index, data):
    path = pathlib.Path(current_context().working_directory, f"{index}.bin")
    path.write_bytes(data)
    return FlyteFile(str(path))


@task
def make(count: int) -> List[FlyteFile]:
    return [store(index, b"x" * (1 << 20)) for index in range(count)]


@task
def again(files: List[FlyteFile]) -> List[FlyteFile]:
    return [store(index, pathlib.Path(file.download()).read_bytes()) for index, file in enumerate(files)]


@task
def total(files: List[FlyteFile]) -> int:
    return sum(len(pathlib.Path(file.download()).read_bytes()) for file in files)
