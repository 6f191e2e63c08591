"""A parent that has been cancelled opens a group and starts a child."""
import asyncio

from stage import Group, cleans_up, run


async def parent():
    asyncio.current_task().cancel()
    async with Group("a") as a:
        a.start("x", cleans_up())
        await asyncio.sleep(10)


async def main():
    async with Group("top") as top:
        top.start("p", parent())


run(main)
