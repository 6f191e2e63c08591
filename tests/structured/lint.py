#!/usr/bin/env python3
"""lint.py ROOT

Events, threads, processes, signals and sockets of nanomsg are made where the library owns them,
and nowhere else (part 4.7 of the requirements): what another file of the library starts is a
child of an actor.  Programs that use the library (examples/) may not start any of them either,
but for those that are about them.
"""

import pathlib
import re
import sys

# What makes something that lives on: and the files that may, with what they own.
RULES = [
    ("a libevent event", r"event_(new|assign|base_new(_with_config)?|base_once)|evtimer_\w+|evsignal_\w+", {
        "actors/io/watch.c": "of a watch, which is an actor's",
        "actors/sched/worker.c": "a worker's base, and what wakes it",
        "actors/sched/guest.c": "a guest's turns in its host's loop, gone when it is detached",
        "actors/core/guest.c": "the limit of a guest's end, gone with it",
        "examples/12_guest.c": "the host's own",
        "examples/14_events.c": "the program before it was moved",
    }),
    ("a thread", r"pthread_create|thrd_create", {
        "actors/sched/sched.c": "the workers, joined at the node's end",
        "actors/offload/hands.c": "the pool's, joined at the node's end, or its leftover",
        "actors/io/stopsig.c": "who waits for SIGINT and SIGTERM, joined at the node's end",
        "actors/debug/watchdog.c": "the watchdog, joined at the node's end",
    }),
    ("an OS process", r"fork|vfork|posix_spawnp?|clone3?|exec[vl]p?e?|execvpe|popen|system|daemon", {
        "actors/process/launch.c": "of a cop_process",
        "actors/sim/trial.c": "one run of a simulation; reaped before it goes on",
        "examples/wordcount/job.c": "sort and uniq, to compare with, when all actors are gone",
    }),
    ("a signal handler", r"signal|sigaction|timer_create|setitimer|alarm", {
        "actors/co/overflow.c": "of a fault on a body's stack, which is deadly",
        "actors/debug/capture.c": "the watchdog's, for a stack of who is stuck",
        "actors/process/launch.c": "default ones, in the child",
        "actors/io/unixsig.c": "asks whether the program handles SIGUSR1",
    }),
    ("a nanomsg socket", r"nn_\w+", {
        "transport/carrier/nanomsg.c": "of a carrier, which a session is on",
    }),
    ("something at exit", r"atexit|on_exit|pthread_atfork|at_quick_exit", {}),
]
WHERE = ["actors", "supervisor", "transport", "examples"]


def without_comments(text):
    """Comments and literals become blanks, so that lines keep their numbers."""
    pattern = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    return re.sub(pattern, lambda m: re.sub(r"[^\n]", " ", m.group(0)), text, flags=re.S)


def uses(text, calls):
    """The lines in which one of them is called; fields and longer names are others."""
    pattern = re.compile(r"(?<![\w.>])(" + calls + r")\s*\(")
    for number, line in enumerate(without_comments(text).split("\n"), 1):
        for match in pattern.finditer(line):
            yield number, match.group(1)


def sees_them():
    sample = 'x = "fork()"; /* fork() */ a.signal(); self->system();\n  fork();\n nn_socket (1, 2);'
    found = [(n, c) for _, calls, _ in RULES for n, c in uses(sample, calls)]
    return found == [(2, "fork"), (3, "nn_socket")]


def main(root):
    root, wrong, seen = pathlib.Path(root), [], set()
    for file in sorted(f for d in WHERE for f in (root / d).rglob("*.[ch]")):
        name, text = str(file.relative_to(root)), file.read_text()
        for what, calls, allowed in RULES:
            for line, call in uses(text, calls):
                seen.add((what, name))
                if name not in allowed:
                    wrong.append(f"{name}:{line}: {call}: {what} that no actor owns")
    for what, _, allowed in RULES:
        for name in allowed:
            if (root / name).exists() and (what, name) not in seen:
                wrong.append(f"{name} may make {what}, but does not")
    if not sees_them():
        wrong.append("this script sees nothing")
    for what, name in sorted(seen):
        print(f"{name}: {what}")
    for line in wrong:
        print("WRONG:", line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
