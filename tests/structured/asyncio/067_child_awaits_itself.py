"""A child waits for itself."""
from stage import Error, Group, run


async def main():
    async def waits_for_itself():
        try:
            await x
        except RuntimeError:
            raise Error("deadlock") from None

    async with Group("a") as a:
        x = a.start("x", waits_for_itself())


run(main)
