"""One child cancels its sibling."""
import asyncio

from stage import Group, run, sleeps


async def cancels(task):
    await asyncio.sleep(1)
    task.cancel()


async def main():
    async with Group("a") as a:
        x = a.start("x", sleeps())
        a.start("y", cancels(x))
        a.start("z", sleeps(2))


run(main)
