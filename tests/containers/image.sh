#!/usr/bin/env bash
# Builds an image of a small program by `image --build`, and runs a task in it as a platform does. usage: image.sh PROGRAM ENGINE
# PROGRAM is any binary of this library with the feature `run`; what it builds is the project that it is started in. Nothing is optimised, to save time.
set -euo pipefail

program=$(realpath "$1")
root=$(realpath "$(dirname "$0")/../..")
folder=$(mktemp --directory /tmp/nebulakit-image.XXXXXX)
trap 'rm -rf "$folder"' EXIT
mkdir "$folder/src" "$folder/data"
cat >"$folder/Cargo.toml" <<TOML
[package]
name = "counting"
edition = "2024"

[workspace]

[dependencies]
nebulakit = { path = "$root/nebulakit", default-features = false }
TOML
cat >"$folder/src/main.rs" <<'RUST'
use nebulakit::prelude::*;

#[task(name = "counting.double")]
fn double(x: i64) -> i64 {
    2 * x
}

nebulakit::main!();
RUST
cp "$root/Cargo.lock" "$folder/"
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$root/target}/image CARGO_PROFILE_RELEASE_OPT_LEVEL=0
rustup target add x86_64-unknown-linux-musl >/dev/null 2>&1
(cd "$folder" && "$program" image --build --bin counting --platform linux/amd64 --builder "$2" --image localhost/counting:1)

# A `LiteralMap` in which `x` is 21.
printf '\x0a\x0b\x0a\x01x\x12\x06\x0a\x04\x0a\x02\x08\x15' >"$folder/data/inputs.pb"
"$2" run --rm --network none --volume "$folder/data:/data" localhost/counting:1 execute --task-name counting.double --inputs /data/inputs.pb \
    --output-prefix /data --raw-output-data-prefix /data/raw --checkpoint-path /data/checkpoint --prev-checkpoint '""'
# The same map with `o0`, which is 42.
printf '\x0a\x0c\x0a\x02o0\x12\x06\x0a\x04\x0a\x02\x08\x2a' | cmp - "$folder/data/outputs.pb"
[[ $("$2" image inspect --format '{{.Architecture}} {{len .RootFS.Layers}}' localhost/counting:1) == "amd64 1" ]]
echo "image.sh: a task ran in an image of $(stat --format %s "$CARGO_TARGET_DIR/nebulakit-image/x86_64/root/app") bytes"
