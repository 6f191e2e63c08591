#!/usr/bin/env bash
# run.sh BUILD-DIRECTORY WORK-DIRECTORY COMPILER
# Installs, moves what was installed to another place, and builds a consumer there in four
# ways: CMake and pkg-config, shared and static.  Each must run.
set -euo pipefail
export LC_ALL=C

build=$1 work=$2 compiler=$3
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
rm -rf "$work"
mkdir -p "$work"

cmake --install "$build" --prefix "$work/first" >"$work/install.log"
mv "$work/first" "$work/moved"
prefix=$work/moved
pc=$(dirname "$(find "$prefix" -name coppice.pc)")
lib=$(dirname "$pc")
version=$(sed -n 's/^Version: //p' "$pc/coppice.pc")

fail() {
    echo "$*"
    exit 1
}

check() {
    local said
    said=$(LD_LIBRARY_PATH=$lib "$1") || fail "$1 ended with $?"
    [ "$said" = "coppice $version says 42" ] || fail "$1 said: $said"
    echo "$(basename "$1"): $said"
}

uses_shared() {
    readelf -d "$1" | grep -q 'NEEDED.*\[libcoppice\.so\.'
}

# What was installed: one library file, two links to it, no private header, no path.
[ -f "$lib/libcoppice.so.$version" ] || fail "no libcoppice.so.$version"
for link in libcoppice.so "libcoppice.so.${version%%.*}"; do
    [ -L "$lib/$link" ] || fail "no link $link"
done
[ -f "$lib/libcoppice.a" ] || fail "no libcoppice.a"
[ -z "$(find "$prefix/include" -name '*.h' -not -path '*/include/coppice/*')" ] ||
    fail "a private header was installed"
if grep -rnI -e "$work/first" -e "$(cd "$here/../.." && pwd)" "$prefix/include" "$pc" \
    "$lib/cmake"; then
    fail "what was installed knows where it was made"
fi

CMAKE_PREFIX_PATH=$prefix cmake -S "$here" -B "$work/cmake" \
    -DCMAKE_C_COMPILER="$compiler" >"$work/configure.log" 2>&1 || { cat "$work/configure.log"; exit 1; }
cmake --build "$work/cmake" >"$work/build.log" 2>&1 || { cat "$work/build.log"; exit 1; }
check "$work/cmake/with-coppice"
check "$work/cmake/with-coppice-static"

export PKG_CONFIG_PATH=$pc
flags=(-std=c17 -Wall -Wextra -Wpedantic -Werror "$here/consumer.c")
pkg() { pkg-config "$@" coppice; }
[ "$(pkg --modversion)" = "$version" ] || fail "pkg-config says version $(pkg --modversion)"
# The words of pkg-config are meant to be split.
# shellcheck disable=SC2046
"$compiler" "${flags[@]}" $(pkg --cflags --libs) -o "$work/pc-shared"
# shellcheck disable=SC2046
"$compiler" "${flags[@]}" $(pkg --static --cflags --libs | sed 's/-lcoppice/-l:libcoppice.a/') \
    -o "$work/pc-static"
check "$work/pc-shared"
check "$work/pc-static"

for program in "$work/cmake/with-coppice" "$work/pc-shared"; do
    uses_shared "$program" || fail "$program does not use the shared library"
done
for program in "$work/cmake/with-coppice-static" "$work/pc-static"; do
    ! uses_shared "$program" || fail "$program uses the shared library"
done
