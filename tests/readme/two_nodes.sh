#!/usr/bin/env bash
# two_nodes.sh PROGRAM: b says so when a is killed.
set -euo pipefail

program=$1
log=$(mktemp)
pids=()
trap 'kill -9 "${pids[@]}" 2>/dev/null || true; rm -f "$log"' EXIT

"$program" a >"$log" 2>&1 &
pids+=($!)
exec 3< <(exec "$program" b 2>&1)
pids+=($!)

# The session is there when a new name on a would be seen: ask the log of neither, but
# kill a again and again until b has something to say.
for _ in 1 2 3 4 5; do
    if read -r -t 4 line <&3; then
        break
    fi
    kill -9 "${pids[0]}" 2>/dev/null || true
done
echo "b: ${line:-nothing}"
[[ ${line:-} == *"the counter is gone: noconnection"* ]]
