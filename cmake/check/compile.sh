#!/usr/bin/env bash
# compile.sh FILE COMPILER FLAG...
# right_*.c must compile.  wrong_*.c must not, and the compiler must say one of the texts
# that the file names:  /* expect: has no member named */
# All the way to assembler: some warnings come late.
set -uo pipefail
export LC_ALL=C

file=$1
shift
message=$("$@" -std=c17 -Wall -Wextra -Wpedantic -Werror -S -o /dev/null "$file" 2>&1)
status=$?

case $(basename "$file") in
    right_*)
        [ $status -eq 0 ] && exit 0
        echo "must compile, but:"
        ;;
    wrong_*)
        mapfile -t expected < <(sed -n 's|^/\* expect: \(.*[^ ]\) *\*/.*$|\1|p' "$file")
        if [ ${#expected[@]} -eq 0 ]; then
            echo "no line /* expect: ... */ in $file"
            exit 1
        fi
        if [ $status -eq 0 ]; then
            echo "must not compile, but does"
            exit 1
        fi
        # clang and gcc quote differently; a text is compared without its quotes.
        plain=${message//[‘’\`\']/}
        for text in "${expected[@]}"; do
            text=${text//[‘’\`\']/}
            if grep -qF -- "$text" <<<"$plain"; then
                echo "refused, as it should be: $text"
                exit 0
            fi
        done
        printf 'refused, but the compiler does not say: %s\n' "${expected[@]}"
        ;;
    *)
        echo "$file is neither right_*.c nor wrong_*.c"
        exit 1
        ;;
esac
echo "$message"
exit 1
