"""A child waits for a sibling that fails: is it cancelled, or does it get the error?"""
from stage import Group, fails, run


async def waits_for(task):
    return await task


async def main():
    async with Group("a") as a:
        x = a.start("x", fails(1, "boom"))
        a.start("y", waits_for(x))


run(main)
