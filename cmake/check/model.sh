#!/usr/bin/env bash
# model.sh MODEL.pml DIRECTORY
# Checks a spin model.  Comment lines in it say how:
#     /* run: -a */                 arguments of the verifier; one run per line, default none
#     /* compile: -DVECTORSZ=2048 */ more flags for the C compiler
#     /* must-fail: -DBUG_X */      a planted mistake: at least one of the runs must find it
set -euo pipefail
export LC_ALL=C

if ! command -v spin >/dev/null; then
    echo "skipped: spin is not installed"
    exit 77
fi
model=$(realpath "$1")
mkdir -p "$2"
cd "$2"

lines() {
    sed -n "s|^/\* *$1: *\(.*[^ ]\) *\*/.*\$|\1|p" "$model"
}

mapfile -t runs < <(lines run)
[ ${#runs[@]} -gt 0 ] || runs=("")
read -ra flags <<<"$(lines compile | tr '\n' ' ')"

# verify RUN DEFINE...: 0 no error, 1 an error found, 2 not verified at all
verify() {
    local run=$1 out
    local -a arguments compile
    shift
    read -ra arguments <<<"$run"
    rm -f pan pan.* ./*.trail
    if ! out=$(spin "$@" -a "$model" 2>&1); then
        echo "$out"
        return 2
    fi
    compile=(gcc -O2 -w -DMEMLIM=2048 "${flags[@]}" -o pan pan.c)
    # Without cycles to look for the verifier can be told to be smaller.
    case " $run " in *" -a "* | *" -l "* | *" -f "*) ;; *) compile+=(-DSAFETY) ;; esac
    "${compile[@]}" || return 2
    out=$(./pan "${arguments[@]}" 2>&1) || true
    if grep -q 'max search depth too small\|out of memory\|aborted\|VECTORSZ\|Search not completed' <<<"$out" &&
        ! grep -q '^pan:[0-9]*: \(assertion\|invalid\|acceptance\|non-progress\)' <<<"$out"; then
        echo "$out"
        return 2
    fi
    grep -E 'errors:|states, stored|^pan:[0-9]*:' <<<"$out" | sed 's/^/    /'
    grep -q 'errors: 0' <<<"$out" && return 0
    grep -q 'errors: [1-9]' <<<"$out" && return 1
    echo "$out"
    return 2
}

failed=0
for run in "${runs[@]}"; do
    echo "pan $run"
    verify "$run" || { echo "the model fails (or was not searched to the end)"; failed=1; }
done

while read -r define; do
    [ -n "$define" ] || continue
    found=no
    read -ra defines <<<"$define"
    for run in "${runs[@]}"; do
        echo "pan $run with $define"
        status=0
        verify "$run" "${defines[@]}" || status=$?
        if [ $status -eq 1 ]; then
            found=yes
            break
        fi
    done
    [ $found = yes ] || { echo "the mistake $define is not found"; failed=1; }
done < <(lines must-fail)
rm -f pan pan.* ./*.trail
exit $failed
