"""A deadline is taken away while the group runs."""
import asyncio

from stage import Deadline, Group, run, sleeps


async def main():
    async with Deadline("d", 2) as d:
        async with Group("a") as a:
            a.start("x", sleeps(3))
            await asyncio.sleep(1)
            d.move(None)


run(main)
