#!/usr/bin/env bash
# says.sh PROGRAM TEXT...: it must end with 0 and say these texts, in this order.
set -euo pipefail

program=$1
shift
status=0
said=$("$program" 2>&1) || status=$?
printf '%s\n' "$said"
[ $status -eq 0 ] || { echo "$program ended with $status"; exit 1; }

rest=$said
for text; do
    case $rest in
        *"$text"*) rest=${rest#*"$text"} ;;
        *) echo "not said, or not in its place: $text"; exit 1 ;;
    esac
done
