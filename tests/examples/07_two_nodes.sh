#!/usr/bin/env bash
# 07_two_nodes.sh PROGRAM: b is told of a's death and of its return, and never takes the new
# counter for the old one.
set -euo pipefail

program=$1
dir=$(mktemp -d)
export ADDRESS=ipc://$dir/a
pids=()
trap 'kill -9 "${pids[@]}" 2>/dev/null || true; rm -rf "$dir"' EXIT

start_a() {
    "$program" a >>"$dir/a.log" 2>&1 &
    a=$!
    pids+=("$a")
}

# await PATTERN: reads what b says until a line matches; leaves it in `line`.
await() {
    while read -r -t 30 line <&3; do
        echo "b: $line"
        [[ ! $line =~ $1 ]] || return 0
        [ -z "${never:-}" ] || [[ ! $line =~ $never ]] || { echo "must not be said"; exit 1; }
    done
    echo "b never said: $1"
    cat "$dir/a.log"
    exit 1
}

start_a
exec 3< <(exec "$program" b 2>&1)
b=$!
pids+=("$b")

await '^UP a incarnation ([0-9a-f]{16})$'
first=${BASH_REMATCH[1]}
await '^the counter is at 2$'

kill -9 "$a"
await '^DOWN noconnection$'
never='^the counter is at'
await '^(refused|no answer): '

start_a
await '^UP a incarnation ([0-9a-f]{16})$'
[ "${BASH_REMATCH[1]}" != "$first" ] || { echo "the same incarnation"; exit 1; }
await '^(refused|no answer): '
await '^(refused|no answer): '

for node in "$a" "$b"; do
    status=0
    kill -TERM "$node"
    wait "$node" || status=$?
    [ $status -eq 143 ] || { echo "asked to stop, a node ended with $status"; exit 1; }
done
