#!/usr/bin/env bash
# Installs the object stores and the statsd server that the tests start, once, and prints the folder they are in.
# NEBULAKIT_TOOLS names that folder; `tools` in cargo's target directory if it is unset. Needs go and npm, and nginx or
# the rights to install it.
set -euo pipefail

VERSITYGW=v1.8.0
FAKE_GCS=v1.56.1
AZURITE=3.35.0
STATSD_EXPORTER=v0.28.0

root=$(cd "$(dirname "$0")/../.." && pwd)
tools=${NEBULAKIT_TOOLS:-${CARGO_TARGET_DIR:-$root/target}/tools}
mkdir -p "$tools/bin"
tools=$(cd "$tools" && pwd)

need() {
    command -v "$1" >/dev/null || { echo "install.sh: \`$1\` is needed to install $2, or put it at $3" >&2; exit 1; }
}
go_tool() {
    [ -x "$tools/bin/$1" ] && return
    need go "$1" "$tools/bin/$1"
    echo "install.sh: installing $1 with go install $2" >&2
    GOBIN=$tools/bin go install "$2" >&2
}

go_tool versitygw "github.com/versity/versitygw/cmd/versitygw@$VERSITYGW"
go_tool fake-gcs-server "github.com/fsouza/fake-gcs-server@$FAKE_GCS"
go_tool statsd_exporter "github.com/prometheus/statsd_exporter@$STATSD_EXPORTER"
if [ ! -x "$tools/azurite/node_modules/.bin/azurite-blob" ]; then
    need npm azurite "$tools/azurite"
    echo "install.sh: installing azurite@$AZURITE with npm" >&2
    npm install --no-audit --no-fund --prefix "$tools/azurite" "azurite@$AZURITE" >&2
fi
if ! command -v nginx >/dev/null; then
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || { echo "install.sh: \`nginx\` is needed" >&2; exit 1; }
    echo "install.sh: installing nginx with apt-get" >&2
    { apt-get install -y --no-install-recommends nginx-light || { apt-get update && apt-get install -y --no-install-recommends nginx-light; }; } >&2
fi
echo "$tools"
