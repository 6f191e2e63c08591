"""A child has a deadline of its own: that it passes is the child's failure."""
import asyncio

from stage import Deadline, Group, run, sleeps


async def with_deadline():
    async with Deadline("d", 1):
        await asyncio.sleep(10)


async def main():
    async with Group("a") as a:
        a.start("x", with_deadline())
        a.start("y", sleeps())


run(main)
