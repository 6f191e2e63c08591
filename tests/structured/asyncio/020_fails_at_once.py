"""A child fails in its first step, before its sibling was ever run."""
from stage import Group, cleans_up, fails, run


async def main():
    async with Group("a") as a:
        a.start("x", fails(0, "boom"))
        a.start("y", cleans_up())


run(main)
