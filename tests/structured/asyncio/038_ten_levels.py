"""Ten groups within each other: the path of the error has all of them (B1)."""
from stage import Group, fails, run


async def level(depth):
    if depth == 10:
        await fails(1, "boom")
    async with Group(f"g{depth}") as group:
        group.start(f"c{depth}", level(depth + 1))


async def main():
    await level(0)


run(main)
