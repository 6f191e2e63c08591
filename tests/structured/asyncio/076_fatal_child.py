"""A child ends with what is more than an error: the group passes it on as such."""
from stage import Fatal, Group, cleans_up, fails, run


async def main():
    async with Group("a") as a:
        a.start("x", fails(1, "boom", Fatal))
        a.start("y", cleans_up(1))


run(main)
