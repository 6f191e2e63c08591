"""The body waits for what never happens; a child fails."""
from stage import Group, fails, run, waits


async def main():
    async with Group("a") as a:
        a.start("x", fails(1, "boom"))
        await waits()


run(main)
