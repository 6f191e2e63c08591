"""A deadline passes: the group is cancelled, and so are its children; then it is an error."""
from stage import Deadline, Group, cleans_up, run, sleeps


async def main():
    async with Deadline("d", 1):
        async with Group("a") as a:
            a.start("x", sleeps())
            a.start("y", cleans_up())


run(main)
