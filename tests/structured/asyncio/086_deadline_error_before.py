"""A child fails before the deadline."""
from stage import Deadline, Group, fails, run, sleeps


async def main():
    async with Deadline("d", 5):
        async with Group("a") as a:
            a.start("x", fails(1, "boom"))
            a.start("y", sleeps())


run(main)
