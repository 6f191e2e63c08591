"""One child fails, another ends with what is more than an error in its cleanup."""
from stage import Fatal, Group, fails, run, waits


async def breaks_down():
    try:
        await waits()
    finally:
        raise Fatal("bang")


async def main():
    async with Group("a") as a:
        a.start("x", fails(1, "boom"))
        a.start("y", breaks_down())


run(main)
