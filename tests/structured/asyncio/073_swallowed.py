"""A child takes no notice of being cancelled and sleeps on: asyncio waits for it."""
from stage import Group, fails, run, swallows


async def main():
    async with Group("a") as a:
        a.start("x", swallows(8))
        a.start("y", fails(1, "boom"))


run(main)
