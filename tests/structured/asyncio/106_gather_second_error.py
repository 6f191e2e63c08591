"""asyncio.gather instead of a group: the second error is lost."""
import asyncio

from stage import Error, fails, run, tell


async def main():
    try:
        await asyncio.gather(fails(1, "boom"), fails(2, "bang"))
    except Error as error:
        tell(f"caught {error}")
    await asyncio.sleep(5)


run(main)
