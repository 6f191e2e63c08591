"""A child fails, and the body, cancelled because of that, fails in its cleanup."""
import asyncio

from stage import Error, Group, fails, run


async def main():
    async with Group("a") as a:
        a.start("x", fails(1, "boom"))
        try:
            await asyncio.sleep(10)
        finally:
            raise Error("bang")


run(main)
