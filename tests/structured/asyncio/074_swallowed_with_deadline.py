"""The same with a deadline around the group, which changes nothing."""
from stage import Deadline, Group, run, swallows


async def main():
    async with Deadline("d", 1):
        async with Group("a") as a:
            a.start("x", swallows(8))


run(main)
