"""The parent of a group is cancelled for a reason: does a child of the group learn it?"""
import asyncio

from stage import Group, reason, run, tell, waits


async def asks_why():
    try:
        await waits()
    except asyncio.CancelledError as why:
        tell(f"told to stop ({reason(why)})")
        raise


async def parent():
    async with Group("a") as a:
        a.start("x", asks_why())


async def main():
    async with Group("top") as top:
        p = top.start("p", parent())
        await asyncio.sleep(1)
        p.cancel("enough")


run(main)
