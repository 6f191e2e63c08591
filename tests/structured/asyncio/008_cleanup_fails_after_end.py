"""A child is done, and then its cleanup fails: a failure as any other."""
import asyncio

from stage import Error, Group, run, sleeps, tell


async def fails_at_the_end():
    try:
        await asyncio.sleep(1)
    finally:
        tell("cleans up")
        raise Error("bang")


async def main():
    async with Group("a") as a:
        a.start("x", fails_at_the_end())
        a.start("y", sleeps())


run(main)
