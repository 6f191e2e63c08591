"""A child waits for a sibling that is cancelled, and takes that for its own."""
import asyncio

from stage import Group, run, sleeps, tell


async def waits_for(task):
    try:
        return await task
    except asyncio.CancelledError:
        tell("told to stop")
        raise


async def main():
    async with Group("a") as a:
        x = a.start("x", sleeps())
        a.start("y", waits_for(x))
        a.start("z", sleeps(2))
        await asyncio.sleep(1)
        x.cancel()


run(main)
