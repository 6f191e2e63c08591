"""A child is cancelled again while it cleans up."""
import asyncio

from stage import Group, cleans_up, run


async def main():
    async with Group("a") as a:
        x = a.start("x", cleans_up(5))
        await asyncio.sleep(1)
        x.cancel()
        await asyncio.sleep(1)
        x.cancel()


run(main)
