"""A child fails; the body takes no notice and ends as if nothing had happened."""
import asyncio

from stage import Group, fails, run, say, sleeps


async def main():
    async with Group("a") as a:
        a.start("x", fails(1, "boom"))
        a.start("y", sleeps())
        try:
            await asyncio.sleep(10)
        except asyncio.CancelledError:
            say("body a: told to stop, goes on")


run(main)
