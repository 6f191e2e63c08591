"""A child has failed and its sibling cleans up; now the parent is cancelled."""
import asyncio

from stage import Group, cleans_up, fails, run


async def parent():
    async with Group("a") as a:
        a.start("x", fails(1, "boom"))
        a.start("y", cleans_up(3))


async def main():
    async with Group("top") as top:
        p = top.start("p", parent())
        await asyncio.sleep(2)
        p.cancel()


run(main)
