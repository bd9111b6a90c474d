#!/usr/bin/env bash
# Builds the programs as small as they get, with the profile `small` and, where they are static, at a fixed address
# (no position independence: less to relocate, and less for an attacker to guess). Prints what came of it.
#
#     scripts/small.sh [TARGET...]            without one: x86_64-unknown-linux-musl
#     scripts/small.sh --parts [TARGET...]    what each part costs: with the least, with that and one more, with all
#
# The programs of the last row stay in the target folder, below TARGET/small.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/target.bash

sets=(slim programs)
if [ "${1-}" = --parts ]; then
    shift
    sets=(slim slim,clap slim,filters slim,host slim,editor programs,rich programs)
fi
[ $# -gt 0 ] || set -- x86_64-unknown-linux-musl
rows=()
for target in "$@"; do
    prepare "$target"
    flags=
    [[ $target != *-musl ]] || flags="-C relocation-model=static"
    for set in "${sets[@]}"; do
        RUSTFLAGS=$flags cargo build --profile small --locked --target "$target" --no-default-features --features "$set"
        row="| $target | $set |"
        for program in chinwag chinwagd; do
            row+=" $(stat -c %s "$output/$target/small/$program") |"
        done
        rows+=("$row")
    done
done

cat <<END

| target | features | \`chinwag\`, bytes | \`chinwagd\`, bytes |
|---|---|---|---|
END
printf '%s\n' "${rows[@]}"
