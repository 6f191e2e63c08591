#!/usr/bin/env bash
# fuzz.sh libfuzzer|random PROGRAM SECONDS
# A libFuzzer target keeps what it learns beside the program and must not leak, crash, hang
# or take more memory than a small input deserves.
set -euo pipefail

mode=$1 program=$2 seconds=$3

case $mode in
    libfuzzer)
        corpus=$program.corpus
        mkdir -p "$corpus"
        exec "$program" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
            -malloc_limit_mb=256 -print_final_stats=1 -verbosity=0 \
            -artifact_prefix="$program." "$corpus"
        ;;
    random) exec "$program" ;;
esac
