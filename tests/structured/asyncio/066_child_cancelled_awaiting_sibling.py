"""A child that waits for its sibling is cancelled: the sibling is, too."""
import asyncio

from stage import Group, run, sleeps


async def waits_for(task):
    return await task


async def main():
    async with Group("a") as a:
        x = a.start("x", sleeps(2))
        y = a.start("y", waits_for(x))
        await asyncio.sleep(1)
        y.cancel()


run(main)
