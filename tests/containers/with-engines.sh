#!/usr/bin/env bash
# Runs a command with podman and a docker daemon of its own, and ends them. usage: with-engines.sh COMMAND [ARGUMENT...]
# The command finds them by CONTAINERS_CONF and DOCKER_HOST; what is on this machine already is left alone.
# Needs root, and the engines or apt-get to install them.
set -euo pipefail

missing=()
have() { command -v "$1" >/dev/null || missing+=("${@:2}"); }
have podman podman uidmap fuse-overlayfs slirp4netns conmon
have dockerd docker.io
have docker docker.io
have runc runc
have pgrep procps
if [ ${#missing[@]} -gt 0 ]; then
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || { echo "with-engines.sh: needed and not there: ${missing[*]}" >&2; exit 1; }
    echo "with-engines.sh: installing ${missing[*]} with apt-get" >&2
    install() { DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"; }
    { install || { apt-get update && install; }; } >/dev/null 2>&1 || { echo "with-engines.sh: apt-get cannot install ${missing[*]}" >&2; exit 1; }
fi

# The path of a socket may have about a hundred characters.
dir=$(mktemp --directory /tmp/nebulakit-engines.XXXXXX)
dockerd=
finish() {
    if [ -n "$dockerd" ]; then
        kill "$dockerd" 2>/dev/null || true
        for _ in $(seq 100); do
            kill -0 "$dockerd" 2>/dev/null || break
            sleep 0.1
        done
        kill -KILL "$dockerd" 2>/dev/null || true
        wait "$dockerd" 2>/dev/null || true
    fi
    # What a killed daemon leaves mounted is not to be removed through its mount.
    grep -o " $dir/[^ ]*" /proc/self/mounts | sort --reverse | xargs --no-run-if-empty umount 2>/dev/null || true
    rm -rf --one-file-system "$dir"
}
trap finish EXIT

# Where raising a limit is not allowed, the defaults of both have to be below those of this process.
cat >"$dir/containers.conf" <<CONF
[containers]
default_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]
[engine]
runtime = "runc"
cgroup_manager = "cgroupfs"
CONF
cat >"$dir/storage.conf" <<CONF
[storage]
driver = "overlay"
graphroot = "$dir/podman/graph"
runroot = "$dir/podman/run"
CONF
export CONTAINERS_CONF=$dir/containers.conf CONTAINERS_STORAGE_CONF=$dir/storage.conf

cat >"$dir/dockerd.json" <<CONF
{
    "data-root": "$dir/docker/data",
    "exec-root": "$dir/docker/exec",
    "pidfile": "$dir/docker.pid",
    "hosts": ["unix://$dir/docker.sock"],
    "iptables": false,
    "ip6tables": false,
    "ip-masq": false,
    "bridge": "none",
    "default-ulimits": {"nofile": {"Name": "nofile", "Hard": 1024, "Soft": 1024}}
}
CONF
export DOCKER_HOST=unix://$dir/docker.sock
dockerd --config-file "$dir/dockerd.json" >"$dir/dockerd.log" 2>&1 &
dockerd=$!
for _ in $(seq 300); do
    docker version >/dev/null 2>&1 && break
    kill -0 "$dockerd" 2>/dev/null || break
    sleep 0.1
done
docker version >/dev/null 2>&1 || { echo "with-engines.sh: the docker daemon did not start:" >&2; tail -20 "$dir/dockerd.log" >&2; exit 1; }
podman info >/dev/null || { echo "with-engines.sh: podman does not work" >&2; exit 1; }

"$@"
