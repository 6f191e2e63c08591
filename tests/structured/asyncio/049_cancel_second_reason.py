"""Cancelled twice with different reasons before it can run: which one does it learn?"""
import asyncio

from stage import Group, reason, run, tell, waits


async def asks_why():
    try:
        await waits()
    except asyncio.CancelledError as why:
        tell(f"told to stop ({reason(why)})")
        raise


async def main():
    async with Group("a") as a:
        x = a.start("x", asks_why())
        await asyncio.sleep(1)
        x.cancel("first")
        x.cancel("second")


run(main)
