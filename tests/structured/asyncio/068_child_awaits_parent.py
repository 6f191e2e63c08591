"""A child waits until its own group has closed."""
import asyncio

from stage import Group, run


async def waits_for(task):
    await task


async def main():
    async with Group("a") as a:
        a.start("x", waits_for(asyncio.current_task()))


run(main)
