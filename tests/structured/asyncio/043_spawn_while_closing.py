"""The body has ended; a child may still start another, for which the group then waits."""
import asyncio

from stage import Group, run, sleeps


async def starts(a):
    await asyncio.sleep(1)
    a.start("y", sleeps(2))


async def main():
    async with Group("a") as a:
        a.start("x", starts(a))


run(main)
