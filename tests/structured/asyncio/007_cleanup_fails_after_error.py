"""A child fails, and then its own cleanup does."""
import asyncio

from stage import Error, Group, run, sleeps, tell


async def fails_twice():
    try:
        await asyncio.sleep(1)
        raise Error("boom")
    finally:
        tell("cleans up")
        raise Error("bang")


async def main():
    async with Group("a") as a:
        a.start("x", fails_twice())
        a.start("y", sleeps())


run(main)
