"""An error goes up from a grandchild's child; on every level a sibling is cancelled."""
from stage import Group, fails, run, sleeps


async def level(name, sibling, below):
    async with Group(name) as group:
        group.start(sibling, sleeps())
        group.start("in_" + name, below)


async def main():
    await level("a", "x", level("b", "y", level("c", "z", fails(1, "boom"))))


run(main)
