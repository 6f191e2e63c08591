"""The same after its group has closed."""
from stage import Group, run, sleeps, tell


async def main():
    async with Group("a") as a:
        x = a.start("x", sleeps(1))
    tell("cancelled" if x.cancel() else "too late")


run(main)
