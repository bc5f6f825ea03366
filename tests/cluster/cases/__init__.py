"""What the suite tries on the cluster. A case is a title and a function that runs it, and tells what was seen or fails."""

from typing import Callable, NamedTuple

ALL = []


class Case(NamedTuple):
    """One line of the table."""

    title: str
    run: Callable


def case(title):
    """Adds the function below to the suite."""

    def add(run):
        ALL.append(Case(title, run))
        return run

    return add


from cases import data, fates, maps, surroundings, values  # noqa: E402, F401
