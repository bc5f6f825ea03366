#!/usr/bin/env python3
"""What 200 tasks and 10 workflows cost: the compiler's time, beside a peer's, and bytes of the binary.

    benches/many.py time [--peer FOLDER --library NAME] [--rounds 5]
    benches/many.py size

The program is written to a package of its own under `target`. FOLDER is a workspace with a package `many` whose library NAME has our names;
the same program is written over its `src/main.rs`. Times are of CPU, user and system, of cargo and all that it starts, when only `main.rs`
has changed; the sides take turns. Sizes are of the release profile of the workspace, with the features of a container. `size` needs nm and
strip.
"""

import argparse
import json
import os
import pathlib
import resource
import shutil
import statistics
import subprocess
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent
TARGET = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
PACKAGE = TARGET / "many"

BUILDS = {"check": ["check"], "debug": ["build"], "release": ["build", "--release"]}

# The profiles of both sides: cargo's own, with as much debug info as ours.
PROFILES = {
    "CARGO_PROFILE_DEV_DEBUG": "line-tables-only",
    "CARGO_PROFILE_RELEASE_LTO": "false",
    "CARGO_PROFILE_RELEASE_CODEGEN_UNITS": "16",
    "CARGO_PROFILE_RELEASE_STRIP": "none",
}

TASK = """
/// Task {0}.
#[task]
pub fn t{0}(a: i64, name: String, xs: Vec<f64>, #[default(3)] k: i64) -> anyhow::Result<i64> {{
    anyhow::ensure!(k > {0}, "no");
    Ok(a + xs.len() as i64 + name.len() as i64)
}}
"""


def program(library, tasks, workflows, nodes, main):
    """A program of so many tasks and workflows, each workflow a chain of `nodes` nodes; each node runs the next task."""
    parts = [f"use {library}::prelude::*;\n", *(TASK.format(task) for task in range(tasks))]
    for workflow in range(workflows):
        parts.append(f"\n#[workflow]\npub fn w{workflow}(x: Promise<i64>) -> Promise<i64> {{\n")
        for node in range(nodes):
            task = (workflow * nodes + node) % tasks
            parts.append(f'    let x = t{task}::node(&x, "a", [1.0, 2.0], {node});\n')
        parts.append("    x\n}\n")
    return "".join(parts) + f"\n{main}\n"


def package():
    """The package that the program is written to, outside of the workspace, with its versions and profile."""
    (PACKAGE / "src").mkdir(parents=True, exist_ok=True)
    profile = tomllib.loads((ROOT / "Cargo.toml").read_text())["profile"]["release"]
    # JSON writes texts, numbers and booleans as TOML does.
    settings = "".join(f"{key} = {json.dumps(value)}\n" for key, value in profile.items())
    (PACKAGE / "Cargo.toml").write_text(
        '[package]\nname = "many"\nversion = "0.0.0"\nedition = "2024"\n[workspace]\n[dependencies]\n'
        f"nebulakit = {{ path = {json.dumps(str(ROOT / 'nebulakit'))}, default-features = false }}\n"
        f"[profile.release]\n{settings}"
    )
    shutil.copy(ROOT / "Cargo.lock", PACKAGE)
    return PACKAGE


def cargo(folder, arguments, profile=()):
    """Runs cargo on the package `many` of `folder`; gives its CPU time in seconds."""
    target = TARGET if folder == PACKAGE else folder / "target"
    environment = os.environ | {"CARGO_INCREMENTAL": "0", "CARGO_TARGET_DIR": str(target)} | dict(profile)
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(["cargo", *arguments], cwd=folder, env=environment, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def times(peer, library, rounds):
    sides = {"ours": (package(), "nebulakit")}
    if peer:
        sides["the peer"] = (pathlib.Path(peer).resolve(), library)
    programs = {"200 tasks": (200, 0, 0), "200 tasks, 10 workflows of 20 nodes": (200, 10, 20)}
    for title, counts in programs.items():
        for build, arguments in BUILDS.items():
            found = {side: [] for side in sides}
            # The first round builds what the program needs, and does not count.
            for _ in range(rounds + 1):
                for side, (folder, name) in sides.items():
                    (folder / "src" if folder == PACKAGE else folder / "many/src").joinpath("main.rs").write_text(
                        program(name, *counts, "fn main() {}")
                    )
                    found[side].append(cargo(folder, [*arguments, "--quiet", "--package", "many"], PROFILES))
            report(f"{title}, {build}", {side: seconds[1:] for side, seconds in found.items()})


def report(title, found):
    medians = [f"{side} {statistics.median(seconds):.2f} s ({min(seconds):.2f} to {max(seconds):.2f})" for side, seconds in found.items()]
    ratio = ""
    if len(found) > 1:
        ratio = f", ratio {statistics.median(ours / other for ours, other in zip(*found.values())):.2f}"
    print(f"{title}: {', '.join(medians)}{ratio}", flush=True)


def sizes():
    folder = package()

    def built(*counts):
        (folder / "src/main.rs").write_text(program("nebulakit", *counts, "nebulakit::main!();"))
        # The names of functions are looked at before they are stripped.
        cargo(folder, ["rustc", "--release", "--quiet", "--package", "many", "--", "-C", "strip=none"])
        binary = TARGET / "release/many"
        names = subprocess.run(["nm", "--demangle", "--print-size", binary], check=True, capture_output=True, text=True).stdout
        graph = [line.split(" ", 3) for line in names.splitlines() if "nebulakit::graph" in line or "nebulakit::workflow" in line]
        subprocess.run(["strip", "--strip-all", "-o", f"{binary}.stripped", binary], check=True)
        size = pathlib.Path(f"{binary}.stripped").stat().st_size
        code = sum(int(line[1], 16) for line in graph if len(line) == 4)
        print(f"{counts[0]} tasks, {counts[1]} workflows of {counts[2]} nodes: {size} bytes, {code} of them of graphs", flush=True)
        return size

    tasks = [built(count, 0, 0) for count in (0, 100, 200)]
    nodes = [built(200, 10, count) for count in (0, 20, 40)]
    print(f"each task: {(tasks[2] - tasks[0]) // 200} bytes (goal 4096)")
    print(f"each node: {(nodes[2] - nodes[0]) // 400} bytes (goal 1024)")
    print(f"the first workflows: {nodes[0] - tasks[2]} bytes")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = parser.add_subparsers(dest="part", required=True)
    time = parts.add_parser("time")
    time.add_argument("--peer")
    time.add_argument("--library")
    time.add_argument("--rounds", type=int, default=5)
    parts.add_parser("size")
    asked = parser.parse_args()
    if asked.part == "time":
        times(asked.peer, asked.library, asked.rounds)
    else:
        sizes()


main()
