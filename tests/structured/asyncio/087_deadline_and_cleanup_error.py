"""The deadline passes, and a child fails in its cleanup: the error wins."""
from stage import Deadline, Group, cleans_up, run


async def main():
    async with Deadline("d", 1):
        async with Group("a") as a:
            a.start("x", cleans_up(0, "bang"))


run(main)
