"""The block is left by return: the group waits all the same, and then the value is there."""
from stage import Group, run, sleeps, tell


async def opens():
    async with Group("a") as a:
        a.start("x", sleeps(2))
        return "early"


async def main():
    tell(f"got {await opens()}")


run(main)
