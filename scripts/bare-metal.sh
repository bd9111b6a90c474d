#!/usr/bin/env bash
# Builds examples/bare-metal, runs it in QEMU, and checks that both screens show what its README says.
# Prints what it takes of flash and heap. An argument names another target than the one of the example.
set -euo pipefail
cd "$(dirname "$0")/../examples/bare-metal"

target=${1:-thumbv7m-none-eabi}
rustup target list --installed | grep -qx "$target" || rustup target add "$target"

cargo fmt --check
cargo clippy --release --locked --target "$target" -- -D warnings
cargo build --release --locked --target "$target"

program=${CARGO_TARGET_DIR:-target}/$target/release/chinwag-bare-metal
# What is to be written to flash: code and constants, and the first values of variables.
size "$program" | awk 'NR == 2 { print "flash: " $1 + $2 " bytes; static variables, the heap among them: " $2 + $3 }'

if ! command -v qemu-system-arm >/dev/null; then
    echo "there is no qemu-system-arm: built, but not run" >&2
    exit 0
fi

transcript=$(mktemp)
trap 'rm -f "$transcript"' EXIT
timeout 60 cargo run --quiet --release --locked --target "$target" </dev/null >"$transcript" || {
    status=$?
    cat "$transcript"
    echo "it failed, with status $status (124: it did not end)" >&2
    exit 1
}
grep -E '^(turns|heap): ' "$transcript"

shown() { sed 's/ *$//' | grep -E '^(ann|bob) [>|]'; }
diff <(shown <README.md) <(shown <"$transcript") || {
    echo "the screens do not show what examples/bare-metal/README.md says (<)" >&2
    exit 1
}
