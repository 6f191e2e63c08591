# SPDX-License-Identifier: Apache-2.0
"""How fast coppice has to be, and how fast it would like to be."""

# The limits are for a machine on which the ideal's ping-pong takes so long.
REFERENCE_NS = 17

# With one worker: case -> (must, goal), in the unit of the case.
LIMITS = {
    "ping-pong": (60, 45),
    "one-to-one": (50, 100),
    "8-to-one": (50, 90),
    "ring": (30, 40),
    "spawn": (12, 25),
    "idle": (320, 256),
    "call": (8, 12),
    "big": (38, 45),
    "skynet": (250, 60),
    "restart": (1.6, 3),
    "restart-10k": (1.6, 3),
    "timer-arm": (40, 20),
    "timer-cancel": (14, 8),
    "node-to-node": (3, 5),
    "co-ping-pong": (120, 120),
}

# Between nodes the carrier sets the pace: so many times what the ideal takes, which is the
# bare carrier.
CARRIED = {"node-rtt": 1.3}

# So many times better than the best of the peers that are there, per child and in the same run.
BETTER_THAN_PEERS = {"scope-1": 20, "scope-10": 20, "scope-1k": 20, "scope-100k": 20}

# With two workers: how many times as fast as with one it has to be, where both can work ...
SPEEDUP = 1.6
PARALLEL = {"big", "skynet", "fork-join", "rings-8"}
# ... and elsewhere, where the second can only do harm.
NO_HARM = 1 / 1.2


def limits(case, unit, slowness):
    """Must and goal on a machine that takes `slowness` times as long; None without them."""
    if case not in LIMITS:
        return None
    if unit == "B":
        return LIMITS[case]
    if unit == "M/s":
        slowness = 1 / slowness
    return tuple(limit * slowness for limit in LIMITS[case])


def carried_limit(case, ideal):
    """The same for a case whose limit depends on the ideal of that case."""
    if case not in CARRIED or ideal is None:
        return None
    return CARRIED[case] * ideal, ideal


def peers_limit(case, values):
    """The same for a case whose limit depends on peers, in a unit of which less is better.
    There is nothing more to wish for."""
    values = [value for value in values if value is not None]
    if case not in BETTER_THAN_PEERS or not values:
        return None
    limit = min(values) / BETTER_THAN_PEERS[case]
    return limit, limit


def needed_speedup(case):
    return SPEEDUP if case in PARALLEL else NO_HARM


def better(mine, other, unit):
    """How many times better one value is than another: more per second, or less of all else."""
    first, second = (mine, other) if unit == "M/s" else (other, mine)
    return first / second if second > 0 else float("inf")


def verdict(value, must, goal, unit):
    if better(value, goal, unit) >= 1:
        return "goal"
    return "must" if better(value, must, unit) >= 1 else "missed"
