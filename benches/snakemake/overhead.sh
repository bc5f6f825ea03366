#!/usr/bin/env bash
# The wall of runs on Snakemake over that of the same jobs and edges as handwritten rules that run `true`, in turns. usage: overhead.sh FLOWS [TIMES]
# FLOWS is the program `snakemake_flows` of the tests; SNAKEMAKE names Snakemake.
set -euo pipefail
flows=$(realpath "$1")
times=${2:-3}
scratch=$(mktemp --directory)
trap 'rm -rf "$scratch"' EXIT

handwritten() { # SHAPE NODES
    python3 - "$1" "$2" <<'PY'
import sys
shape, nodes = sys.argv[1], int(sys.argv[2])
print('rule all:\n    input: "n%d"\n' % (nodes - 1))
for node in range(nodes):
    before = [node - 1] if shape == "chain" and node else list(range(node)) if shape == "wide" and node == nodes - 1 else []
    given = "    input: %s\n" % ", ".join('"n%d"' % each for each in before) if before else ""
    print('rule r%d:\n%s    output: touch("n%d")\n    retries: 0\n    shell: "true"\n' % (node, given, node))
PY
}

wall() { local begin; begin=$(date +%s.%N); "$@" >"$scratch/out" 2>&1 || { cat "$scratch/out" >&2; exit 1; }; python3 -c "print($(date +%s.%N) - $begin)"; }

for shape in chain wide; do
    for nodes in ${NODES:-20 200}; do
        theirs=() ours=()
        for time in $(seq "$times"); do
            rm -rf "$scratch/t" "$scratch/o"
            mkdir "$scratch/t" "$scratch/o"
            handwritten "$shape" "$nodes" >"$scratch/t/Snakefile"
            printf '[backends.snakemake]\nprogram = "%s"\ncores = 2\n' "$SNAKEMAKE" >"$scratch/o/nebulakit.toml"
            theirs+=("$(cd "$scratch/t" && wall "$SNAKEMAKE" -c 2)")
            ours+=("$(cd "$scratch/o" && wall "$flows" run "${shape}_$nodes" --x 1 --backend snakemake)")
        done
        python3 -c "
import statistics
theirs, ours = statistics.median([${theirs[*]/%/,}]), statistics.median([${ours[*]/%/,}])
print(f'$shape of $nodes: {ours:.1f} s, handwritten {theirs:.1f} s: {ours / theirs:.2f}x')"
    done
done
