"""Flyte 2: Python tasks that take what Rust wrote, and two whose ends are compared."""

import flyte

import matrix

env = flyte.TaskEnvironment(name="interop")

_types = {name: row.type for name, row in zip(matrix.names(), matrix.ROWS)}
_parameters = ", ".join(f"{name}: _types[{name!r}]" for name in _types)

# One task for all rows: the entry point takes seconds to start.
exec(
    f"""
async def read_all({_parameters}) -> str:
    found = matrix.differences(locals())
    if found:
        raise ValueError("\\n".join(found))
    return "all as written"
"""
)
read_all = env.task(read_all)


@env.task
async def nothing() -> None:
    pass


@env.task
async def fails(message: str) -> None:
    raise ValueError(message)
