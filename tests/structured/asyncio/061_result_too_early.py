"""The result of a child that has not ended."""
import asyncio

from stage import Group, run, say, sleeps


async def main():
    async with Group("a") as a:
        x = a.start("x", sleeps(1, "one"))
        try:
            x.result()
        except asyncio.InvalidStateError:
            say("body a: no result yet")


run(main)
