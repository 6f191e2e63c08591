"""A child cancels itself: nobody else is touched."""
import asyncio

from stage import Group, run, sleeps


async def cancels_itself():
    asyncio.current_task().cancel()
    await asyncio.sleep(10)


async def main():
    async with Group("a") as a:
        a.start("x", cancels_itself())
        a.start("y", sleeps(1))


run(main)
