#!/usr/bin/env bash
# wordcount.sh PROGRAM: the demo gets the right result with faults and without, is not put
# off by files that are no text or cannot be read, and refuses what it does not know.
set -euo pipefail

program=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cp /usr/share/common-licenses/* "$dir"
head -c 100000 /dev/urandom >"$dir/binary"
ln -s /dev/null/nowhere "$dir/dangling"
printf 'secret\n' >"$dir/unreadable"
chmod 0 "$dir/unreadable"

good() {
    local said status=0
    said=$("$program" "$@" 2>&1) || status=$?
    if [ $status -ne 0 ] || ! grep -q 'result matches' <<<"$said"; then
        printf '%s\n' "$said"
        echo "$* ended with $status"
        exit 1
    fi
}

bad() {
    local said
    if said=$("$program" "$@" 2>&1); then
        echo "$* must be refused"
        exit 1
    fi
    [ -n "$said" ] || { echo "$* is refused without a word"; exit 1; }
}

good "$dir"
good --no-faults --workers 2 "$dir"
bad --no-such-option
bad --workers none "$dir"
bad "$dir/no such directory"
