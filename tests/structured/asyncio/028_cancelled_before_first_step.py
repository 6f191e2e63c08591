"""A child is started and cancelled before it runs: neither does its cleanup."""
from stage import Group, cleans_up, run, sleeps


async def main():
    async with Group("a") as a:
        x = a.start("x", cleans_up())
        a.start("y", sleeps(1))
        x.cancel()


run(main)
