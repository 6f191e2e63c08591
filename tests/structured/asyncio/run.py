#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Groups of tasks: asyncio's outcome of each case, and ours.

    ./run.py                      the Python programs still print what their .expected says
    ./run.py --update             writes the .expected anew
    ./run.py PROGRAM [ARG...]     runs PROGRAM ARG... CASE for every case; it must print
                                  NAME.ours where that exists, else NAME.expected
    ./run.py --untimed PROGRAM    the same, but not when things happened

    --only TEXT                   only the cases with that in their names

FORMAT.md says what the lines mean, and what .ours is.  Exit status 77: there is no Python
3.11, whose semantics these are.
"""

import argparse
import concurrent.futures
import difflib
import os
import pathlib
import re
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent
PYTHON = os.environ.get("COPPICE_PYTHON", "/usr/bin/python3")
LIMIT = 30  # Seconds, for one case: each is made to take none.
LINE = re.compile(r"(\d+) (?:(body|child) )?([^:]+): (.*)")


def options():
    parser = argparse.ArgumentParser(usage="run.py [OPTION...] [PROGRAM [ARG...]]",
                                     allow_abbrev=False)
    parser.add_argument("--update", action="store_true")
    parser.add_argument("--untimed", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("program", nargs=argparse.REMAINDER)
    return parser.parse_args()


def output_of(command):
    """What it prints, as lines, and its exit status; a hang is an end like any other."""
    try:
        done = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, text=True, timeout=LIMIT)
    except subprocess.TimeoutExpired:
        return [f"took longer than {LIMIT} s"], 124
    except OSError as why:
        return [str(why)], 127
    return done.stdout.splitlines(), done.returncode


# What counts


def normal(lines):
    """Bodies and children that end in the same instant do so in no certain order."""
    result, run = [], []
    for line in [*lines, ""]:
        found = LINE.fullmatch(line)
        key = found and found[2] and (int(found[1]), found[2], found[3])
        if run and not (key and key[0] == run[0][0][0]):
            result += [text for _, text in sorted(run, key=lambda entry: entry[0])]
            run = []
        if key:
            run.append((key, line))
        elif line:
            result.append(line)
    return result


def untimed(lines):
    return [line.split(" ", 1)[-1] for line in lines]


def difference(wanted, got, name):
    return "\n".join(difflib.unified_diff(wanted, got, f"{name} as it should be",
                                          f"{name} as it is", lineterm=""))


# The Python programs


def python_case(script):
    lines, status = output_of([PYTHON, "-B", "-S", "-W", "error", script])
    if status != 0:
        raise SystemExit(f"{script.stem}: exit status {status}\n" + "\n".join(lines))
    return normal(lines)


def has_semantics():
    return output_of([PYTHON, "-c", "import sys; sys.exit(sys.version_info[:2] != (3, 11))"]
                     )[1] == 0


def python(scripts, update):
    if not has_semantics():
        print(f"{PYTHON} is no Python 3.11")
        return 77
    wrong = 0
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for script, lines in zip(scripts, pool.map(python_case, scripts)):
            expected = script.with_suffix(".expected")
            if update:
                expected.write_text("\n".join(lines) + "\n")
            elif lines != lines_of(expected):
                wrong += 1
                print(difference(lines_of(expected), lines, script.stem))
    print(f"{len(scripts)} cases of Python, {wrong} wrong")
    return 1 if wrong > 0 else 0


def lines_of(path):
    """Without comments; none if it is not there."""
    text = path.read_text() if path.exists() else ""
    return [line for line in text.splitlines() if line and not line.startswith("#")]


# The program


def judge(script, command, view):
    """Why this case is as it is, and what to say about it."""
    ours = script.with_suffix(".ours")
    wanted = lines_of(ours if ours.exists() else script.with_suffix(".expected"))
    if not wanted:
        return "not to be had", None
    lines, status = output_of([*command, script.stem])
    if status == 77:
        return "skipped", f"{script.stem}: " + " ".join(lines)
    got = view(normal(lines))
    if status != 0 or got != view(normal(wanted)):
        return "wrong", f"exit status {status}\n" + difference(view(normal(wanted)), got,
                                                              script.stem)
    if not ours.exists():
        return "equal", None
    if got == view(lines_of(script.with_suffix(".expected"))) and view is not untimed:
        return "wrong", f"{script.stem} is as in asyncio: there need be no .ours"
    return "different on purpose", None


def program(scripts, command, view):
    counts = dict.fromkeys(("equal", "different on purpose", "not to be had", "skipped",
                            "wrong"), 0)
    for script in scripts:
        verdict, text = judge(script, command, view)
        counts[verdict] += 1
        if text is not None:
            print(text)
    print(", ".join(f"{count} {verdict}" for verdict, count in counts.items()))
    return 1 if counts["wrong"] > 0 else 0


def main():
    chosen = options()
    scripts = sorted(script for script in HERE.glob("[0-9]*.py") if chosen.only in script.stem)
    if not scripts:
        raise SystemExit(f'no case has "{chosen.only}" in its name')
    if not chosen.program:
        return python(scripts, chosen.update)
    return program(scripts, chosen.program, untimed if chosen.untimed else list)


sys.exit(main())
