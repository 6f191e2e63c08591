#!/usr/bin/env bash
# random.sh COUNT [FIRST-SEED [ACTIONS]]
#
# Plays COUNT random scenarios on coppice and on the real OTP, and compares the traces.
# Prints the seed and both traces of each that differs, and how many there were.  SCENARIO:
# the player; default: the one of build/dev.  CALM=1 leaves out suspend and
# resume.  Exit code 77 if there is no escript.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
count=${1:?how many} first=${2:-1} actions=${3:-14}
player=${SCENARIO:-$here/../../build/${PRESET:-dev}/tests/conformance/scenario}
command -v escript >/dev/null || { echo "skipped: no escript (erlang-base)"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

play() {
    local seed=$1 scn=$2/$1.scn otp=$2/$1.otp ours=$2/$1.ours rc
    python3 "$3/genscn.py" "$seed" "$4" |
        if [ -n "${CALM:-}" ]; then grep -v '^suspend \|^resume '; else cat; fi >"$scn"
    timeout 120 "$5" --seed "$seed" "$scn" >"$ours" 2>&1
    rc=$?
    if [ $rc = 77 ]; then
        echo "$seed skipped"
        return
    fi
    timeout 120 escript "$3/oracle.escript" "$scn" >"$otp" 2>&1
    if cmp -s "$otp" "$ours"; then
        echo "$seed equal"
    else
        echo "$seed DIFFERS"
    fi
}
export -f play

seq "$first" $((first + count - 1)) |
    xargs -P "${JOBS:-2}" -I{} bash -c 'play "$@"' _ {} "$work" "$here" "$actions" "$player" >"$work/all"
differing=$(sed -n 's/ DIFFERS$//p' "$work/all" | sort -n)
for seed in $differing; do
    echo "== seed $seed (actions $actions): scenario, OTP's trace, ours, difference"
    cat "$work/$seed.scn"
    echo "-- OTP"
    cat "$work/$seed.otp"
    echo "-- coppice"
    cat "$work/$seed.ours"
    echo "-- diff"
    diff "$work/$seed.otp" "$work/$seed.ours"
done
echo "$(grep -c ' equal$' "$work/all") equal, $(grep -c ' DIFFERS$' "$work/all") differ," \
    "$(grep -c ' skipped$' "$work/all") skipped; differing seeds: $(echo $differing)"
[ -z "$differing" ]
