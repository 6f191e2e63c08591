#!/usr/bin/env bash
# run.sh README WORK-DIRECTORY COMPILER LIBRARY-AND-FLAGS... -- NAME=LINES...
# Builds and runs the programs in a page of the manual.
#
# A block that opens with exactly ```c begins with a comment that names its file:
#     /* hello.c */
# With a main it must become a program without a warning and run; without one it must
# compile.  (What is no program is marked otherwise, for instance ```c fragment.)
# NAME=LINES: the page must have that file, with at most so many lines that are not blank,
# its name not counted.
#
# A program runs as tests/readme/<name>.sh says, which is given its path; without one it
# must end by itself with 0, or go on until it is asked to stop and then end with 143.
set -euo pipefail
export LC_ALL=C

page=$1 work=$2 compiler=$3
shift 3
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
includes=(-I"$work") libraries=()
while [ $# -gt 0 ] && [ "$1" != -- ]; do
    case $1 in
        -I*) includes+=("$1") ;;
        *) libraries+=("$1") ;;
    esac
    shift
done
[ $# -eq 0 ] || shift
limits=("$@")
compile=("$compiler" -std=c17 -Wall -Wextra -Wpedantic -Werror "${includes[@]}")

if [ ! -e "$page" ]; then
    echo "skipped: there is no $page"
    exit 77
fi
rm -rf "$work"
mkdir -p "$work"
failed=0

fail() {
    echo "$*"
    failed=1
}

# Writes each block into its file, and says what has no name.
awk -v work="$work" '
    /^```c[ \t]*$/ && !inside { inside = 1; file = ""; first = 1; line = NR; next }
    /^```/ && inside { inside = 0; if (file != "") close(file); next }
    inside && first {
        first = 0
        if (match($0, /^\/\* [a-z0-9_]+\.[ch] /)) {
            name = substr($0, 4, RLENGTH - 4)
            file = work "/" name
            print name
            printf "" > file
        } else {
            print "!" line
            file = ""
        }
    }
    inside && file != "" { print > file }
' "$page" >"$work/blocks"

while read -r name; do
    case $name in
        !*) fail "$page:${name#!}: a c block that does not begin with /* its_name.c */" ;;
        *.h) ;;
        *)
            if grep -q '^\(int \)\{0,1\}main *(' "$work/$name"; then
                if ! "${compile[@]}" "$work/$name" "${libraries[@]}" -o "$work/${name%.c}"; then
                    fail "$name does not build"
                    continue
                fi
                if [ -e "$here/${name%.c}.sh" ]; then
                    timeout 60 bash "$here/${name%.c}.sh" "$work/${name%.c}" ||
                        fail "$name does not do what ${name%.c}.sh expects"
                else
                    status=0
                    timeout --preserve-status -k 10 5 "$work/${name%.c}" </dev/null || status=$?
                    [ $status -eq 0 ] || [ $status -eq 143 ] || fail "$name ends with $status"
                fi
            else
                "${compile[@]}" -c "$work/$name" -o "$work/${name%.c}.o" ||
                    fail "$name does not compile"
            fi
            ;;
    esac
done <"$work/blocks"

for limit in "${limits[@]}"; do
    name=${limit%=*} most=${limit#*=}
    if [ ! -e "$work/$name" ]; then
        fail "$page has no $name"
        continue
    fi
    lines=$(tail -n +2 "$work/$name" | grep -c '[^[:space:]]' || true)
    echo "$name: $lines lines of at most $most"
    [ "$lines" -le "$most" ] || fail "$name is too long"
done
exit $failed
