#!/usr/bin/env bash
# What of .ci/run macOS can run: nothing of Debian's, no other processor, no strace.
set -euo pipefail
cd "$(dirname "$0")/.."
step() { printf '\n== %s\n' "$*"; "$@"; }

least=$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)
step cargo fmt --check
step cargo clippy --all-targets --features rich,tls --locked -- -D warnings
step cargo test --locked
step cargo test --features rich,tls --locked --lib
step cargo test --features rich,tls --locked --test it
step cargo test --no-default-features --features slim --locked --lib --test it
step cargo bench --no-run --locked
step rustup toolchain install --profile minimal "$least"
step cargo "+$least" check --all-targets --features rich,tls --locked
step cargo install --locked --path . --features rich,tls --root target/installed
step target/installed/bin/chinwag --version
