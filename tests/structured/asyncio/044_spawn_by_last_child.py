"""The last child starts another as the last thing that it does."""
from stage import Group, run, sleeps


async def starts(a):
    a.start("y", sleeps(1))


async def main():
    async with Group("a") as a:
        a.start("x", starts(a))


run(main)
