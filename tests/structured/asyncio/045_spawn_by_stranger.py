"""A child of another group starts one here, and fails; it is the other group that fails."""
from stage import Group, fails, run, say, sleeps


async def starts(a):
    a.start("x", sleeps(3))
    await fails(1, "boom")


async def main():
    async with Group("a") as a:
        try:
            async with Group("b") as b:
                b.start("y", starts(a))
        except ExceptionGroup:
            say("body a: caught")


run(main)
