"""Into a group that has closed nothing can be started."""
from stage import Group, run, sleeps


async def main():
    async with Group("a") as a:
        a.start("x", sleeps(1))
    a.start("late", sleeps(1))


run(main)
