"""The same the other way round: the one that ends was first."""
from stage import Group, fails, run, sleeps


async def main():
    async with Group("a") as a:
        a.start("x", sleeps(1))
        a.start("y", fails(1, "boom"))


run(main)
