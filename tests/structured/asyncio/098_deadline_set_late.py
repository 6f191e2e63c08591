"""Nothing had a deadline when it began; it gets one by a child."""
import asyncio

from stage import Deadline, Group, run, sleeps


async def hurries(d):
    await asyncio.sleep(1)
    d.move(1)


async def main():
    async with Deadline("d", None) as d:
        async with Group("a") as a:
            a.start("x", sleeps())
            a.start("y", hurries(d))


run(main)
