"""A child has failed, and its sibling cleans up when the deadline passes."""
from stage import Deadline, Group, cleans_up, fails, run


async def main():
    async with Deadline("d", 2):
        async with Group("a") as a:
            a.start("x", fails(1, "boom"))
            a.start("y", cleans_up(3))


run(main)
