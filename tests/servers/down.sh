#!/usr/bin/env bash
# Stops what up.sh started, by its numbers. usage: down.sh DIR
set -u

while read -r pid; do
    kill "$pid" 2>/dev/null
done <"$1/pids"
while read -r pid; do
    for _ in $(seq 50); do
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.1
    done
    kill -KILL "$pid" 2>/dev/null
done <"$1/pids"
rm -f "$1/pids"
