"""What a child waits for is there, and in the same instant it is cancelled."""
import asyncio

from stage import Group, run, tell


async def waits_for(future):
    tell(f"got {await future}")


async def main():
    future = asyncio.get_running_loop().create_future()
    async with Group("a") as a:
        x = a.start("x", waits_for(future))
        await asyncio.sleep(1)
        future.set_result("it")
        x.cancel()


run(main)
