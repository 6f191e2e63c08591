#!/usr/bin/env bash
# headers.sh public|private INCLUDE... -- HEADER...
# Every header compiles alone and twice, with each compiler that is here: the public ones
# as strict C17, the private ones as what the library is compiled as.
set -euo pipefail

kind=$1
shift
includes=()
while [ "$1" != -- ]; do
    includes+=("-I$1")
    shift
done
shift
[ $# -gt 0 ] || { echo "no headers"; exit 1; }

case $kind in
    public) standard=c17 ;;
    private) standard=gnu17 includes+=(-D_GNU_SOURCE=) ;;
esac

failed=0
for compiler in gcc clang; do
    command -v $compiler >/dev/null || { echo "$compiler: not here"; continue; }
    for header; do
        said=$(printf '#include "%s"\n#include "%s"\nextern int not_empty;\n' "$header" "$header" |
            $compiler -std="$standard" -Wall -Wextra -Wpedantic -Werror -fsyntax-only \
                "${includes[@]}" -x c - 2>&1) && continue
        echo "$compiler: $header does not compile alone:"
        sed -n '1,8s/^/    /p' <<<"$said"
        failed=1
    done
done
echo "$# $kind headers"
exit $failed
