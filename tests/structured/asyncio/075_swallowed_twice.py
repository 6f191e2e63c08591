"""A child is cancelled from outside, sleeps on, and then its group is told to stop."""
import asyncio

from stage import Group, fails, run, swallows


async def main():
    async with Group("a") as a:
        x = a.start("x", swallows(8))
        a.start("y", fails(2, "boom"))
        await asyncio.sleep(1)
        x.cancel()
        await asyncio.sleep(10)


run(main)
