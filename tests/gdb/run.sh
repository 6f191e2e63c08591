#!/usr/bin/env bash
# run.sh PROGRAM SCRIPT SCRATCH: the program aborts under gdb, whose script prints its tree from
# the process and from a core of it: the same.  77: gdb may not, or cannot.
set -euo pipefail
export LC_ALL=C

program=$1 script=$2 scratch=$3
command -v gdb >/dev/null || { echo "no gdb"; exit 77; }
gdb -batch -nx -ex 'python print("has python")' 2>/dev/null | grep -q '^has python' ||
    { echo "this gdb has no python"; exit 77; }
rm -rf "$scratch"
mkdir -p "$scratch"
cd "$scratch"

failed=0
between() {
    sed -n '/^=== tree/,/^=== end/{/^===/!p}' "$1"
}

# expect TEXT...: a line of the tree, by its beginning.
expect() {
    local text
    for text; do
        grep -qF -- "$text" tree || { echo "not in the tree: $text"; failed=1; }
    done
}

gdb -batch -nx -ex 'set debuginfod enabled off' -ex run -ex "source $script" -ex 'echo === tree\n' \
    -ex 'coppice tree' -ex 'echo === end\n' -ex 'gcore core' -ex kill "$program" \
    </dev/null >live 2>&1 || true
grep -q 'received signal SIGABRT' live || { cat live; echo "gdb cannot run it here"; exit 77; }
between live >tree
cat tree

expect 'node local, 2 workers, 1 busy' 'root actor: ' '  unix_signals actor: idle' \
    '    unix_signals actor: idle' '      watch ' \
    '  office_b actor: ' 'blocked on 1 answer of office_b/clerk' \
    '    call answer from office_b/clerk, due in 5' '    timer, due in 5' \
    '    break (fail fast) scope: open, deadline in 5' \
    '      tea (idle_b) actor: idle' \
    '    clerk (clerk_b) actor: idle, age ' '      reply to office_b' \
    '    faller (faller_b) actor: busy in fall, age ' ', from stuck.c:'

if [ -e core ]; then
    gdb -batch -nx -ex 'set debuginfod enabled off' -ex "source $script" -ex 'echo === tree\n' \
        -ex 'coppice tree' -ex 'echo === end\n' "$program" core </dev/null >dead 2>&1 || true
    between dead | diff tree - || { echo "from the core it is another tree"; failed=1; }
else
    echo "gdb wrote no core"
    failed=1
fi
rm -f core
exit $failed
