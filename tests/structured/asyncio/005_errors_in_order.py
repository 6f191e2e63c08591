"""The second error comes later, from a sibling that was told to stop: it is listed second."""
from stage import Group, cleans_up, fails, run


async def main():
    async with Group("a") as a:
        a.start("x", cleans_up(2, "bang"))
        a.start("y", fails(1, "boom"))


run(main)
