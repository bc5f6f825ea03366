"""The cases of a suite, and the table of what came of them."""

import concurrent.futures
import sys
import time
import traceback
from typing import Callable, NamedTuple

ALL = []


class Case(NamedTuple):
    """One line of the table: a title, and a function that runs it and tells what was seen, or fails."""

    title: str
    run: Callable


def case(title):
    """Adds the function below to the suite."""

    def add(run):
        ALL.append(Case(title, run))
        return run

    return add


class Skipped(Exception):
    """The cluster, or what was said about it, does not allow to see this."""


def attempt(case, cluster):
    """Runs one case; gives its row of the table."""
    started = time.monotonic()
    try:
        outcome, seen = "ok", case.run(cluster)
    except Skipped as reason:
        outcome, seen = "skipped", str(reason)
    except Exception as problem:
        # What admin refuses says why in its details, and nothing of interest in its twenty frames.
        refused = getattr(problem.__cause__, "details", None)
        outcome, seen = "FAILED", refused() if refused else str(problem) if isinstance(problem, AssertionError) else traceback.format_exc()
    return outcome, case.title, str(seen), time.monotonic() - started


def run(options, where, cluster):
    """Runs the cases that the options ask for, prints the table, and ends the process.

    With 1 if a case failed, or if there is none; else with 77 if one was skipped, which is not a pass.
    """
    wanted = [case for case in ALL if not options.cases or any(word in case.title for word in options.cases)]
    print(f"{len(wanted)} cases on {where}", flush=True)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        rows = list(pool.map(lambda case: attempt(case, cluster), wanted))
    for outcome, title, seen, seconds in rows:
        first, *more = seen.strip().splitlines() or [""]
        print(f"{outcome:8} {title:58} {seconds:6.1f} s  {first}")
        for line in more:
            print(f"{'':10}{line}")
    counts = {outcome: sum(row[0] == outcome for row in rows) for outcome in ("ok", "FAILED", "skipped")}
    print(", ".join(f"{count} {outcome}" for outcome, count in counts.items()))
    sys.exit(1 if counts["FAILED"] or not rows else 77 if counts["skipped"] else 0)
