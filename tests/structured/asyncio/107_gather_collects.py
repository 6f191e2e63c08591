"""asyncio.gather that collects: errors are results, nobody is cancelled."""
import asyncio

from stage import fails, run, sleeps, tell


async def main():
    ends = await asyncio.gather(fails(1, "boom"), sleeps(2, "two"), return_exceptions=True)
    tell(f"got {ends[0]} and {ends[1]}")


run(main)
