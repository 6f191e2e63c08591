"""A deadline that has passed before its body begins: the first wait sees it."""
from stage import Deadline, Group, cleans_up, run


async def main():
    async with Deadline("d", 0):
        async with Group("a") as a:
            a.start("x", cleans_up())


run(main)
