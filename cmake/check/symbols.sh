#!/usr/bin/env bash
# symbols.sh SHARED STATIC HEADER...
# The shared library shows cop_* and nothing else, the static one pollutes with cop* only,
# and every function that a public header promises is there.
set -euo pipefail
export LC_ALL=C

shared=$1 static=$2
shift 2
failed=0

fail() {
    printf '%s\n' "$@"
    failed=1
}

exported=$(nm -D --defined-only "$shared" | awk '$2 != "A" { sub(/@.*/, "", $3); print $3 }' | sort -u)
foreign=$(grep -v '^cop_' <<<"$exported" || true)
[ -n "$exported" ] || fail "$shared exports nothing"
[ -z "$foreign" ] || fail "exported, but not cop_*:" "$foreign"

foreign=$(nm -g --defined-only "$static" 2>/dev/null |
    awk 'NF == 3 { print $3 }' | grep -Ev '^(cop_|copi_|DW\.ref\.)' | sort -u || true)
[ -z "$foreign" ] || fail "global in the static library, but neither cop_* nor copi_*:" "$foreign"

# A prototype runs from COP_API to its semicolon; its name is the first lower case word
# before a parenthesis.
promised=$(cat "$@" | awk '
    /^#/ { next }
    /^COP_API / { text = ""; inside = 1 }
    inside { text = text " " $0 }
    inside && /;/ {
        inside = 0
        if (match(text, /cop_[a-z0-9_]+ *\(/)) {
            name = substr(text, RSTART, RLENGTH); sub(/ *\($/, "", name); print name
        }
    }' | sort -u)
missing=$(comm -23 <(echo "$promised") <(echo "$exported"))
[ -z "$missing" ] || fail "promised by a header, but not in the library:" "$missing"

echo "$(wc -l <<<"$exported") names exported, $(wc -l <<<"$promised") functions promised"
exit $failed
