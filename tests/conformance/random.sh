#!/usr/bin/env bash
# random.sh COUNT [FIRST-SEED [timed|proc]]
#
# Plays COUNT random scenarios, of supervisors (`timed`: whose children are slow to stop) or
# with `proc` of plain actors, on coppice and on the real OTP, and compares the traces.
# The seed says how many actions a scenario has, and how deep its tree is.  Prints the seed
# and both traces of each that differs, and how many there were.  SCENARIO: the player;
# default: the one of build/dev.  JOBS: how many Erlangs at once; they mostly wait.  CALM=1
# leaves out suspend and resume.  Exit code 77 if there is no escript.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
count=${1:?how many} first=${2:-1} kind=${3:-sup}
player=${SCENARIO:-$here/../../build/${PRESET:-dev}/tests/conformance/scenario}
command -v escript >/dev/null || { echo "skipped: no escript (erlang-base)"; exit 77; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export TMPDIR=$work

case $kind in
    sup) python3 "$here/genscn.py" --varied "$work" "$count" "$first" || exit 2 ;;
    timed) python3 "$here/genscn.py" --timed "$work" "$count" "$first" || exit 2 ;;
    proc) python3 "$here/genproc.py" "$work" "$count" "$first" || exit 2 ;;
    *) echo "sup, timed or proc?" >&2; exit 2 ;;
esac
[ -z "${CALM:-}" ] || sed -i '/^suspend \|^resume /d' "$work"/*.scn

# Of the real one: fifty for each Erlang, then another.
(cd "$work" && ls -- *.scn) | sort -n |
    (cd "$work" && xargs -P "${JOBS:-8}" -n 50 escript "$here/batch.escript" "$here/oracle.escript")

# trace SEED: ours; 77 if we cannot.
trace() {
    timeout 120 "$player" --seed "$1" "$work/$1.scn" >"$work/$1.ours" 2>&1 || return
    [ $kind != proc ] || python3 "$here/genproc.py" --strip "$work/$1.otp" "$work/$1.ours"
}

equal=0 skipped=0
differing=()
for seed in $(seq "$first" $((first + count - 1))); do
    trace "$seed"
    if [ $? = 77 ]; then
        skipped=$((skipped + 1))
    elif cmp -s "$work/$seed.otp" "$work/$seed.ours"; then
        equal=$((equal + 1))
    else
        differing+=("$seed")
        echo "== seed $seed: scenario, OTP's trace, ours, difference"
        cat "$work/$seed.scn"
        echo "-- OTP"
        cat "$work/$seed.otp"
        echo "-- coppice"
        cat "$work/$seed.ours"
        echo "-- diff"
        diff "$work/$seed.otp" "$work/$seed.ours"
    fi
done
echo "$equal equal, ${#differing[@]} differ, $skipped skipped; differing seeds: ${differing[*]}"
[ ${#differing[@]} -eq 0 ]
