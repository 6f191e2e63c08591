#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# run.sh - instructions per operation, compared with those in figures.txt.
#
#     ./tests/cost/run.sh                    all cases; builds the release preset's program
#     ./tests/cost/run.sh hop send           only these
#     ./tests/cost/run.sh --record           writes figures.txt: when a change is meant
#     ./tests/cost/run.sh --program FILE     this build of cost.c, not the release preset's
#
# Valgrind counts the instructions of N operations and of 2N; the difference over N is the
# figure, in which start and end do not count.  It says nothing of cache misses or of
# system calls: tests/bench does.  But it is the same on a machine that is busy.
#
# A figure may differ from the recorded one by 10 %, either way: what got better unnoticed
# could get worse unnoticed.  Another compiler, or other flags, make other instructions of
# the same source: then 30 %, which still finds a lost inlining or a loop where there was
# none.  Of another architecture the figures say nothing.  Exit code 77 means skipped.
set -euo pipefail
export LC_ALL=C

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
figures=$here/figures.txt
operations=20000
band=10 other_band=30
program='' record=no
cases=()

usage() {
    sed -n '3,/^[^#]/s/^# \{0,1\}//p' "${BASH_SOURCE[0]}"
}

while [ $# -gt 0 ]; do
    case $1 in
        --record) record=yes ;;
        --program)
            [ $# -ge 2 ] || { echo "--program needs a file" >&2; exit 2; }
            program=$2
            shift
            ;;
        -h | --help) usage; exit 0 ;;
        -*) echo "unknown argument $1" >&2; usage >&2; exit 2 ;;
        *) cases+=("$1") ;;
    esac
    shift
done
if [ $record = yes ] && [ ${#cases[@]} -gt 0 ]; then
    echo "--record is for all cases: half a file of old figures would look like new ones" >&2
    exit 2
fi
if ! command -v valgrind >/dev/null; then
    echo "skipped: valgrind is not installed"
    exit 77
fi

build() {
    # shellcheck source=cmake/setup.sh
    . "$root/cmake/setup.sh"
    setup_generator
    cd "$root"
    cmake --preset release >/dev/null
    cmake --build --preset release --target cost >/dev/null
}

if [ -z "$program" ]; then
    (build)
    program=$root/build/release/tests/cost/cost
fi

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
# Debian's valgrind cannot read what clang tells the debugger, and we do not need it.
counted=$work/cost
strip --strip-debug -o "$counted" "$program"

# count CASE OPERATIONS: all instructions of such a run.
count() {
    local out
    # cachegrind without its caches is the cheapest of the tools that count exactly.
    if ! out=$(valgrind --tool=cachegrind --cache-sim=no --cachegrind-out-file=/dev/null \
        "$counted" "$1" "$2" 2>&1); then
        printf '%s\n' "$out" >&2
        return 1
    fi
    sed -n 's/,//g; s/^==[0-9]*== I *refs: *\([0-9][0-9]*\)$/\1/p' <<<"$out" | grep . ||
        { printf 'valgrind does not say how many instructions:\n%s\n' "$out" >&2; return 1; }
}

# measure CASE: instructions of one operation, with one decimal.
measure() {
    local once twice
    once=$(count "$1" $operations) && twice=$(count "$1" $((2 * operations))) || return 1
    awk -v d=$((twice - once)) -v n=$operations 'BEGIN { printf "%.1f\n", d / n }'
}

made_with=$("$program" --made-with)
mapfile -t known < <("$program" --cases)
for name in "${cases[@]}"; do
    [[ " ${known[*]} " == *" $name "* ]] ||
        { echo "there is no case \"$name\", but ${known[*]}" >&2; exit 2; }
done
[ ${#cases[@]} -gt 0 ] || cases=("${known[@]}")

if [ $record = yes ]; then
    new=$work/figures.txt
    {
        echo "# Instructions per operation; written by run.sh --record."
        echo "made with: $made_with"
        for name in "${known[@]}"; do
            is=$(measure "$name")
            printf '%-10s %8s\n' "$name" "$is"
        done
    } >"$new"
    cat "$new" >"$figures"
    cat "$figures"
    exit
fi

# architecture MADE-WITH: its second part.
architecture() {
    cut -d, -f2 <<<"$1"
}

recorded_with=$(sed -n 's/^made with: //p' "$figures")
[ -n "$recorded_with" ] || { echo "$figures does not say what made it: run with --record"; exit 1; }
if [ "$(architecture "$made_with")" != "$(architecture "$recorded_with")" ]; then
    echo "skipped: this is$(architecture "$made_with"), the figures are for$(architecture "$recorded_with")"
    exit 77
fi
if [ "$made_with" != "$recorded_with" ]; then
    band=$other_band
    echo "made with:     $made_with"
    echo "recorded with: $recorded_with"
    echo "these make other instructions of the same source: $band % either way are let pass"
fi

# judge CASE MEASURED RECORDED: one line; fails if they are too far apart.
judge() {
    awk -v name="$1" -v is="$2" -v was="$3" -v band=$band 'BEGIN {
        change = (is - was) / was * 100
        printf "%-10s %8.1f instructions, recorded %8.1f, %+6.1f %%", name, is, was, change
        if (change > band)
            printf ": worse than recorded"
        if (change < -band)
            printf ": better than recorded: run with --record"
        print ""
        exit change > band || change < -band
    }'
}

failed=0 off=''
for name in "${cases[@]}"; do
    was=$(awk -v name="$name" '$1 == name { print $2 }' "$figures")
    if [ -z "$was" ]; then
        echo "$name: not recorded: run with --record"
        failed=1
        continue
    fi
    is=$(measure "$name")
    judge "$name" "$is" "$was" || { failed=1; off=$name; }
done
while read -r name _; do
    [[ " ${known[*]} " == *" $name "* ]] ||
        { echo "$name: recorded, but there is no such case: run with --record"; failed=1; }
done < <(sed '/^#/d; /^made with:/d' "$figures")

[ -z "$off" ] || cat <<END
To see where the instructions are (their lines too: callgrind_annotate --auto=yes):
    valgrind --tool=callgrind --callgrind-out-file=cost.out $program $off $operations
    callgrind_annotate cost.out
END
exit $failed
