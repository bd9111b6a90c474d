#!/usr/bin/env bash
# Builds the programs for the processors of boards, in release, and runs them there or under qemu-user: a session
# on pipes, which is compared with the one of this machine byte by byte; the unit tests and the simulator, built
# for the target; and the integration tests of this machine with the programs of the target. Prints a table.
#
#     scripts/targets.sh [TARGET...]        without one: all
#
# Installs what it needs: targets with rustup, as root linkers and emulators with apt-get. What an emulator cannot
# do stands in tests/emulated.txt, with the reasons, and is left out. CHINWAG_SIM_RUNS bounds the simulator.
set -euo pipefail
cd "$(dirname "$0")/.."
work=$(mktemp -d)
started=()

finish() {
    for pid in "${started[@]}"; do kill "$pid" 2>/dev/null || true; done
    rm -rf "$work"
}
trap finish EXIT

. scripts/target.bash

# Waits until a file holds these words.
comes() {
    local tries
    for tries in {1..1200}; do
        grep -qa -- "$2" "$1" && return
        sleep 0.05
    done
    fail "\"$2\" did not come, but: $(cat "$1")"
}

# A host, and a guest of theirs: what both show and say, and how they end. The words start the client.
session() {
    local folder=$work/session ann bob port status=0
    rm -rf "$folder" && mkdir "$folder"
    mkfifo "$folder/ann" "$folder/bob"
    "$@" --host --name ann --port 0 <"$folder/ann" >"$folder/ann.shown" 2>"$folder/ann.said" &
    ann=$! && started+=("$ann")
    exec 7>"$folder/ann"
    comes "$folder/ann.said" '!quit (which'
    port=$(sed -n 's/.*hosting at 127\.0\.0\.1://p' "$folder/ann.said")
    comes "$folder/ann.shown" 'logged in as ann'
    "$@" "127.0.0.1:$port" <"$folder/bob" >"$folder/bob.shown" 2>"$folder/bob.said" &
    bob=$! && started+=("$bob")
    exec 8>"$folder/bob"
    echo ann >&8 && comes "$folder/bob.shown" 'already in use'
    echo bob >&8 && comes "$folder/bob.shown" 'logged in as bob'
    echo '@bob  hello  there ' >&7 && comes "$folder/bob.shown" 'From ann:  hello'
    comes "$folder/ann.shown" 'sent successfully'
    echo '@ann grüße' >&8 && comes "$folder/ann.shown" 'From bob: gr'
    comes "$folder/bob.shown" 'sent successfully'
    echo '!who' >&8 && comes "$folder/bob.shown" 'There are'
    echo '!quit' >&8 && exec 8>&-
    wait "$bob" || status=$?
    echo "bob: $status"
    status=0
    echo '@bob still there?' >&7 && comes "$folder/ann.shown" 'does not exist'
    echo '!quit' >&7 && exec 7>&-
    wait "$ann" || status=$?
    echo "ann: $status"
    started=()
    for file in ann.shown ann.said bob.shown bob.said; do
        echo "== $file" && sed "s/:$port/:PORT/g" "$folder/$file"
    done
}

# KiB that a program of this machine has when it waits for others.
idle() {
    local pid
    : >"$work/idle"
    "$@" >"$work/idle" &
    pid=$! && started+=("$pid")
    comes "$work/idle" listening >&2
    awk '/^VmRSS/ { print $2 }' "/proc/$pid/status"
    kill "$pid" && wait "$pid" || true
    started=()
}

# How many tests passed, of the results on standard input; the rest is shown if there were failures.
passed() {
    tee "$work/tests" | awk '/^test result: ok/ { sum += $4 } END { print sum + 0 }'
    ! grep -qE '^test result: FAILED|^error' "$work/tests" || { cat "$work/tests" >&2; fail "$target: tests failed"; }
}

size_of() { stat -c %s "$output/$target/release/$1"; }

skip=()
while read -r name; do skip+=(--skip "$name"); done < <(grep -v -e '^#' -e '^$' tests/emulated.txt)
# Enough to see that a processor does the same; all of them are run where nothing is emulated.
export CHINWAG_SIM_RUNS=${CHINWAG_SIM_RUNS:-300} CARGO_PROFILE_TEST_DEBUG=0

cargo build --locked
session "$output/debug/chinwag" >"$work/expected"
rows=()
[ $# -gt 0 ] || set -- "${all[@]}"
for target in "$@"; do
    prepare "$target"
    echo "== $target"
    cargo build --release --locked --target "$target"
    programs=$output/$target/release
    # shellcheck disable=SC2086 # The emulator and its arguments are words.
    session $runner "$programs/chinwag" >"$work/session.txt"
    diff "$work/expected" "$work/session.txt" || fail "$target: the session is another one than here"
    units=$(CARGO_PROFILE_TEST_OPT_LEVEL=1 cargo test --locked --target "$target" --lib --test sim 2>&1 | passed)
    [ -n "$runner" ] && left_out=$((${#skip[@]} / 2)) || left_out=0
    whole=$(CHINWAG_PROGRAMS=$programs CHINWAG_RUNNER=$runner cargo test --locked --test it -- \
        --exact "${skip[@]:0:2*left_out}" 2>&1 | passed)
    memory=-
    [ -n "$runner" ] || memory=$(idle "$programs/chinwagd" --port 0)
    rows+=("| $target | $(size_of chinwag) | $(size_of chinwagd) | $memory | the same | $units | $whole | $left_out |")
done

cat <<END

| target | \`chinwag\` | \`chinwagd\` | its KiB when idle | session | unit tests, simulator | integration tests | left out |
|---|---|---|---|---|---|---|---|
END
printf '%s\n' "${rows[@]}"
