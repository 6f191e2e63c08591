"""The body is done first: the group waits for its children."""
from stage import Group, run, sleeps


async def main():
    async with Group("a") as a:
        a.start("x", sleeps(2))
        a.start("y", sleeps(1))


run(main)
