"""A task without a group, and a failure of which nobody hears until it is thrown away."""
import asyncio

from stage import fails, run


async def main():
    asyncio.create_task(fails(1, "boom"))
    await asyncio.sleep(2)


run(main)
