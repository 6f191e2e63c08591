"""Children that do nothing."""
from stage import Group, run, sleeps


async def main():
    async with Group("a") as a:
        a.start("x", sleeps(0))
        a.start("y", sleeps(0))


run(main)
