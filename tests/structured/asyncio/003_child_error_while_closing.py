"""The same when the body has already ended."""
from stage import Group, fails, run, sleeps


async def main():
    async with Group("a") as a:
        a.start("x", fails(1, "boom"))
        a.start("y", sleeps())


run(main)
