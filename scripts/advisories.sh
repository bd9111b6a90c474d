#!/usr/bin/env bash
# Asks for known defects of what is built, and of what builds it. Needs the forge that has the list.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/target.bash
tool cargo-deny 0.20.2
for manifest in Cargo.toml */Cargo.toml examples/*/Cargo.toml; do
    echo "== $manifest"
    cargo deny --locked --config deny.toml --manifest-path "$manifest" check advisories
done
