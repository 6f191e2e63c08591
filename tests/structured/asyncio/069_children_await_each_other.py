"""Two children wait for each other."""
from stage import Group, run


async def main():
    async def waits_for(name):
        await tasks[name]

    async with Group("a") as a:
        tasks = {"y": a.start("y", waits_for("x"))}
        tasks["x"] = a.start("x", waits_for("y"))


run(main)
