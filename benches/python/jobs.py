"""Jobs that do nothing, all open at once, through the coordinator of railtracks: `python jobs.py`, with railtracks installed.

Each case runs in a process of its own. CPU time is compared, as beside compilers wall time says little.
"""

import asyncio
import gc
import json
import logging
import os
import subprocess
import sys
import time
import warnings

SIZES = [1_000, 10_000]
ROUNDS = 3


async def nothing():
    return None


class Node:
    """What the coordinator asks of a node, and no more."""

    def __init__(self, name):
        self.uuid = name

    def bind_scope_manager(self, _):
        pass

    async def wrapped_invoke(self):
        return await nothing()


def measured():
    # Importing railtracks leaves many objects, which one full collection takes longer over than the jobs take.
    gc.collect()
    return time.process_time()


async def floor(jobs):
    begin = measured()
    await asyncio.gather(*[asyncio.create_task(nothing()) for _ in range(jobs)])
    return time.process_time() - begin


async def model(jobs):
    from railtracks.context.central import register_globals
    from railtracks.execution.coordinator import Coordinator
    from railtracks.execution.execution_strategy import AsyncioExecutionStrategy
    from railtracks.execution.task import Task
    from railtracks.utils.config import ExecutorConfig
    from railtracks.utils.publisher import Publisher

    publisher = Publisher()
    coordinator = Coordinator({"async": AsyncioExecutionStrategy()})
    coordinator.start(publisher)
    over, heard = asyncio.Event(), 0

    def count(_):
        nonlocal heard
        heard += 1
        if heard == jobs:
            over.set()

    publisher.subscribe(count, name="count")
    register_globals(session_id="jobs", rt_publisher=publisher, executor_config=ExecutorConfig(), global_context_vars={})
    await publisher.start()
    begin = measured()
    tasks = [Task(request_id=f"job-{job}", node=Node(str(job)), arguments=((), {})) for job in range(jobs)]
    await asyncio.gather(*[coordinator.submit(task, "async") for task in tasks])
    await over.wait()
    took = time.process_time() - begin
    assert all(job.status == "closed" for job in coordinator.state.job_list)
    return took


def main():
    if len(sys.argv) == 3:
        warnings.simplefilter("ignore")
        logging.disable(logging.CRITICAL)
        case = {"floor": floor, "model": model}[sys.argv[1]]
        print(json.dumps(asyncio.run(case(int(sys.argv[2])))))
        return
    # It writes no files and sends nothing while it is measured.
    environment = os.environ | {
        "LITELLM_LOCAL_MODEL_COST_MAP": "True",
        "RAILTRACKS_TEST_MODE": "1",
        "RAILTRACKS_DISABLE_EVENTS": "True",
    }
    print("| jobs | side | CPU | CPU against `asyncio` tasks |\n|---|---|---|---|")
    for jobs in SIZES:
        of_floor = None
        for case, name in (("floor", "`asyncio` tasks"), ("model", "railtracks, one subscriber")):
            command = [sys.executable, __file__, case, str(jobs)]
            rounds = [subprocess.run(command, env=environment, check=True, capture_output=True, text=True) for _ in range(ROUNDS)]
            took = sorted(json.loads(ran.stdout.splitlines()[-1]) for ran in rounds)[ROUNDS // 2] * 1e6 / jobs
            of_floor = of_floor or took
            print(f"| {jobs} | {name} | {took:.1f} us | {took / of_floor:.1f} |", flush=True)


main()
