"""The outer group is told to stop; in the inner one a cleanup fails."""
from stage import Group, cleans_up, fails, run


async def main():
    async with Group("a") as a:
        a.start("x", fails(1, "boom"))
        async with Group("b") as b:
            b.start("y", cleans_up(1, "bang"))


run(main)
