"""The parent is cancelled in the instant in which it starts a child."""
import asyncio

from stage import Group, cleans_up, run, sleeps


async def parent():
    async with Group("a") as a:
        await asyncio.sleep(1)
        a.start("x", cleans_up())
        raise asyncio.CancelledError


async def main():
    async with Group("top") as top:
        top.start("p", parent())
        top.start("q", sleeps(2))


run(main)
