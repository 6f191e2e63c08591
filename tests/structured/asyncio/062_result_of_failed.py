"""How a child ended can be asked after its group has failed."""
from stage import Group, fails, run, sleeps, tell


async def main():
    try:
        async with Group("a") as a:
            x = a.start("x", fails(2, "boom"))
            y = a.start("y", sleeps(1, "one"))
            z = a.start("z", sleeps())
    except ExceptionGroup:
        tell(f"x: {x.exception()}")
        tell(f"y: {y.result()}")
        tell(f"z: {'cancelled' if z.cancelled() else 'not cancelled'}")


run(main)
