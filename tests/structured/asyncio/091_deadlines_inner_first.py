"""A deadline within a later one: the inner one passes."""
import asyncio

from stage import Deadline, Group, run, sleeps, tell


async def main():
    async with Deadline("outer", 3):
        try:
            async with Deadline("inner", 1):
                async with Group("a") as a:
                    a.start("x", sleeps())
        except TimeoutError:
            tell("moves on")
        await asyncio.sleep(1)


run(main)
