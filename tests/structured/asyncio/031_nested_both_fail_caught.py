"""The same, and the inner error is caught: the body goes on (cpython#116720)."""
import asyncio

from stage import Group, fails, run, say


async def main():
    async with Group("a") as a:
        a.start("x", fails(1, "boom"))
        try:
            async with Group("b") as b:
                b.start("y", fails(1, "bang"))
                await asyncio.sleep(10)
        except ExceptionGroup:
            say("body a: caught")
        await asyncio.sleep(10)


run(main)
