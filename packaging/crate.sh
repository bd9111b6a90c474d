#!/usr/bin/env bash
# Packs what would be published, without a warning, and compiles it with its tests, benchmarks and examples, away from
# what was left out.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/target.bash
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

cargo package --locked --allow-dirty --no-verify 2>&1 | tee "$work/said"
! grep -q ^warning "$work/said" || fail "not without a warning"
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
# All files in it are of 2006, so that cargo would take what it built of an earlier one for its own: -m.
tar -xzmf "$output/package/chinwag-$version.crate" -C "$work"
cd "$work/chinwag-$version"
folders=$(find . -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | sort | xargs)
[ "$folders" = "benches docs examples packaging src tests" ] || fail "it has the folders $folders"
for file in README.md CHANGELOG.md SECURITY.md LICENSE-MIT LICENSE-APACHE packaging/man/chinwag.1 packaging/man/chinwagd.8 \
    packaging/completions/_chinwag packaging/systemd/chinwagd.service; do
    [ -f "$file" ] || fail "$file is not in it"
done
# What a README there leads to.
for file in $(grep -oE '\]\([^):#]+[)#]' README.md | sed 's/](//; s/.$//' | sort -u); do
    [ -e "$file" ] || fail "README.md leads to $file, which is not in it"
done
CARGO_TARGET_DIR=$output cargo check --all-targets --locked
ls -l "$output/package/chinwag-$version.crate"
