"""A sibling fails: what does the other one learn about that?"""
import asyncio

from stage import Group, fails, reason, run, tell, waits


async def asks_why():
    try:
        await waits()
    except asyncio.CancelledError as why:
        tell(f"told to stop ({reason(why)})")
        raise


async def main():
    async with Group("a") as a:
        a.start("x", fails(1, "boom"))
        a.start("y", asks_why())


run(main)
