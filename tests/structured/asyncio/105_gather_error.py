"""asyncio.gather instead of a group: the first error is reported, the others go on."""
import asyncio

from stage import fails, run, sleeps


async def main():
    x = asyncio.create_task(fails(1, "boom"), name="x")
    y = asyncio.create_task(sleeps(5), name="y")
    await asyncio.gather(x, y)


run(main)
