"""A child that was told to stop tries to start another one."""
from stage import Group, fails, run, sleeps, tell, waits


async def starts_late(a):
    try:
        await waits()
    finally:
        tell("told to stop")
        a.start("late", sleeps(1))


async def main():
    async with Group("a") as a:
        a.start("x", starts_late(a))
        a.start("y", fails(1, "boom"))


run(main)
