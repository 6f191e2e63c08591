"""The deadline passes, and the cleanup takes its time: the group waits for it."""
from stage import Deadline, Group, cleans_up, run


async def main():
    async with Deadline("d", 1):
        async with Group("a") as a:
            a.start("x", cleans_up(3))


run(main)
