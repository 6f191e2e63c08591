"""After a group has failed, and that is caught, its parent is not cancelled any more."""
import asyncio

from stage import Group, fails, run, sleeps, tell


async def main():
    try:
        async with Group("a") as a:
            a.start("x", fails(1, "boom"))
            await asyncio.sleep(10)
    except ExceptionGroup:
        tell("caught")
    await asyncio.sleep(1)
    async with Group("b") as b:
        b.start("y", sleeps(1))


run(main)
