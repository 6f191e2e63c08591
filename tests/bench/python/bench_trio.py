# SPDX-License-Identifier: Apache-2.0
"""trio's nurseries."""

from time import perf_counter

import trio
import trio.testing

from failure import Failure, fail, seconds_since


async def end():
    pass


async def open_and_close(children, rounds):
    begin = perf_counter()
    for _ in range(rounds):
        async with trio.open_nursery() as nursery:
            for _ in range(children):
                nursery.start_soon(end)
    return perf_counter() - begin


def seconds_to_open_and_close(children, rounds):
    return trio.run(open_and_close, children, rounds)


async def cancel(children):
    try:
        async with trio.open_nursery() as nursery:
            for _ in range(children):
                nursery.start_soon(trio.sleep, 3600)
            await trio.testing.wait_all_tasks_blocked()
            nursery.start_soon(fail)
    except (Failure, ExceptionGroup) as error:
        return seconds_since(error)


async def cancel_often(children, rounds):
    return sum([await cancel(children) for _ in range(rounds)])


def seconds_to_cancel(children, rounds):
    return trio.run(cancel_often, children, rounds)
