"""A child within a deadline is cancelled because its sibling fails: no deadline has passed."""
import asyncio

from stage import Deadline, Group, fails, run


async def with_deadline():
    async with Deadline("d", 5):
        await asyncio.sleep(10)


async def main():
    async with Group("a") as a:
        a.start("x", with_deadline())
        a.start("y", fails(1, "boom"))


run(main)
