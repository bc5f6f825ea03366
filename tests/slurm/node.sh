#!/usr/bin/env bash
# Starts a node of the cluster of with-slurm.sh, or kills it with all that runs on it, as a power cut does. usage: node.sh start|kill NODE
# `kill ALL` ends the jobs of every node, and no daemon.
set -euo pipefail

dir=$NEBULAKIT_TEST_SLURM
node=$2
PATH=$PATH:/usr/sbin:/sbin

# The processes of jobs on that node: Slurm tells each of them where it is. What watches a job is its parent, and has to go first, or it would report.
jobs() {
    local process
    for process in $(grep --files-with-matches --text --fixed-strings "SLURM_CONF=$dir/slurm.conf" /proc/[0-9]*/environ 2>/dev/null | cut -d/ -f3); do
        [ "$node" = ALL ] || grep --quiet --text --null-data --line-regexp --fixed-strings "SLURMD_NODENAME=$node" "/proc/$process/environ" 2>/dev/null || continue
        grep --quiet --text --null-data "^SLURMD_NODENAME=" "/proc/$process/environ" 2>/dev/null && echo "$process" || true
    done
}
ended() {
    local processes parent process
    processes=$(jobs)
    for process in $processes; do
        parent=$(sed -n 's/^PPid:\t//p' "/proc/$process/status" 2>/dev/null || true)
        [ "$(cat "/proc/$parent/comm" 2>/dev/null || true)" != slurmstepd ] || kill -KILL "$parent" 2>/dev/null || true
    done
    for process in $processes; do kill -KILL "$process" 2>/dev/null || true; done
}

case $1 in
    start) slurmd -N "$node" -f "$dir/slurm.conf" >>"$dir/log/slurmd.$node.out" 2>&1 ;;
    kill)
        [ "$node" = ALL ] || kill -KILL "$(cat "$dir/slurmd.$node.pid")"
        ended
        ;;
    *) sed -n 2p "$0" >&2; exit 2 ;;
esac
