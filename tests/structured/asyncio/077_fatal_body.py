"""The same for the body."""
import asyncio

from stage import Fatal, Group, cleans_up, run


async def main():
    async with Group("a") as a:
        a.start("x", cleans_up(1))
        await asyncio.sleep(1)
        raise Fatal("boom")


run(main)
