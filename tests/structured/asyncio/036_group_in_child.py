"""A child has a group of its own; all is well."""
from stage import Group, run, sleeps


async def parent():
    async with Group("b") as b:
        b.start("y", sleeps(2))
        b.start("z", sleeps(1))


async def main():
    async with Group("a") as a:
        a.start("p", parent())
        a.start("x", sleeps(3))


run(main)
