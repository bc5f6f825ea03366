#!/usr/bin/env bash
# Sizes of stripped static binaries with container features only. usage: benches/size.sh
# Needs the target x86_64-unknown-linux-musl and musl-gcc (Debian: musl-tools).
set -euo pipefail
cd "$(dirname "$0")/.."

target=x86_64-unknown-linux-musl
rustup target add "$target" >/dev/null 2>&1 || true
# The addresses are fixed: nothing is relocated at the start.
export RUSTFLAGS="-C relocation-model=static" CARGO_TARGET_DIR="${CARGO_TARGET_DIR:-target}/size"

# build FEATURES BIN: prints the size of the binary in bytes.
build() {
    cargo build --quiet --release --target "$target" -p nebulakit-benches --bin "$2" --no-default-features --features "$1"
    stat -c %s "$CARGO_TARGET_DIR/$target/release/$2"
}

local=$(build image trivial)
many=$(build image two_hundred)
clouds=$(build image,clouds trivial)
echo "local storage:        $local bytes"
echo "S3, GCS and Azure:    $clouds bytes"
echo "each of 200 tasks:    $(((many - local) / 199)) bytes"
