# SPDX-License-Identifier: Apache-2.0
"""How a child of the three fails, and how long ago that was."""

from time import perf_counter


class Failure(Exception):
    """It knows when it was made."""

    def __init__(self):
        super().__init__()
        self.made = perf_counter()


async def fail():
    raise Failure


def seconds_since(error):
    """An error alone, or a group of one: that depends on the library and its version."""
    now = perf_counter()
    while isinstance(error, ExceptionGroup):
        [error] = error.exceptions
    return now - error.made
