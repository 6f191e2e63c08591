"""A deadline is moved into the past: it passes at once."""
import asyncio

from stage import Deadline, Group, run, sleeps


async def main():
    async with Deadline("d", 8) as d:
        async with Group("a") as a:
            a.start("x", sleeps())
            await asyncio.sleep(1)
            d.move(-1)
            await asyncio.sleep(10)


run(main)
