"""What went on under a shield fails when nobody looks any more."""
import asyncio

from stage import Group, fails, run, tell


async def shields():
    work = asyncio.create_task(fails(2, "bang"), name="work")
    await asyncio.shield(work)


async def main():
    try:
        async with Group("a") as a:
            a.start("x", shields())
            a.start("y", fails(1, "boom"))
    except ExceptionGroup:
        tell("caught")
    await asyncio.sleep(5)


run(main)
