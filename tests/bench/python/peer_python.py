# SPDX-License-Identifier: Apache-2.0
"""The cases on trio, anyio or asyncio, as a good user of these would write them.

    peer_python.py SYSTEM [--workers N] CASE      prints "CASE SYSTEM 1 VALUE UNIT"
"""

import importlib
import sys

# Case -> children of a group, and about how many of them in all.
SCOPES = {
    "scope-1": (1, 100000),
    "scope-10": (10, 300000),
    "scope-1k": (1000, 300000),
    "scope-100k": (100000, 200000),
}
CANCELLED = 10000
ROUNDS = 10


def measure(system, case):
    """The value and its unit.  The first groups are not measured: they load and import."""
    bench = importlib.import_module(f"bench_{system}")
    bench.seconds_to_open_and_close(10, 10)
    if case == "scope-cancel-10k":
        return bench.seconds_to_cancel(CANCELLED, ROUNDS) / ROUNDS * 1e6, "us"
    children, in_all = SCOPES[case]
    rounds = in_all // children
    return bench.seconds_to_open_and_close(children, rounds) / rounds / children * 1e9, "ns"


def main(system, *words):
    # There is one thread here, whatever the number of workers asked for.
    if words[:1] == ("--workers",):
        words = words[2:]
    if len(words) != 1 or words[0] not in (*SCOPES, "scope-cancel-10k"):
        print("usage: peer_python.py SYSTEM [--workers N] CASE, with CASE one of",
              *SCOPES, "scope-cancel-10k", file=sys.stderr)
        return 2
    value, unit = measure(system, words[0])
    print(words[0], system, 1, f"{value:.0f}", unit)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
