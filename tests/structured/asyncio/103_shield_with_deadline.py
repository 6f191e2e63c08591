"""A deadline around a shield is reported while the work still runs (D7)."""
import asyncio

from stage import Deadline, run, sleeps


async def main():
    work = asyncio.create_task(sleeps(5), name="work")
    async with Deadline("d", 1):
        await asyncio.shield(work)


run(main)
