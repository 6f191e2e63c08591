"""While the inner deadline's group cleans up, the outer one passes, too."""
from stage import Deadline, Group, cleans_up, run, tell


async def main():
    async with Deadline("outer", 2):
        try:
            async with Deadline("inner", 1):
                async with Group("a") as a:
                    a.start("x", cleans_up(3))
        except TimeoutError:
            tell("moves on")


run(main)
