"""A child of the outer and one of the inner group fail in the same instant."""
import asyncio

from stage import Group, fails, run


async def main():
    async with Group("a") as a:
        a.start("x", fails(1, "boom"))
        async with Group("b") as b:
            b.start("y", fails(1, "bang"))
            await asyncio.sleep(10)


run(main)
