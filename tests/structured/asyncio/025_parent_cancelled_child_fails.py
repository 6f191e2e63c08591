"""The parent is cancelled, and its child fails in its cleanup: the error wins."""
import asyncio

from stage import Group, cleans_up, run, sleeps


async def parent():
    async with Group("a") as a:
        a.start("x", cleans_up(0, "bang"))


async def main():
    async with Group("top") as top:
        p = top.start("p", parent())
        top.start("q", sleeps(2))
        await asyncio.sleep(1)
        p.cancel()


run(main)
