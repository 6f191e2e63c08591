"""A child fails: its sibling's children are cancelled before the sibling ends."""
from stage import Group, cleans_up, fails, run, sleeps


async def parent():
    async with Group("b") as b:
        b.start("y", cleans_up(1))
        b.start("z", sleeps())


async def main():
    async with Group("a") as a:
        a.start("p", parent())
        a.start("x", fails(1, "boom"))


run(main)
