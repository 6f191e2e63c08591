"""Results are there when the group has closed."""
from stage import Group, run, sleeps, tell


async def main():
    async with Group("a") as a:
        x = a.start("x", sleeps(1, "one"))
        y = a.start("y", sleeps(2, "two"))
    tell(f"got {x.result()} and {y.result()}")


run(main)
