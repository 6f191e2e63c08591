"""A deadline within an earlier one: the outer one passes, and only that is reported."""
from stage import Deadline, Group, run, sleeps


async def main():
    async with Deadline("outer", 1):
        async with Deadline("inner", 3):
            async with Group("a") as a:
                a.start("x", sleeps())


run(main)
