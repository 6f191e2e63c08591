"""The body starts a child and fails in the same step: the child never runs."""
from stage import Error, Group, cleans_up, run


async def main():
    async with Group("a") as a:
        a.start("x", cleans_up())
        raise Error("boom")


run(main)
