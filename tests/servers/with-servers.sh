#!/usr/bin/env bash
# Runs a command with the object stores and a statsd server up, and returns its status. usage: with-servers.sh COMMAND...
# As in: tests/servers/with-servers.sh cargo test -p nebulakit-tests --features servers --test stores --test servers
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
trap '"$here/down.sh" "$dir" 2>/dev/null || true; rm -rf "$dir"' EXIT
variables=$("$here/up.sh" "$dir")
eval "$variables"
status=0
"$@" || status=$?
exit "$status"
