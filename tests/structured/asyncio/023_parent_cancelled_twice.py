"""The parent is cancelled again while its child cleans up: the child is not disturbed."""
import asyncio

from stage import Group, cleans_up, run


async def parent():
    async with Group("a") as a:
        a.start("x", cleans_up(3))


async def main():
    async with Group("top") as top:
        p = top.start("p", parent())
        await asyncio.sleep(1)
        p.cancel()
        await asyncio.sleep(1)
        p.cancel()


run(main)
