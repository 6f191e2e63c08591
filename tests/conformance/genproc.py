#!/usr/bin/env python3
"""Random scenarios of plain actors: links, monitors, signals, names, what waits in a mailbox.

    genproc.py DIR COUNT FIRST-SEED
    genproc.py --strip TRACE...

As genscn.py, only what has one outcome once the order of lines is normalised.  But whether
an actor still looks at what came in the step in which it dies, or says that it has done as it
was told, is open: --strip takes such lines out of traces.
"""
import random, sys

REASONS = ["boom", "bang", "normal", "shutdown", "kill", "shutdown:why"]
NAMES = ["red", "green", "blue"]


class Play:
    def __init__(self, seed):
        self.r = random.Random(seed)
        self.actors, self.monitors, self.held, self.count = [], [], None, 0
        self.lines = [f"title plain actors, seed {seed}", "needs proc", "begin"]
        for _ in range(4):
            self.spawn()

    def say(self, *words):
        self.lines.append(" ".join(words))

    def new(self):
        self.count += 1
        return f"p{self.count}"

    def one(self):
        """Who may be told something: one that is held does not listen."""
        return self.r.choice([a for a in self.actors if a != self.held])

    def trap(self):
        return "trap=" + self.r.choice(["yes", "no"])

    def spawn(self):
        name = self.new()
        self.say("spawn", name, self.trap())
        self.actors.append(name)

    def spawn_tied(self):
        # By a new one, so that it is alive: the dead spawn nobody.
        self.spawn()
        by, name = self.actors[-1], self.new()
        if self.r.random() < .5:
            self.say("spawn_link", by, name, self.trap())
        else:
            self.say("spawn_monitor", by, name, f"t{self.count}", self.trap())
        self.actors.append(name)

    def tie(self):
        self.say(self.r.choice(["link", "link", "link", "unlink"]), self.one(), self.one())

    def watch(self):
        by, tag = self.one(), f"m{len(self.monitors)}"
        if self.r.random() < .25:
            self.say("monitor_name", by, self.r.choice(NAMES), tag)
        else:
            self.say("monitor", by, self.r.choice(self.actors), tag)
        self.monitors.append((by, tag))

    def unwatch(self):
        mine = [m for m in self.monitors if m[0] != self.held]
        if mine:
            self.say("demonitor", *self.r.choice(mine))

    def signal(self):
        self.say("signal", self.one(), self.r.choice(self.actors), self.r.choice(REASONS))

    def end(self):
        self.say("exit", self.one(), self.r.choice(REASONS))

    def send(self):
        self.say("send", self.one(), self.r.choice(self.actors),
                 *self.r.choices("abc", k=self.r.randint(1, 3)))

    def send_and_end(self):
        self.say("sendexit", self.one(), self.r.choice(self.actors), self.r.choice(REASONS),
                 "last", "words")

    def name(self):
        verb = self.r.choice(["register", "register", "unregister", "whereis", "send_name"])
        what = [self.r.choice(NAMES)]
        if verb == "send_name":
            what.append("w")
        self.say(*([verb] + what if verb == "whereis" else [verb, self.one()] + what))

    def ask(self):
        if self.r.random() < .5:
            self.say("alive", self.r.choice(self.actors))
        else:
            self.say("trap", self.one(), self.r.choice(["yes", "no"]))

    def hold(self):
        if self.held is None:
            self.spawn() # alive for sure
            self.held = self.actors[-1]
            self.say("link", self.held, self.one())
            self.lines[-1] = self.lines[-1].replace("link", "monitor") + f" h{self.count}"
            self.say("hold", self.held)
        else:
            self.say("unhold", self.held)
            self.held = None

    def play(self, actions):
        acts = [(self.spawn, 1), (self.spawn_tied, 2), (self.tie, 6), (self.watch, 4),
                (self.unwatch, 2), (self.signal, 4), (self.end, 2), (self.send, 2),
                (self.send_and_end, 1), (self.name, 4), (self.ask, 2), (self.hold, 2)]
        for act in self.r.choices([a for a, _ in acts], [w for _, w in acts], k=actions):
            act()
            if self.r.random() < .1:
                self.spawn()
        if self.held is not None:
            self.hold()
        return self.lines


def key(line, step):
    """What a line is about: "got p1", or "result signal" in the step of a signal."""
    words = line.split()
    return f"{words[0]} {step.split()[2] if words[0] == 'result' else words[1]}"


def strip(path):
    steps = [[]]
    with open(path) as f:
        for line in f:
            if line.startswith("step "):
                steps.append([])
            steps[-1].append(line)
    with open(path, "w") as f:
        for lines in steps:
            dead = {line.split()[1] for line in lines if line.startswith("down ")}
            is_open = {"got " + name for name in dead}
            if lines and lines[0].startswith("step ") and lines[0].split()[3] in dead:
                is_open.add("result " + lines[0].split()[2])
            f.writelines(line for line in lines if key(line, lines[0]) not in is_open)


if __name__ == "__main__":
    if sys.argv[1] == "--strip":
        for path in sys.argv[2:]:
            strip(path)
        sys.exit()
    where, count, first = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    for seed in range(first, first + count):
        with open(f"{where}/{seed}.scn", "w") as f:
            print("\n".join(Play(seed).play(10 + seed % 31)), file=f)
