# SPDX-License-Identifier: Apache-2.0
"""What the programs of this directory share: asyncio's own groups and deadlines, which say
how they end, children of a few kinds, and a clock that only moves when all wait.

FORMAT.md says what the lines mean.
"""

import asyncio
import collections.abc
import gc
import os
import selectors

SHOWN = 8  # So many errors of a group.
over = False  # Main has ended; what the loop does to those it leaves behind is not told.


class Error(Exception):
    """How children and bodies fail, unless a program says otherwise."""


class Fatal(BaseException):
    """What `except Exception` does not catch."""


# The clock


class Idle(selectors.DefaultSelector):
    """Where the loop would sleep, the clock is set forward.  Nobody here waits for a file."""

    now = 0.0

    def select(self, timeout=None):
        if timeout is None:
            stuck()
        Idle.now += timeout
        return super().select(0)


class Loop(asyncio.SelectorEventLoop):
    """Timers of one instant ring in the same turn, in the order in which they were set."""

    def __init__(self):
        super().__init__(Idle())
        self._clock_resolution = 1e-2
        self.timers = 0

    def time(self):
        return Idle.now

    def call_at(self, when, callback, *args, context=None):
        self.timers += 1
        return super().call_at(when + self.timers * 1e-6, callback, *args, context=context)


# The trace


def say(line):
    if not over:
        print(int(Idle.now + 1e-2), line, flush=True)


def tell(what):
    """Of the child, or main, that calls it."""
    name = asyncio.current_task().get_name()
    say(f"main: {what}" if name == "main" else f"child {name}: {what}")


def reason(cancelled):
    return str(cancelled) or "no reason"


class Failures:
    """Whose each error is, and which came first.  Errors are compared by identity."""

    def __init__(self):
        self.known = {}

    def note(self, error, subject):
        self.known.setdefault(id(error), (len(self.known), subject, error))

    def number(self, error):
        return self.known[id(error)][0]

    def subject(self, error):
        return self.known[id(error)][1]


failures = Failures()


def outcome(error):
    """In a group asyncio puts the body's error last; here it stands where it happened."""
    if error is None:
        return "ok"
    if isinstance(error, BaseExceptionGroup):
        parts = sorted(error.exceptions, key=failures.number)
        texts = [f"{failures.subject(part)}: {outcome(part)}" for part in parts[:SHOWN]]
        if len(parts) > SHOWN:
            texts.append(f"{len(parts) - SHOWN} more")
        return f"failed ({'; '.join(texts)})"
    if isinstance(error, asyncio.CancelledError):
        return "cancelled"
    if isinstance(error, TimeoutError):
        return "error deadline"
    if isinstance(error, Fatal):
        return f"fatal {error}"
    if isinstance(error, Error):
        return f"error {error}"
    return f"error {type(error).__name__}"


# Groups, children, deadlines


class InOrder(dict):
    """A set that is iterated in the order of insertion.  The group's own is iterated by
    address: the siblings that a failure cancels are cancelled in any order."""

    def add(self, item):
        self[item] = None

    def discard(self, item):
        self.pop(item, None)


class Steps(collections.abc.Coroutine):
    """A coroutine of which is known whether it ever ran."""

    def __init__(self, coro):
        self.coro = coro
        self.ran = False

    def send(self, value):
        self.ran = True
        return self.coro.send(value)

    def throw(self, *error):
        return self.coro.throw(*error)

    def close(self):
        self.coro.close()

    def __await__(self):
        return self.coro.__await__()


class Group(asyncio.TaskGroup):
    """asyncio.TaskGroup, and says how its body, its children and itself end."""

    def __init__(self, name):
        super().__init__()
        self.name = name
        self._tasks = InOrder()

    async def __aexit__(self, kind, error, trace):
        if error is not None:
            failures.note(error, f"body {self.name}")
        say(f"body {self.name}: {'end' if error is None else outcome(error)}")
        try:
            await super().__aexit__(kind, error, trace)
        except BaseException as end:
            say(f"group {self.name}: {outcome(end)}")
            raise
        say(f"group {self.name}: ok")

    def start(self, name, coro, quiet=False):
        """The task; None if the group does not take it."""
        steps = Steps(coro)
        try:
            task = self.create_task(steps, name=name)
        except RuntimeError:
            coro.close()
            say(f"child {name}: refused")
            return None
        task.add_done_callback(noted if quiet else ended)
        return task


def noted(task):
    """Comes after the group's own callback, as all that are added later."""
    if not task.cancelled() and task.exception() is not None:
        failures.note(task.exception(), f"child {task.get_name()}")


def ended(task):
    """Prints how a child ended."""
    noted(task)
    name = f"child {task.get_name()}"
    if task.cancelled():
        say(f"{name}: cancelled" + ("" if task.get_coro().ran else ", never ran"))
        return
    error = task.exception()
    value = "" if error is not None or task.result() is None else f" {task.result()}"
    say(f"{name}: {outcome(error)}{value}")


class Deadline(asyncio.Timeout):
    """asyncio.timeout(after), and says whether it has passed.  None is none."""

    def __init__(self, name, after):
        super().__init__(None if after is None else
                         asyncio.get_running_loop().time() + after)
        self.name = name

    async def __aexit__(self, *error):
        try:
            return await super().__aexit__(*error)
        finally:
            say(f"deadline {self.name}: {'passed' if self.expired() else 'not reached'}")

    def move(self, after):
        """To so long from now."""
        self.reschedule(None if after is None else
                        asyncio.get_running_loop().time() + after)


# Children


async def sleeps(seconds=10, value=None):
    """Ends, unless it is cancelled before that."""
    await asyncio.sleep(seconds)
    return value


async def waits():
    """For what never happens."""
    await asyncio.get_running_loop().create_future()


async def fails(after, text, kind=Error):
    if after > 0:
        await asyncio.sleep(after)
    raise kind(text)


async def cleans_up(seconds=0, text=None):
    """Told to stop, it needs so long, and fails if there is a text."""
    try:
        await waits()
    except asyncio.CancelledError:
        tell("told to stop")
        if seconds > 0:
            await asyncio.sleep(seconds)
        if text is not None:
            raise Error(text)
        tell("cleaned up")
        raise


async def swallows(seconds, value=None):
    """Told to stop, it goes on for so long as if nothing had been said."""
    try:
        await waits()
    except asyncio.CancelledError:
        tell("told to stop, goes on")
    if seconds > 0:
        await asyncio.sleep(seconds)
    return value


# Main


def names(tasks):
    return ", ".join(sorted(task.get_name() for task in tasks)) or "nothing"


def unheard(loop, context):
    """An error that nobody has asked for."""
    if context.get("exception") is not None:
        say(f"unheard: {outcome(context['exception'])}")


def stuck():
    """Nobody will ever do anything again."""
    say("main: waits for ever")
    say(f"left: {names(asyncio.all_tasks(asyncio.get_running_loop()))}")
    os._exit(0)


async def told(main):
    global over
    task = asyncio.current_task()
    task.set_name("main")
    asyncio.get_running_loop().set_exception_handler(unheard)
    end = "ok"
    try:
        await main()
    except BaseException as error:
        end = outcome(error)
    say(f"main: {end}")
    gc.collect()
    say(f"left: {names(asyncio.all_tasks() - {task})}")
    over = True


def run(main):
    with asyncio.Runner(loop_factory=Loop) as runner:
        runner.run(told(main))
