#!/usr/bin/env python3
"""How fast a thousand tasks are registered with the double of the tests, by ours and by flytekit.

    benches/register.py --double FILE --program FILE [--rounds 5]

Python is one that has flytekit; the files are target/release/flyte_double and target/release/thousand:

    cargo build --release -p nebulakit-tests --features flyte --bin flyte_double
    cargo build --release -p nebulakit-benches --features flyte --bin thousand

The first two rows are whole commands, from the start of the process to its end, as users run them. The last two are flytekit's client alone, with messages that
are made already: one call after the other, as `pyflyte register` makes them, and as many at once as its remote makes. Each command registers under a version of
its own, the sides in turn, with one double.
"""

import argparse
import concurrent.futures
import contextlib
import json
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

FOLDER = pathlib.Path(__file__).resolve().parent
PLACE = ["--project", "flytesnacks", "--domain", "development"]


@contextlib.contextmanager
def double(program):
    """The double, while it is needed: where it listens."""
    process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield json.loads(process.stdout.readline())["endpoint"]
    finally:
        process.stdin.close()
        process.wait()


def command(words, environment, folder):
    """Runs a command: its wall and its CPU, in seconds."""
    before, begin = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    ended = subprocess.run(words, env=os.environ | environment, cwd=folder, capture_output=True, text=True)
    wall, after = time.monotonic() - begin, resource.getrusage(resource.RUSAGE_CHILDREN)
    assert ended.returncode == 0, f"{words}\n{ended.stdout}\n{ended.stderr}"
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


class Client:
    """flytekit's client, with the messages of all tasks."""

    def __init__(self, endpoint, folder):
        from flytekit.clients.friendly import SynchronousFlyteClient
        from flytekit.configuration import Image, ImageConfig, PlatformConfig, SerializationSettings
        from flytekit.tools.translator import get_serializable

        sys.path.insert(0, folder)
        import thousand

        image = ImageConfig(default_image=Image.look_up_image_info("default", "app:1"))
        settings = SerializationSettings(image, "flytesnacks", "development", "v")
        tasks = [task for name, task in vars(thousand).items() if name.startswith("t") and name[1:].isdigit()]
        self.specs = [get_serializable({}, settings, task) for task in tasks]
        self.client = SynchronousFlyteClient(PlatformConfig(endpoint=endpoint, insecure=True))

    def register(self, version, workers):
        from flytekit.models.core.identifier import Identifier, ResourceType

        def create(spec):
            id = Identifier(ResourceType.TASK, "flytesnacks", "development", spec.template.id.name, version)
            # Every message says its own id, which has to be that of the call.
            spec.template._id = id
            self.client.create_task(id, spec)

        before, begin = time.process_time(), time.monotonic()
        if workers == 1:
            for spec in self.specs:
                create(spec)
        else:
            with concurrent.futures.ThreadPoolExecutor(workers) as pool:
                list(pool.map(create, self.specs))
        return time.monotonic() - begin, time.process_time() - before


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--double", required=True)
    parser.add_argument("--program", required=True)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    double_program, ours = (str(pathlib.Path(file).resolve()) for file in (asked.double, asked.program))
    pyflyte = pathlib.Path(sys.executable).with_name("pyflyte")
    with double(double_program) as endpoint, tempfile.TemporaryDirectory() as folder:
        made = subprocess.run([sys.executable, FOLDER / "python/thousand.py", "1000"], check=True, capture_output=True, text=True).stdout
        pathlib.Path(folder, "thousand.py").write_text(made)
        config = pathlib.Path(folder, "config.yaml")
        config.write_text(f'admin: {{endpoint: "{endpoint}", insecure: true}}\n')
        client = Client(endpoint, folder)
        environment = {"FLYTECTL_CONFIG": str(config)}
        # As many as Python's executor has threads, which flytekit's remote uses.
        many = min(32, (os.cpu_count() or 1) + 4)
        sides = {
            "ours: `register`": lambda version: command([ours, "register", *PLACE, "--version", version, "--image", "app:1"], environment, folder),
            "flytekit: `pyflyte register`": lambda version: command(
                [pyflyte, "--config", config, "register", *PLACE, "--version", version, "--image", "app:1", "--non-fast", "thousand.py"], {}, folder
            ),
            "flytekit's client alone, one call after the other": lambda version: client.register(version, 1),
            f"flytekit's client alone, {many} at once": lambda version: client.register(version, many),
        }
        found = {side: [] for side in sides}
        for turn in range(asked.rounds):
            for index, (side, register) in enumerate(sides.items()):
                found[side].append(register(f"v{turn}-{index}"))
    walls = {side: statistics.median(wall for wall, _ in of) for side, of in found.items()}
    own = walls["ours: `register`"]
    print("| 1,000 tasks | wall | CPU | tasks in a second | ours is faster (goal: 10 times) |\n|---|---|---|---|---|")
    for side, wall in walls.items():
        cpu = statistics.median(cpu for _, cpu in found[side])
        print(f"| {side} | {wall:.3f} s | {cpu:.3f} s | {1_000 / wall:,.0f} | {wall / own:.1f} times |")


main()
