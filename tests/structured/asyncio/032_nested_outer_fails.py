"""A child of the outer group fails: the inner one is cancelled."""
from stage import Group, fails, run, sleeps


async def main():
    async with Group("a") as a:
        a.start("x", fails(1, "boom"))
        async with Group("b") as b:
            b.start("y", sleeps())


run(main)
