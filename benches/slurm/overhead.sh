#!/usr/bin/env bash
# The wall of runs on Slurm over that of the same jobs and edges as handwritten `sbatch` jobs that run `true`, in turns; and the CPU of packed runs over that
# of local ones. usage: tests/slurm/with-slurm.sh benches/slurm/overhead.sh FLOWS [TIMES]
# FLOWS is the program `slurm_flows` of the tests, in a release build. NODES says of which sizes (20 200), PACKED how many nodes a packed run has (10000).
set -euo pipefail
flows=$(realpath "$1")
times=${2:-3}
scratch=$(mktemp --directory)
trap 'rm -rf "$scratch"' EXIT
: "${NEBULAKIT_TEST_SLURM:?is set by tests/slurm/with-slurm.sh}"

# Submits jobs that run `true`, the last of which waits for all, and waits until that is over.
handwritten() { # SHAPE NODES
    local before=() flag=() last node name
    name=$(basename "$scratch").$RANDOM
    submit() { sbatch --parsable --no-requeue --output=/dev/null --job-name="$name" "$@" --wrap=true; }
    for node in $(seq "$2"); do
        flag=()
        if [ "$1" = chain ] && [ "$node" -gt 1 ]; then
            flag=("--dependency=afterok:$last")
        elif [ "$1" = wide ] && [ "$node" = "$2" ]; then
            flag=("--dependency=afterok:$(IFS=:; echo "${before[*]}")")
        fi
        last=$(submit "${flag[@]}")
        before+=("$last")
    done
    while [ -n "$(squeue --noheader --name="$name")" ]; do sleep 0.1; done
}

wall() { local begin; begin=$(date +%s.%N); "$@" >"$scratch/out" 2>&1 || { cat "$scratch/out" >&2; exit 1; }; python3 -c "print($(date +%s.%N) - $begin)"; }
ours() { # FOLDER WORKFLOW ARGUMENT...
    rm -rf "$1"
    mkdir "$1"
    (cd "$1" && shift && "$flows" run "$@" --backend slurm --quiet)
}

for shape in chain wide; do
    for nodes in ${NODES:-20 200}; do
        theirs=() own=()
        for _ in $(seq "$times"); do
            theirs+=("$(wall handwritten "$shape" "$nodes")")
            own+=("$(wall ours "$scratch/o" "${shape}_$nodes" --x 1)")
        done
        python3 -c "
import statistics
theirs, own = statistics.median([${theirs[*]/%/,}]), statistics.median([${own[*]/%/,}])
print(f'$shape of $nodes: {own:.1f} s, handwritten {theirs:.1f} s: {own / theirs:.2f}x')"
    done
done

# The CPU of a command and of all that it started, in seconds.
cpu() { python3 -c "
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
used = resource.getrusage(resource.RUSAGE_CHILDREN)
print(used.ru_utime + used.ru_stime)" "$@"; }
# That of the last job, as Slurm accounts for it.
of_job() {
    local job said
    job=$(sacct --noheader --allocations --parsable2 --format=JobID | tail --lines 1)
    for _ in $(seq 100); do
        said=$(sacct --noheader --parsable2 --jobs="$job" --format=State,TotalCPU | head --lines 1)
        case $said in COMPLETED*) break ;; esac
        sleep 0.1
    done
    python3 -c "
import sys
*more, seconds = sys.argv[1].split('|')[1].split(':')
print(float(seconds) + 60 * sum(int(part) * 60 ** place for place, part in enumerate(reversed(more))))" "$said"
}
many=${PACKED:-10000}
local_cpu=() packed_cpu=()
mkdir "$scratch/p"
cd "$scratch/p"
for _ in $(seq "$times"); do
    local_cpu+=("$(cpu "$flows" run many --n "$many" --quiet --no-cache)")
    "$flows" run many --n "$many" --quiet --no-cache --backend slurm --packed >/dev/null
    packed_cpu+=("$(of_job)")
done
python3 -c "
import statistics
ours, there = statistics.median([${local_cpu[*]/%/,}]), statistics.median([${packed_cpu[*]/%/,}])
print(f'packed, $many nodes: {there:.2f} s of CPU from the start of the job to its end, locally {ours:.2f} s: {there / ours:.2f}x')"
