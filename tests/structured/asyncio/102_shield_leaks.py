"""What a child does under asyncio.shield goes on when the child and its group are gone."""
import asyncio

from stage import Group, fails, run, sleeps


async def shields():
    work = asyncio.create_task(sleeps(5), name="work")
    await asyncio.shield(work)


async def main():
    async with Group("a") as a:
        a.start("x", shields())
        a.start("y", fails(1, "boom"))


run(main)
