#!/usr/bin/env bash
# Installs the object stores and the statsd server that the tests start, once, and prints the folder they are in.
# NEBULAKIT_TOOLS names that folder; `tools` in cargo's target directory if it is unset. Needs go and npm, and nginx or
# the rights to install it.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../.." && pwd)
. "$root/.ci/versions"
tools=${NEBULAKIT_TOOLS:-${CARGO_TARGET_DIR:-$root/target}/tools}
mkdir -p "$tools/bin"
tools=$(cd "$tools" && pwd)

need() {
    command -v "$1" >/dev/null || { echo "install.sh: \`$1\` is needed to install $2, or put it at $3" >&2; exit 1; }
}
# The module's checksums, and those of all that it needs, are compared with Go's checksum database.
go_tool() {
    local wanted=$2
    if [ -x "$tools/bin/$1" ] && { ! command -v go >/dev/null || built_from "$1" "$wanted"; }; then return; fi
    need go "$1" "$tools/bin/$1"
    echo "install.sh: installing $1 with go install $wanted" >&2
    GOBIN=$tools/bin go install "$wanted" >&2
}
# Whether a tool is of this very version.
built_from() {
    go version -m "$tools/bin/$1" | awk -v wanted="${2#*@}" '$1 == "mod" { found = $3 == wanted } END { exit !found }'
}

go_tool versitygw "github.com/versity/versitygw/cmd/versitygw@$VERSITYGW"
go_tool fake-gcs-server "github.com/fsouza/fake-gcs-server@$FAKE_GCS"
go_tool statsd_exporter "github.com/prometheus/statsd_exporter@$STATSD_EXPORTER"
# npm_tool FOLDER: the packages of a lock file.
npm_tool() {
    if cmp -s "$here/$1/package-lock.json" "$tools/$1/installed.json"; then return; fi
    need npm "$1" "$tools/$1"
    echo "install.sh: installing $1 with npm ci" >&2
    mkdir -p "$tools/$1"
    cp "$here/$1/package.json" "$here/$1/package-lock.json" "$tools/$1/"
    npm ci --no-audit --no-fund --ignore-scripts --prefix "$tools/$1" >&2
    cp "$here/$1/package-lock.json" "$tools/$1/installed.json"
}
npm_tool azurite
npm_tool oidc
cp "$here/oidc/provider.mjs" "$tools/oidc/"
if ! command -v nginx >/dev/null; then
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || { echo "install.sh: \`nginx\` is needed" >&2; exit 1; }
    echo "install.sh: installing nginx with apt-get" >&2
    { apt-get install -y --no-install-recommends nginx-light || { apt-get update && apt-get install -y --no-install-recommends nginx-light; }; } >&2
fi
echo "$tools"
