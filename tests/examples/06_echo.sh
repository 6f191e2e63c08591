#!/usr/bin/env bash
# 06_echo.sh PROGRAM: a real TCP client talks to it, and ends it.
set -euo pipefail

command -v nc >/dev/null || { echo "skipped: nc is not installed"; exit 77; }

exec 3< <(exec env PORT=0 "$1" 2>&1)
server=$!
trap 'kill $server 2>/dev/null || true' EXIT

read -r -t 30 line <&3
port=${line##* }
[[ $port =~ ^[1-9][0-9]*$ ]] || { echo "no port in: $line"; exit 1; }

talk() {
    timeout 30 nc -N 127.0.0.1 "$port"
}

answer=$(printf 'hello\n' | talk)
[ "$answer" = hello ] || { echo "hello was answered: $answer"; exit 1; }

# Two at a time, and one that only comes and goes.
exec 4<>"/dev/tcp/127.0.0.1/$port"
printf 'first\n' >&4
talk </dev/null
answer=$(printf 'second\n' | talk)
[ "$answer" = second ] || { echo "second was answered: $answer"; exit 1; }
read -r -t 30 answer <&4
[ "$answer" = first ] || { echo "first was answered: $answer"; exit 1; }

printf 'quit\n' | talk
wait $server || { echo "the server ended with $?"; cat <&3; exit 1; }
