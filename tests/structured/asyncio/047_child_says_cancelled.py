"""A child ends as cancelled without having been told to: no error, and nobody is touched."""
import asyncio

from stage import Group, run, sleeps


async def pretends():
    await asyncio.sleep(1)
    raise asyncio.CancelledError


async def main():
    async with Group("a") as a:
        a.start("x", pretends())
        a.start("y", sleeps(2))


run(main)
