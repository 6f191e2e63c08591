"""The body fails, and a child that is told to stop because of that fails, too."""
import asyncio

from stage import Error, Group, cleans_up, run, sleeps


async def main():
    async with Group("a") as a:
        a.start("x", cleans_up(1, "bang"))
        a.start("y", sleeps())
        await asyncio.sleep(1)
        raise Error("boom")


run(main)
