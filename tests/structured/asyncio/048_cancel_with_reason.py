"""A child is cancelled from outside and learns why; nobody else is touched."""
import asyncio

from stage import Group, reason, run, sleeps, tell, waits


async def asks_why():
    try:
        await waits()
    except asyncio.CancelledError as why:
        tell(f"told to stop ({reason(why)})")
        raise


async def main():
    async with Group("a") as a:
        x = a.start("x", asks_why())
        a.start("y", sleeps(2))
        await asyncio.sleep(1)
        x.cancel("enough")


run(main)
