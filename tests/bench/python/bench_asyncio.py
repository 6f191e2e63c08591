# SPDX-License-Identifier: Apache-2.0
"""asyncio.TaskGroup."""

import asyncio
from time import perf_counter

from failure import Failure, fail, seconds_since


async def end():
    pass


async def open_and_close(children, rounds):
    begin = perf_counter()
    for _ in range(rounds):
        async with asyncio.TaskGroup() as group:
            for _ in range(children):
                group.create_task(end())
    return perf_counter() - begin


def seconds_to_open_and_close(children, rounds):
    return asyncio.run(open_and_close(children, rounds))


async def cancel(children):
    try:
        async with asyncio.TaskGroup() as group:
            for _ in range(children):
                group.create_task(asyncio.sleep(3600))
            await asyncio.sleep(0)  # Now all of them sleep.
            group.create_task(fail())
    except (Failure, ExceptionGroup) as error:
        return seconds_since(error)


async def cancel_often(children, rounds):
    return sum([await cancel(children) for _ in range(rounds)])


def seconds_to_cancel(children, rounds):
    return asyncio.run(cancel_often(children, rounds))
