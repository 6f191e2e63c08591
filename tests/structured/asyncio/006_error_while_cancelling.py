"""A child that was told to stop fails in its cleanup: both errors are there."""
from stage import Group, cleans_up, fails, run


async def main():
    async with Group("a") as a:
        a.start("x", fails(1, "boom"))
        a.start("y", cleans_up(0, "bang"))
        a.start("z", cleans_up(0))


run(main)
