#!/usr/bin/env bash
# run.sh PLAYER [ARGUMENT...]
#
# Plays all scenarios and compares their traces with those of OTP.  Where NAME.coppice lies
# beside NAME.expected, our trace differs on purpose (docs/otp.md says why), and is that.
set -uo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
work=$(mktemp)
trap 'rm -f "$work"' EXIT
equal=0 skipped=0 different=0 purpose=0

for scn in "$here"/scenarios/*.scn; do
    name=$(basename "$scn" .scn)
    expected=${scn%.scn}.expected
    timeout 60 "$@" "$scn" >"$work"
    case $? in
        0) ;;
        77) echo "$name $(cat "$work")"; skipped=$((skipped + 1)); continue ;;
        *) echo "$name: ended with an error" ;;
    esac
    if cmp -s "$work" "$expected"; then
        equal=$((equal + 1))
    elif cmp -s "$work" "${scn%.scn}.coppice"; then
        purpose=$((purpose + 1))
    else
        echo "$name differs (<: OTP)"
        diff "$expected" "$work"
        different=$((different + 1))
    fi
done
echo "$equal equal, $purpose different on purpose, $skipped skipped, $different wrong"
[ $different -eq 0 ]
