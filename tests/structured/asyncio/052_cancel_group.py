"""A group is cancelled as such, which is no error.  3.11 has only this way to say it."""
import asyncio

from stage import Error, Group, cleans_up, run, sleeps, tell


async def main():
    try:
        async with Group("a") as a:
            a.start("x", sleeps())
            a.start("y", cleans_up(1))
            await asyncio.sleep(1)
            raise Error("enough")
    except* Error:
        tell("goes on")


run(main)
