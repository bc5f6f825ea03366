"""Runs our tasks on a real Flyte cluster, and prints what came of each. CONTRIBUTING.md tells how; `--help` lists the options."""

import argparse
import os
import pathlib
import sys

import table

HERE = pathlib.Path(__file__).parent
# The rows of values are those of the other comparison with flytekit, and the task that is measured is that of the benchmarks.
sys.path[:0] = [str(HERE.parent / "interop"), str(HERE.parents[1] / "benches/python")]


# What a cluster's owner can do to it.
BAD_DAYS = {
    "admin-down": "stops admin at once",
    "admin-up": "starts it again",
    "propeller-down": "stops the engine at once",
    "propeller-up": "lets it go on",
    "store-refuses": "has the store refuse what is written",
    "store-takes": "has it take that again",
}


def options():
    parser = argparse.ArgumentParser(description="Runs tasks of Nebulakit on a Flyte 1 cluster. Each option can come from the environment.")

    def option(name, default=None, **more):
        variable = "NEBULAKIT_CLUSTER_" + name.upper().replace("-", "_")
        given = os.environ.get(variable, default)
        parser.add_argument(f"--{name}", default=given, help=f"{more.pop('help')} ({variable}; default: {default})", **more)

    option("endpoint", help="admin's gRPC endpoint, as host:port; without it flytekit's configuration says")
    parser.add_argument("--insecure", action="store_true", default=bool(os.environ.get("NEBULAKIT_CLUSTER_INSECURE")), help="no TLS")
    option("config", help="a configuration file of flytekit or flytectl, for clusters that want a login")
    option("project", "flytesnacks", help="the project")
    option("domain", "development", help="the domain")
    option("rust-image", help="the image with the binaries of the suite on its PATH")
    option("python-image", help="the image with flytekit and this folder's Python files")
    option(
        "binaries",
        str(HERE.parents[1] / "target/debug"),
        help="where the same binaries and `launching_service` are on this machine, which register, launch and describe",
    )
    option("kubectl", help="a command that reaches the cluster, such as `kubectl --context mine`: for labels, secrets, lost machines")
    option("flytectl", help="the command flytectl, which registers a package of ours")
    option("jobs", "8", help="how many cases run at a time", type=int)
    parser.add_argument(
        "cases", nargs="*", help="words of the titles of the cases to run; all if there are none; `bad-days` first: what happens when parts of the cluster go away; `measure` alone compares speeds"
    )
    bad = parser.add_argument_group("of `bad-days`", "commands that return when it is done; a case without its commands is skipped")
    for name, what in BAD_DAYS.items():
        bad.add_argument(f"--{name}", metavar="COMMAND", help=what)
    measure = parser.add_argument_group("of `measure`")
    measure.add_argument("--rounds", type=int, default=3, help="how often each side runs; medians are shown")
    measure.add_argument("--shapes", default="one-1,chain-20,map-20,map-100,map-500,files-100", help="which executions")
    measure.add_argument("--parallelism", type=int, default=0, help="how many children of a map run at a time; 0 for all")
    measure.add_argument("--sides", default="flytekit,nebulakit,bare", help="which of them")
    measure.add_argument("--runs", help="a file of earlier runs, to which those of this time are added")
    measure.add_argument("--usage", help="a file of JSON lines with `pod`, `cpu_seconds`, `peak_bytes` of each container that ended")
    measure.add_argument("--access-log", help="the access log of the S3 server")
    chosen = parser.parse_args()
    for needed in ("rust_image", "python_image"):
        if not getattr(chosen, needed):
            parser.error(f"--{needed.replace('_', '-')} is missing")
    return chosen


def main():
    chosen = options()
    if chosen.cases == ["measure"]:
        import measure

        return measure.main(chosen)
    if chosen.cases[:1] == ["bad-days"]:
        import bad_days  # noqa: F401

        # Each has the cluster to itself.
        chosen.cases, chosen.jobs = chosen.cases[1:], 1
    else:
        import cases  # noqa: F401
    from cluster import Cluster

    cluster = Cluster(chosen)
    try:
        cluster.check()
    except Exception as problem:
        sys.exit(f"no Flyte cluster answers at {cluster.endpoint}: {problem}")
    table.run(chosen, f"{cluster.endpoint}, {chosen.project}-{chosen.domain}, version {cluster.version}", cluster)


if __name__ == "__main__":
    main()
