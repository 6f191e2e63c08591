"""Three children fail in the same instant: the group has all three errors."""
from stage import Group, fails, run, sleeps


async def main():
    async with Group("a") as a:
        a.start("x", fails(1, "boom"))
        a.start("y", fails(1, "bang"))
        a.start("z", fails(1, "bump"))
        a.start("w", sleeps())


run(main)
