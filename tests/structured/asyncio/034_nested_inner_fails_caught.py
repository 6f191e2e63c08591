"""The inner error is caught: the outer group takes no notice."""
import asyncio

from stage import Group, fails, run, say, sleeps


async def main():
    async with Group("a") as a:
        a.start("x", sleeps(3))
        try:
            async with Group("b") as b:
                b.start("y", fails(1, "boom"))
                await asyncio.sleep(10)
        except ExceptionGroup:
            say("body a: caught")
        await asyncio.sleep(1)


run(main)
