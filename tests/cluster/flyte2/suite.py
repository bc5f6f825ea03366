"""Runs our leaf tasks on a Flyte 2 backend, and prints what came of each. CONTRIBUTING.md tells how; `--help` lists the options."""

import argparse
import os
import pathlib
import sys

HERE = pathlib.Path(__file__).parent
# The table is that of the suite for Flyte 1, and the rows of values are those of the comparison with both SDKs.
sys.path += [str(HERE.parent), str(HERE.parents[1] / "interop")]

import table  # noqa: E402


def options():
    parser = argparse.ArgumentParser(prog="run flyte2", description="Runs leaf tasks of Nebulakit on a Flyte 2 backend.")

    def option(name, default=None, **more):
        variable = "NEBULAKIT_FLYTE2_" + name.upper().replace("-", "_")
        given = os.environ.get(variable, default)
        parser.add_argument(f"--{name}", default=given, help=f"{more.pop('help')} ({variable}; default: {default})", **more)

    option("endpoint", "http://localhost:8090", help="where the backend's services are")
    option("org", "local", help="the organization")
    option("project", "flytesnacks", help="the project")
    option("domain", "development", help="the domain")
    option("rust-image", help="the image with the binaries `fixture`, `cluster` and `dying_store` on its PATH")
    option("binaries", str(HERE.parents[2] / "target/debug"), help="where the same binaries are on this machine, to be asked about their tasks")
    option("jobs", "8", help="how many cases run at a time", type=int)
    parser.add_argument("cases", nargs="*", help="words of the titles of the cases to run; all if there are none")
    chosen = parser.parse_args()
    if not chosen.rust_image:
        parser.error("--rust-image is missing")
    return chosen


def main():
    chosen = options()
    import cases  # noqa: F401
    from backend import Backend

    backend = Backend(chosen)
    try:
        backend.check()
    except Exception as problem:
        sys.exit(f"no Flyte 2 backend answers at {chosen.endpoint}: {problem}")
    table.run(chosen, f"{chosen.endpoint}, {chosen.org}, {chosen.project}, {chosen.domain}, version {backend.version}", backend)


if __name__ == "__main__":
    main()
