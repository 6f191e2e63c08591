# SPDX-License-Identifier: Apache-2.0
"""What was measured in one case with one number of workers, and how it is shown."""

import json
import statistics

from . import budget

PEERS = ("erlang", "caf")
SCOPE_PEERS = ("trio", "anyio", "asyncio")  # They have scopes, and no actors.
ONE_THREAD = {"ideal", *SCOPE_PEERS}

COLUMNS = (("case", 16), ("unit", 4), ("workers", 7), ("coppice", 8), ("ideal", 8),
           ("x ideal", 8))
BUDGET_COLUMNS = (("must", 8), ("goal", 8), ("reached", 0))


def plain(case):
    """What the others call a case: only coppice has two kinds of actors."""
    return case.removeprefix("co-")


def peers_of(case):
    return SCOPE_PEERS if plain(case).startswith("scope-") else PEERS


def systems_of(case):
    """Nobody else's switch is the same thing."""
    return ("coppice",) if case == "co-switch" else ("coppice", "ideal", *peers_of(case))


class Row:
    """Values of all rounds: `runs` is system -> list, with None where there was none."""

    def __init__(self, case, unit, workers, runs):
        self.case, self.unit, self.workers, self.runs = case, unit, workers, runs
        self.must = self.goal = self.reached = None

    def value(self, system):
        """The median of the rounds; None if there was no value in any."""
        values = [value for value in self.runs.get(system, ()) if value is not None]
        return statistics.median(values) if values else None

    def ratio(self, system):
        """How many times better coppice is; for the ideal, how many times the ideal is."""
        mine, theirs = self.runs.get("coppice", ()), self.runs.get(system, ())
        if system == "ideal":
            mine, theirs = theirs, mine
        return median_ratio(mine, theirs, self.unit)

    def judge(self, slowness, one):
        """Against the budget; `one` is the row with one worker, if that was measured."""
        value = self.value("coppice")
        if value is None:
            return
        if self.workers == 1:
            limits = budget.limits(self.case, self.unit, slowness) or \
                budget.carried_limit(self.case, self.value("ideal")) or \
                budget.peers_limit(self.case, [self.value(peer) for peer in SCOPE_PEERS])
            if limits is not None:
                self.must, self.goal = limits
                self.reached = budget.verdict(value, *limits, self.unit)
        elif self.workers == 2 and one is not None:
            speedup = median_ratio(self.runs["coppice"], one.runs["coppice"], self.unit)
            if speedup is not None:
                self.must = budget.needed_speedup(self.case)
                self.reached = ("yes" if speedup >= self.must else "missed") + \
                    f" ({number(speedup, 3)}x one worker)"

    def cells(self, with_budget):
        def times(ratio):
            return "-" if ratio is None else number(ratio, 3) + "x"

        cells = [self.case, self.unit, str(self.workers), number(self.value("coppice")),
                 number(self.value("ideal")), times(self.ratio("ideal"))]
        for peer in peers_of(self.case):
            cells += [number(self.value(peer)), times(self.ratio(peer))]
        if with_budget:
            limit = times if self.workers > 1 else lambda value: number(value, 3)
            cells += [limit(self.must), limit(self.goal), self.reached or "-"]
        return cells

    def json(self):
        systems = {system: {"value": self.value(system), "runs": runs}
                   for system, runs in self.runs.items()}
        for system in systems.keys() - {"coppice"}:
            systems[system]["ratio"] = self.ratio(system)
        row = {"case": self.case, "unit": self.unit, "workers": self.workers,
               "systems": systems}
        if self.reached is not None:
            row["budget"] = {"must": self.must, "goal": self.goal, "reached": self.reached}
        return json.dumps(row)


def median_ratio(mine, theirs, unit):
    """The median over the rounds of how many times better `mine` is in each."""
    ratios = [budget.better(one, other, unit) for one, other in zip(mine, theirs)
              if one is not None and other is not None]
    return statistics.median(ratios) if ratios else None


def number(value, digits=4):
    """With that many significant digits, and never an exponent."""
    if value is None:
        return "-"
    if value == 0:
        return "0"
    size = int(f"{value:e}".split("e")[1])
    return f"{round(value, digits - 1 - size):.{max(0, digits - 1 - size)}f}"


def columns_of(peers, with_budget):
    columns = COLUMNS
    for peer in peers:
        columns += ((peer, 8), ("x " + peer, 9))
    return columns + (BUDGET_COLUMNS if with_budget else ())


def line(cells, peers, with_budget):
    """Names to the left, numbers to the right."""
    columns = columns_of(peers, with_budget)
    left = {"case", "unit", "reached"}
    return "  ".join(cell.ljust(width) if name in left else cell.rjust(width)
                     for cell, (name, width) in zip(cells, columns)).rstrip()


def heading(peers, with_budget):
    names = [name for name, _ in columns_of(peers, with_budget)]
    return line(names, peers, with_budget)
