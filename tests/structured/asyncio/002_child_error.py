"""A child fails: its sibling and the body are cancelled, the group fails with its error."""
import asyncio

from stage import Group, fails, run, sleeps


async def main():
    async with Group("a") as a:
        a.start("x", fails(1, "boom"))
        a.start("y", sleeps())
        await asyncio.sleep(10)


run(main)
