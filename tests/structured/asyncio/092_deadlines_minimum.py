"""Of three deadlines within each other the least is in force (F1)."""
import asyncio

from stage import Deadline, run


async def main():
    async with Deadline("five", 5):
        async with Deadline("one", 1):
            async with Deadline("three", 3):
                await asyncio.sleep(10)


run(main)
