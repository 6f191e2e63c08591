"""One of a thousand children fails: all others are cancelled, one error is there."""
from stage import Group, fails, run, sleeps, tell


async def main():
    tasks = []
    try:
        async with Group("a") as a:
            for i in range(999):
                tasks.append(a.start(f"s{i}", sleeps(), quiet=True))
            a.start("x", fails(1, "boom"))
    except ExceptionGroup:
        tell(f"{sum(task.cancelled() for task in tasks)} were cancelled")


run(main)
