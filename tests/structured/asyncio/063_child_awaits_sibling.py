"""A child waits for its sibling and gets its result."""
from stage import Group, run, sleeps


async def waits_for(task):
    return await task


async def main():
    async with Group("a") as a:
        x = a.start("x", sleeps(1, "one"))
        a.start("y", waits_for(x))


run(main)
