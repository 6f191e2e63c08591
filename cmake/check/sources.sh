#!/usr/bin/env bash
# sources.sh ROOT LISTED...
# Every .c file of a component is named in its CMakeLists.txt, and every test in
# tests/CMakeLists.txt: a file that nobody builds is a file that nobody checks.
set -euo pipefail
export LC_ALL=C

root=$1
shift
cd "$root"
forgotten=$(comm -13 <(printf '%s\n' "$@" | sort -u) \
    <(find actors supervisor transport examples tests -name '*.c' \
        -not -path 'tests/install/*' -not -path 'tests/readme/*' -not -path 'tests/bench/*' |
        sort))
[ -z "$forgotten" ] || { echo "in no CMakeLists.txt:"; echo "$forgotten"; exit 1; }
echo "$# files listed"
