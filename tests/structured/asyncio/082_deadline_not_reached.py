"""All is done before the deadline."""
from stage import Deadline, Group, run, sleeps


async def main():
    async with Deadline("d", 3):
        async with Group("a") as a:
            a.start("x", sleeps(1))
            a.start("y", sleeps(2))


run(main)
