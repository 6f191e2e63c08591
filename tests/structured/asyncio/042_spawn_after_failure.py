"""Nor into one that has failed."""
from stage import Group, fails, run, sleeps, tell


async def main():
    try:
        async with Group("a") as a:
            a.start("x", fails(1, "boom"))
    except ExceptionGroup:
        tell("caught")
    a.start("late", sleeps(1))


run(main)
