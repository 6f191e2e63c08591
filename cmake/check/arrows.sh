#!/usr/bin/env bash
# arrows.sh COMPILER ROOT COMPONENT... (from the bottom up)
# Plants in each component a file that includes a header from above, and compiles it with
# the component's own include path (in COPPICE_INCLUDES_<component>): it must not be found.
# A header from the component itself must be, or the test would prove nothing.
set -euo pipefail
export LC_ALL=C

compiler=$1 root=$2
shift 2
components=("$@")
failed=0 planted=0

includes_of() {
    local path=COPPICE_INCLUDES_$1 dir
    local -a dirs
    IFS=: read -ra dirs <<<"${!path}"
    for dir in "${dirs[@]}"; do
        printf -- '-I%s\n' "$dir"
    done
}

# The headers of a component as an #include would name them.
headers_of() {
    local dir=$root/$1 header
    find "$dir" -name '*.h' | sort | while read -r header; do
        case $header in
            "$dir"/include/*) echo "${header#"$dir"/include/}" ;;
            *) echo "${header#"$dir"/}" ;;
        esac
    done
}

# compiles COMPONENT HEADER: 0 if the header is found from there.
compiles() {
    local -a includes
    mapfile -t includes < <(includes_of "$1")
    printf '#include "%s"\n' "$2" |
        { "$compiler" -std=gnu17 -E -x c "${includes[@]}" - >/dev/null; } 2>&1
}

for i in "${!components[@]}"; do
    here=${components[$i]}
    own=$(headers_of "$here" | sed -n 1p)
    if [ -n "$own" ] && ! compiles "$here" "$own"; then
        echo "$here does not find its own $own"
        failed=1
    fi
    for above in "${components[@]:$((i + 1))}"; do
        while read -r header; do
            [ -n "$header" ] || continue
            planted=$((planted + 1))
            if message=$(compiles "$here" "$header"); then
                echo "$here can include $header of $above"
                failed=1
            elif ! grep -q 'No such file\|file not found' <<<"$message"; then
                echo "$here, including $header of $above, fails for another reason:"
                echo "$message"
                failed=1
            fi
        done < <(headers_of "$above")
    done
done
echo "$planted includes against the arrows planted"
exit $failed
