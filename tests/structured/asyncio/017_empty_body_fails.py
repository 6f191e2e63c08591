"""A group without children whose body fails."""
from stage import Error, Group, run


async def main():
    async with Group("a"):
        raise Error("boom")


run(main)
