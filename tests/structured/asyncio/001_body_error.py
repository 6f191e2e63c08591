"""The body fails: the children are cancelled, and the group fails with the body's error."""
import asyncio

from stage import Error, Group, run, sleeps


async def main():
    async with Group("a") as a:
        a.start("x", sleeps())
        a.start("y", sleeps())
        await asyncio.sleep(1)
        raise Error("boom")


run(main)
