"""A deadline is moved to an earlier time while the group runs (F5)."""
import asyncio

from stage import Deadline, Group, run, sleeps


async def main():
    async with Deadline("d", 8) as d:
        async with Group("a") as a:
            a.start("x", sleeps())
            await asyncio.sleep(1)
            d.move(1)


run(main)
