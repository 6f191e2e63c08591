"""The same while the body is at work."""
import asyncio

from stage import Deadline, Group, run, sleeps


async def main():
    async with Deadline("d", 1):
        async with Group("a") as a:
            a.start("x", sleeps())
            await asyncio.sleep(10)


run(main)
