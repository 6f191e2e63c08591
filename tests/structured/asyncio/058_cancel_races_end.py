"""A child's sleep is over in the instant in which its sibling fails."""
from stage import Group, fails, run, sleeps


async def main():
    async with Group("a") as a:
        a.start("x", fails(1, "boom"))
        a.start("y", sleeps(1))


run(main)
