"""Flyte 1: Python tasks that take what Rust wrote, and one that writes something large."""

from flytekit import task

import matrix

_types = {name: row.type for name, row in zip(matrix.names(), matrix.ROWS)}
_parameters = ", ".join(f"{name}: _types[{name!r}]" for name in _types)

# One task for all rows: the entry point takes seconds to start.
exec(
    f"""
def read_all({_parameters}, offloaded: str) -> str:
    found = matrix.differences(locals())
    if offloaded != "x" * 2_000_000:
        found.append("offloaded: another text")
    if found:
        raise ValueError("\\n".join(found))
    return "all as written"
"""
)
read_all = task(read_all)


@task
def large(a: int) -> str:
    return "x" * a
