#!/usr/bin/env bash
# Finds the least memory with which the programs of a folder do their work: by default those of a release build.
# Two limits are tried: the address space (`ulimit -v`), and what a control group may use, if one can be made
# (as root, without swap), which is what counts on a board: a program's code is not in it if it was in memory
# before.
#
#     scripts/least-memory.sh [FOLDER]
set -euo pipefail
cd "$(dirname "$0")/.."
folder=$(realpath "${1:-target/release}")
work=$(mktemp -d)
group=
started=()

finish() {
    for pid in "${started[@]}"; do kill -KILL "$pid" 2>/dev/null || true; done
    wait 2>/dev/null || true
    [ -z "$group" ] || rmdir "$group" 2>/dev/null || true
    rm -rf "$work"
}
trap finish EXIT

make_group() {
    local name=chinwag-least-$$
    if [ -w /sys/fs/cgroup/cgroup.subtree_control ]; then
        echo +memory >/sys/fs/cgroup/cgroup.subtree_control || return 1
        bound=memory.max group=/sys/fs/cgroup/$name
    elif [ -w /sys/fs/cgroup/memory ]; then
        bound=memory.limit_in_bytes group=/sys/fs/cgroup/memory/$name
    else
        return 1
    fi
    # A new one for each attempt: what is left in memory of one would count for the next.
    rmdir "$group" 2>/dev/null || true
    mkdir "$group" 2>/dev/null && [ -w "$group/$bound" ] || { group=; return 1; }
}

# The last word of a subshell: a program with so many KiB.
limited() {
    local kind=$1 kib=$2
    shift 2
    case $kind in
        address) ulimit -v "$kib" ;;
        # By way of a small shell: what this one has would count until the program takes its place.
        group)
            echo $((kib * 1024)) >"$group/$bound" || exit
            exec sh -c 'echo $$ >"$0" && exec "$@"' "$group/cgroup.procs" "$@"
            ;;
    esac
    exec "$@"
}

# Waits until a file holds these words, or the program that writes it has ended.
comes() {
    local file=$1 words=$2 pid=$3
    for _ in {1..400}; do
        grep -qa -- "$words" "$file" && return
        kill -0 "$pid" 2>/dev/null || break
        sleep 0.01
    done
    grep -qa -- "$words" "$file"
}

# A server with a robot: its address goes to $work/server.
serve() {
    : >"$work/server"
    ("$@" "$folder/chinwagd" --port 0 --echobot --max-users 200 >"$work/server" 2>/dev/null) &
    server=$!
    started+=("$server")
    comes "$work/server" listening "$server" || return 1
    port=$(sed 's/.*://' "$work/server")
}

end() {
    kill -KILL "$1" 2>/dev/null || true
    wait "$1" 2>/dev/null || true
}

# Somebody who logs in, and stays as long as the descriptor is open.
client() {
    exec {stays}<>"$work/typed"
    : >"$work/shown"
    (exec {stays}>&-; "$@" <"$work/typed" >"$work/shown" 2>/dev/null) &
    client=$!
    started+=("$client")
    comes "$work/shown" Successfully "$client"
}

chat() {
    printf '!who\n@echobot hi\n' >"$work/typed"
    comes "$work/shown" 'From echobot: hi' "$client" && comes "$work/shown" 'sent successfully' "$client"
}

receive() {
    "$folder/chinwag" "bob@127.0.0.1:$port" --send ann <"$work/long" 2>/dev/null && comes "$work/shown" 'x$' "$client"
}

# Each job is given a kind of limit and its KiB.
client_chats() {
    serve command && client limited "$1" "$2" "$folder/chinwag" "ann@127.0.0.1:$port" && chat
}
client_receives() {
    serve command && client limited "$1" "$2" "$folder/chinwag" "ann@127.0.0.1:$port" && receive
}
host_chats() {
    client limited "$1" "$2" "$folder/chinwag" --host --port 0 --name ann && chat
}
server_of() {
    local count=$1 kind=$2 kib=$3 user number said
    serve limited "$kind" "$kib" || return 1
    users=()
    for ((number = 0; number < count; number++)); do
        exec {user}<>"/dev/tcp/127.0.0.1/$port" || return 1
        users+=("$user")
        printf 'HELLO-FROM u%s\n' "$number" >&"$user" || return 1
        IFS= read -r -t 4 said <&"$user" && [ "$said" = "HELLO u$number" ] || return 1
    done
    for ((number = 0; number < count; number++)); do
        printf 'SEND u%s hi\n' $(((number + 1) % count)) >&"${users[number]}" || return 1
    done
    for user in "${users[@]}"; do
        IFS= read -r -t 4 said <&"$user" && [ -n "$said" ] || return 1
    done
}
server_with_2() { server_of 2 "$@"; }
server_with_100() { server_of 100 "$@"; }
server_relays() {
    serve limited "$1" "$2" && client command "$folder/chinwag" "ann@127.0.0.1:$port" && receive
}

attempt() {
    local result=0 fd
    [ "$2" != group ] || make_group
    server='' client='' users=()
    "$@" 2>/dev/null || result=1
    for fd in "${users[@]}"; do exec {fd}>&-; done
    [ -z "${stays:-}" ] || { exec {stays}>&-; stays=; }
    for pid in $client $server; do end "$pid"; done
    started=()
    return $result
}

least() {
    local job=$1 kind=$2 low=0 high=32768 middle
    attempt "$job" "$kind" "$high" || { printf '%12s' 'over 32768'; return; }
    while [ $((high - low)) -gt 16 ]; do
        middle=$(((low + high) / 2))
        if attempt "$job" "$kind" "$middle"; then high=$middle; else low=$middle; fi
    done
    printf '%12s' "$high"
}

mkfifo "$work/typed"
head -c 1048576 /dev/zero | tr '\0' x >"$work/long"
kinds=(address)
if make_group; then kinds+=(group); else echo "no control group can be made here" >&2; fi
printf '%-44s%12s%12s\n' "KiB for $(basename "$folder")" 'addresses' 'in a group'
for row in \
    'client_chats|chinwag chats' 'client_receives|chinwag receives 1 MiB' 'host_chats|chinwag --host chats' \
    'server_with_2|chinwagd, 2 users chat' 'server_with_100|chinwagd, 100 users chat' \
    'server_relays|chinwagd relays 1 MiB'; do
    printf '%-44s' "${row#*|}"
    for kind in "${kinds[@]}"; do least "${row%%|*}" "$kind"; done
    echo
done
