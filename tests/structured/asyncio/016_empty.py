"""A group without children."""
from stage import Group, run


async def main():
    async with Group("a"):
        pass


run(main)
