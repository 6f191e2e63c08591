"""The parent is cancelled while its group waits for a child."""
import asyncio

from stage import Group, run, sleeps


async def parent():
    async with Group("a") as a:
        a.start("x", sleeps())


async def main():
    async with Group("top") as top:
        p = top.start("p", parent())
        await asyncio.sleep(1)
        p.cancel()


run(main)
