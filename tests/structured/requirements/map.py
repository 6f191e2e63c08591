#!/usr/bin/env python3
"""map.py ROOT

docs/requirements.md has each requirement, A1 to M3, exactly once, and each test that it names
is there.  A row of its tables is

    | A1 | what is asked | shown, in part, not yet or later | what shows it |

and in the last column stand, each in backquotes,

    `tests/a_test.c: a_name`        a function of that file
    `ctest: a.name`                 a test of that name, in some CMakeLists.txt
    `coming: tests/a_test.c: name`  the same for one that is being written: not an error yet

A row that says less than "shown" gives the reason; one that says "shown" names a test that is
there.
"""

import pathlib
import re
import sys

LETTERS = {"A": 5, "B": 8, "C": 10, "D": 8, "E": 5, "F": 6, "G": 4, "H": 5, "I": 6, "J": 2,
           "K": 7, "L": 3, "M": 3}
STATES = ("shown", "in part", "not yet", "later")
ROW = re.compile(r"^\| *([A-M]\d+) *\|(.*)\|(.*)\|(.*)\| *$")


def has_test(root, path, name):
    file = root / path
    return file.is_file() and re.search(rf"\b{re.escape(name)}\b", file.read_text()) is not None


def has_ctest(root, name):
    """As it is written there; example.NAME is coppice_example(NAME ...), and a line of its own is
    a compile.NAME."""
    last = name.split(".", 1)[-1]
    text = "\n".join(f.read_text() for f in root.rglob("CMakeLists.txt") if "build" not in f.parts)
    return re.search(rf"\(\s*({re.escape(name)}|{re.escape(last)})\b", text) is not None or \
        re.search(rf"^\s+{re.escape(last)}$", text, re.M) is not None


def check_reference(root, text):
    """What is wrong with it, and whether it is there."""
    kind, _, rest = text.partition(": ")
    if kind == "ctest":
        return (None, True) if has_ctest(root, rest) else (f"no test {rest}", False)
    if kind == "coming":
        path, _, name = rest.partition(": ")
        if (root / path).is_file() and not has_test(root, path, name):
            return f"{path} has come, without {name}", False
        return None, has_test(root, path, name)
    if rest == "" or not kind.startswith("tests/"):
        return f"what is `{text}`?", False
    return (None, True) if has_test(root, kind, rest) else (f"no {rest} in {kind}", False)


def check_row(root, row):
    state, shows = row.group(3).strip(), row.group(4)
    references = [quoted for quoted in re.findall(r"`([^`]*)`", shows) if ": " in quoted]
    wrong, there = [], 0
    for reference in references:
        problem, is_there = check_reference(root, reference)
        there += is_there
        if problem is not None:
            wrong.append(problem)
    if state not in STATES:
        wrong.append(f"'{state}' is no state")
    if state == "shown" and there == 0:
        wrong.append("shown by nothing that is there")
    if state != "shown" and len(re.sub(r"`[^`]*`", "", shows).strip()) < 20:
        wrong.append(f"{state}, without a reason")
    return state, wrong


def main(root):
    root, seen, wrong, states = pathlib.Path(root), [], [], {}
    for line in (root / "docs/requirements.md").read_text().split("\n"):
        row = ROW.match(line)
        if row is None:
            continue
        seen.append(row.group(1))
        state, problems = check_row(root, row)
        states.setdefault(state, []).append(row.group(1))
        wrong += [f"{row.group(1)}: {problem}" for problem in problems]
    for letter, count in LETTERS.items():
        for number in range(1, count + 1):
            times = seen.count(f"{letter}{number}")
            if times != 1:
                wrong.append(f"{letter}{number} is there {times} times")
    known = {f"{letter}{n}" for letter, count in LETTERS.items() for n in range(1, count + 1)}
    wrong += [f"{name}: there is no such requirement" for name in seen if name not in known]
    for state, names in sorted(states.items()):
        print(f"{state}: {len(names)}: {' '.join(names)}")
    for line in wrong:
        print("WRONG:", line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
