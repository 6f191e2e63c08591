# SPDX-License-Identifier: Apache-2.0
"""anyio's task groups, on asyncio, as is its default."""

from time import perf_counter

import anyio

from failure import Failure, fail, seconds_since


async def end():
    pass


async def open_and_close(children, rounds):
    begin = perf_counter()
    for _ in range(rounds):
        async with anyio.create_task_group() as group:
            for _ in range(children):
                group.start_soon(end)
    return perf_counter() - begin


def seconds_to_open_and_close(children, rounds):
    return anyio.run(open_and_close, children, rounds)


async def cancel(children):
    try:
        async with anyio.create_task_group() as group:
            for _ in range(children):
                group.start_soon(anyio.sleep, 3600)
            await anyio.wait_all_tasks_blocked()
            group.start_soon(fail)
    except (Failure, ExceptionGroup) as error:
        return seconds_since(error)


async def cancel_often(children, rounds):
    return sum([await cancel(children) for _ in range(rounds)])


def seconds_to_cancel(children, rounds):
    return anyio.run(cancel_often, children, rounds)
