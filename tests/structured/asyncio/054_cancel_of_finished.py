"""A child that has ended is cancelled: nothing happens."""
import asyncio

from stage import Group, run, sleeps, tell


async def main():
    async with Group("a") as a:
        x = a.start("x", sleeps(1))
        await asyncio.sleep(2)
        tell("cancelled" if x.cancel() else "too late")


run(main)
