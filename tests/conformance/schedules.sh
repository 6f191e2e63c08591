#!/usr/bin/env bash
# schedules.sh COUNT PLAYER [ARGUMENT...]
#
# Plays all scenarios under COUNT schedules of the simulator: the traces must not depend on
# who runs first.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
count=$1 bad=0
shift

for seed in $(seq 2 $((count + 1))); do
    said=$("$here/run.sh" "$@" --seed "$seed") && continue
    echo "== seed $seed"
    echo "$said"
    bad=$((bad + 1))
done
echo "$count schedules, $bad with differences"
[ $bad -eq 0 ]
