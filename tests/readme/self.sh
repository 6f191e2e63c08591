#!/usr/bin/env bash
# self.sh WORK-DIRECTORY COMPILER: run.sh likes the good sample and finds each fault in the
# bad one.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
bash "$here/run.sh" "$here/sample.md" "$1/good" "$2" -- good.c=2
if said=$(bash "$here/run.sh" "$here/sample-bad.md" "$1/bad" "$2" -- long.c=3 absent.c=1 2>&1); then
    echo "$said"
    echo "the bad sample passed"
    exit 1
fi
for fault in 'does not begin with' 'long.c is too long' 'wrong.c does not build' \
    'fails.c ends with 3' 'has no absent.c'; do
    grep -q "$fault" <<<"$said" || { echo "$said"; echo "not found: $fault"; exit 1; }
done
