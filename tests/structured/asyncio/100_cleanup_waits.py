"""A cleanup that has to wait, under a shield with a deadline of its own."""
from stage import Group, cleans_up, fails, run


async def main():
    async with Group("a") as a:
        a.start("x", fails(1, "boom"))
        a.start("y", cleans_up(2))


run(main)
