"""A child that is told to stop ends well instead; its result counts."""
from stage import Group, fails, run, swallows


async def main():
    async with Group("a") as a:
        a.start("x", swallows(0, "done"))
        a.start("y", fails(1, "boom"))


run(main)
