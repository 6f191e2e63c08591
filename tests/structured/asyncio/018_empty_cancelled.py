"""A cancelled parent opens a group without children, and waits only after that."""
import asyncio

from stage import Group, run


async def parent():
    asyncio.current_task().cancel()
    async with Group("a"):
        pass
    await asyncio.sleep(10)


async def main():
    async with Group("top") as top:
        top.start("p", parent())


run(main)
