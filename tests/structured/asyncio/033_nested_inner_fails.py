"""A child of the inner group fails: so do both groups."""
from stage import Group, fails, run, sleeps


async def main():
    async with Group("a") as a:
        a.start("x", sleeps())
        async with Group("b") as b:
            b.start("y", fails(1, "boom"))


run(main)
