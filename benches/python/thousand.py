"""The tasks of `benches/src/bin/thousand.rs` for flytekit: a module of as many functions, as `pyflyte register` takes it."""

import sys

TASK = '''

@task(retries=1, timeout=timedelta(minutes=5))
def t{0}(text: str, number: int) -> str:
    """Joins a text and a number."""
    return f"{{text}}{{number}}"
'''

print("from datetime import timedelta\n\nfrom flytekit import task", *(TASK.format(index) for index in range(int(sys.argv[1]))), sep="\n")
