"""The deadline's error is caught: what comes after it runs undisturbed."""
import asyncio

from stage import Deadline, Group, run, sleeps, tell


async def main():
    try:
        async with Deadline("d", 1):
            async with Group("a") as a:
                a.start("x", sleeps())
    except TimeoutError:
        tell("moves on")
    await asyncio.sleep(1)


run(main)
