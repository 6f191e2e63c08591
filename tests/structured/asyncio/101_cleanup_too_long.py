"""A cleanup that has to wait, with a deadline that it does not keep (G2)."""
import asyncio

from stage import Deadline, Group, fails, run, tell, waits


async def cleans_too_long():
    try:
        await waits()
    except asyncio.CancelledError:
        tell("told to stop")
        try:
            async with Deadline("cleanup", 2):
                await asyncio.sleep(5)
        except (TimeoutError, asyncio.CancelledError):  # Which one depends on the 3.11.
            tell("gives up")
        raise


async def main():
    async with Group("a") as a:
        a.start("x", fails(1, "boom"))
        a.start("y", cleans_too_long())


run(main)
