"""A deadline is moved to a later time while the group runs (F5)."""
import asyncio

from stage import Deadline, Group, run, sleeps


async def main():
    async with Deadline("d", 2) as d:
        async with Group("a") as a:
            a.start("x", sleeps(3))
            await asyncio.sleep(1)
            d.move(4)


run(main)
