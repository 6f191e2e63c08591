"""A thousand children fail in the same instant."""
from stage import Group, fails, run, tell


async def main():
    try:
        async with Group("a") as a:
            for i in range(1000):
                a.start(f"s{i}", fails(1, "boom"), quiet=True)
    except ExceptionGroup as group:
        tell(f"{len(group.exceptions)} errors")


run(main)
