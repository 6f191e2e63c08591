# SPDX-License-Identifier: Apache-2.0
"""The tree of a coppice node, from a core dump or of a process that is stuck.

    gdb -x coppice.gdb.py PROGRAM CORE
    (gdb) coppice tree                 of all nodes that any thread has to do with
    (gdb) coppice tree EXPRESSION      of the node, or actor, that this is a pointer to

Nothing runs in the process: all is read from its memory, with the library's debugging
information.  The rows are those of <coppice/snapshot.h>.  Times are as of the last time that
any worker has looked at the clock; in a core there is no later one.  A process that was stopped
in the middle of something may show lists that are just being changed; what leads nowhere is
left out.
"""

import gdb

MS = 1000000
EACH_MAX = 16
# As in core/mailbox.h.
BOX_CHAIN_SHIFT = 20
BOX_STATE_SHUT = 1

PHASES = ["free", "starting", "running", "sequential", "debugged", "disposing", "ending", "ended"]
FORCES = ["open", "stopping", "ending", "ending"]
POLICIES = ["fail fast", "isolate", "supervise", "collect", "race"]
EXITS = ["normal", "shutdown", "error", "kill", "killed", "noproc", "noconnection", "exit status",
         "signal", "deadline", "intensity"]
LEAVES = {"job": "job", "watch": "watch"}


def type_of(name):
    return gdb.lookup_type(name)


def plain(value):
    """Without _Atomic, const and typedefs."""
    kind = value.type.strip_typedefs().unqualified()
    if kind.code == gdb.TYPE_CODE_PTR:
        return value
    return value.cast(kind)


def number(value):
    return int(plain(value))


def pointer(value, name):
    """An (atomic) pointer as one to that struct."""
    return gdb.Value(int(value)).cast(type_of(name).pointer())


def is_null(value):
    return int(value) == 0


def text(value, limit=200):
    """A terminated text; empty if it is not there."""
    if value.type.strip_typedefs().code == gdb.TYPE_CODE_ARRAY:  # of a size that may be unknown
        value = value.address.cast(gdb.lookup_type("char").pointer())
    if is_null(value):
        return ""
    try:
        return value.string("utf-8", "replace")[:limit]
    except (gdb.MemoryError, gdb.error):
        return "?"


def enumerator(value, names):
    at = int(value)
    return names[at] if 0 <= at < len(names) else "?"


def container(value, name, field):
    """The struct of that name in which *value is the member."""
    kind = type_of(name)
    offset = next(f.bitpos // 8 for f in kind.fields() if f.name == field)
    return gdb.Value(int(value) - offset).cast(kind.pointer())


def chain(first, follow, limit=10000000):
    """What a list leads to, as far as it does not lead back."""
    seen = set()
    at = first
    while not is_null(at) and int(at) not in seen and len(seen) < limit:
        seen.add(int(at))
        try:
            at.dereference().fetch_lazy()
        except gdb.MemoryError:
            return
        yield at
        at = follow(at)


def map_nodes(copi_map):
    lists = [copi_map["few"]]
    if not is_null(copi_map["buckets"]):
        lists = [copi_map["buckets"][i] for i in range(int(copi_map["bucket_count"]))]
    for first in lists:
        yield from chain(first, lambda node: node["next"])


def time_text(ms):
    if ms < 1000:
        return "%d ms" % ms
    if ms < 100 * 1000:
        return "%d.%d s" % (ms // 1000, ms % 1000 // 100)
    return "%d s" % (ms // 1000)


# ------------------------------------------------------------------------------ which nodes


def symbols_of(frame):
    """The variables of a frame, by value."""
    try:
        block = frame.block()
    except RuntimeError:
        return
    while block is not None and not block.is_global and not block.is_static:
        for symbol in block:
            if symbol.is_argument or symbol.is_variable:
                try:
                    yield symbol.value(frame)
                except (gdb.error, RuntimeError):
                    pass
        block = block.superblock


def node_behind(value):
    """The nodes that a variable leads to."""
    kind = value.type.strip_typedefs()
    if value.is_optimized_out or kind.code != gdb.TYPE_CODE_PTR or is_null(value):
        return []
    name = kind.target().strip_typedefs().unqualified().tag
    if name == "cop_node":
        return [value]
    if name in ("cop_actor", "copi_watchdog"):
        return [value["node"]]
    if name == "copi_worker":
        return [container(value["sched"], "struct cop_node", "sched")]
    if name == "cop_sim":
        return [value["nodes"][i] for i in range(int(value["count"]))]
    return []


def is_node(node):
    try:
        root = node["root"]
        return not is_null(root) and int(root["node"]) == int(node)
    except (gdb.MemoryError, gdb.error):
        return False


def frames():
    """Of all threads, and the one that was selected before is so again."""
    before = gdb.selected_thread()
    try:
        for thread in sorted(gdb.selected_inferior().threads(), key=lambda t: t.num):
            thread.switch()
            frame = gdb.newest_frame()
            for _ in range(200):
                if frame is None or not frame.is_valid():
                    break
                yield frame
                try:
                    frame = frame.older()
                except gdb.error:
                    break
    finally:
        if before is not None and before.is_valid():
            before.switch()


def find_nodes():
    found = {}
    for frame in frames():
        for value in symbols_of(frame):
            try:
                for node in node_behind(value):
                    if int(node) not in found and is_node(node):
                        found[int(node)] = pointer(node, "struct cop_node")
            except (gdb.MemoryError, gdb.error):
                pass
    return list(found.values())


# --------------------------------------------------------------------------------- a node


class Node:
    def __init__(self, node):
        self.node = node
        self.sched = node["sched"]
        self.running = {}
        self.now = 0
        self.shown = set()
        if not is_null(self.sched["simulation"]):
            self.now = int(self.sched["simulation"]["now"])
        for i in range(int(self.sched["worker_count"])):
            worker = self.sched["workers"][i]
            current = int(worker["current"])
            if current != 0:
                self.running[current] = worker
            if is_null(self.sched["simulation"]):
                self.now = max(self.now, int(worker["looked_at"]), int(worker["polled_at"]))

    def actor_of(self, pid):
        """The actor of that pid, or None."""
        slot = int(pid["id"]) & 0xffffffff
        records = self.node["table"]["chunks"][slot // 1024]
        if int(pid["node"]) != int(self.node["incarnation"]) or int(records) == 0:
            return None
        actor = pointer(records, "struct cop_actor") + slot % 1024
        return actor if number(actor["id"]) == int(pid["id"]) else None

    def records(self):
        """All records that are in use."""
        table = self.node["table"]
        for i in range(int(table["chunk_count"])):
            first = pointer(table["chunks"][i], "struct cop_actor")
            for j in range(1024):
                actor = first + j
                if int(actor["phase"]) != 0:
                    yield actor

    # ------------------------------------------------------------------------- an actor

    def behaviour(self, actor):
        return text(actor["behaviour"]["name"]) or "actor"

    def badge(self, actor):
        """None: it has none, or only the scope that it is in, which the lowest bit says."""
        badge = actor["badge"]
        return None if is_null(badge) or int(badge) & 1 else badge

    def label(self, actor):
        badge = self.badge(actor)
        if badge is None:
            return self.behaviour(actor)
        return text(badge["label"])[int(badge["scopes"]):] or self.behaviour(actor)

    def owner(self, actor):
        return pointer(actor["owner"], "struct cop_actor")

    def path(self, actor):
        names = []
        for at in chain(actor, self.owner):
            badge = self.badge(at)
            names.append("" if badge is None else text(badge["label"]))
            names[-1] = names[-1] or self.behaviour(at)
            if int(at["badge"]) & 1:
                scope = gdb.Value(int(at["badge"]) - 1).cast(type_of("copi_scope").pointer())
                names.extend(text(outer["name"]) for outer in chain(scope, lambda s: s["outer"]))
        return "/".join(reversed(names[:-1])) or "root"

    def pid_text(self, pid):
        return "<%x.%d.%d>" % (int(pid["node"]), int(pid["id"]) & 0xffffffff, int(pid["id"]) >> 32)

    def own_pid_text(self, actor):
        at = number(actor["id"])
        return "<%x.%d.%d>" % (int(self.node["incarnation"]), at & 0xffffffff, at >> 32)

    def peer(self, pid):
        actor = self.actor_of(pid)
        return self.pid_text(pid) if actor is None else self.path(actor)

    def waiting(self, actor):
        """In the batch, and in the mailbox but for what is being handled there."""
        word = number(actor["mailbox"]["word"])
        first = gdb.Value(word >> BOX_CHAIN_SHIFT << 4).cast(type_of("copi_mail").pointer())
        handled = int(actor["current"])
        return int(actor["batch_count"]) + sum(
            1 for mail in chain(first, lambda mail: mail["next"]) if int(mail) != handled)

    def message(self, actor, worker):
        """What it is handling; of what may be gone only the name is there."""
        current = actor["current"]
        if is_null(current):
            if int(actor["phase"]) == PHASES.index("starting"):
                return "init"
            return "its end" if int(actor["phase"]) >= PHASES.index("ending") else "a signal"
        if int(current) == int(worker["part"]):
            return text(worker["part_name"])
        if is_null(current["type"]):
            return "a message of another node, or a signal"
        return text(current["type"]["name"])

    def state(self, actor, waiting):
        phase = enumerator(actor["phase"], PHASES)
        if int(actor) in self.running:
            return "busy in " + self.message(actor, self.running[int(actor)])
        if phase in ("ending", "ended", "starting"):
            return phase
        ties = actor["ties"]
        if phase == "debugged" and int(ties["debug"]["is_suspended"]):
            return "suspended"
        if int(actor["is_stopping"]):
            return "stopping"
        return "ready" if waiting > 0 else "idle"

    def blocked_on(self, actor):
        ties = actor["ties"]
        if is_null(ties) or int(actor) in self.running:
            return ""
        if int(actor["phase"]) == PHASES.index("ending"):
            children = int(ties["child_count"])
            if children == 1 and not is_null(ties["own"]["youngest"]):
                return "its child " + self.label(ties["own"]["youngest"])
            if children > 0:
                return "%d children" % children
            if int(ties["held_count"]) > 0:
                return "the end of %d that it holds" % int(ties["held_count"])
        calls = int(ties["calls"]["count"])
        for node in map_nodes(ties["calls"]):
            callee = container(node, "copi_call", "node")["callee"]
            return "%d answer%s of %s" % (calls, "" if calls == 1 else "s", self.peer(callee))
        return ""

    def why(self, actor):
        if int(actor["phase"]) < PHASES.index("ending") and not int(actor["is_stopping"]):
            return ""
        why = actor["why"]
        if is_null(why):
            return enumerator(actor["exit_kind"], EXITS)
        return self.exit_text(why.dereference())

    def exit_text(self, why):
        said = enumerator(why["kind"], EXITS)
        if int(why["code"]) != 0:
            said += " %d" % int(why["code"])
        for field, form in (("text", ": %s"), ("path", " (%s)")):
            if text(why[field]):
                said += form % text(why[field])
        return said

    def actor_line(self, actor):
        label, behaviour, waiting = self.label(actor), self.behaviour(actor), self.waiting(actor)
        kind = "actor" if is_null(actor["behaviour"]["sequence"]) else "sequential"
        line = label if label == behaviour else "%s (%s)" % (label, behaviour)
        line += " %s: %s" % (kind, self.state(actor, waiting))
        if self.blocked_on(actor):
            line += ", blocked on " + self.blocked_on(actor)
        if waiting > 0:
            line += ", %d waiting" % waiting
        badge = self.badge(actor)
        if badge is not None:
            line += ", age " + time_text(max(0, self.now - int(badge["started_at"])) // MS)
        if int(actor["is_told"]):
            line += ", told to stop"
        if int(actor["kill_at"]) != 0:
            left = (int(actor["kill_at"]) - self.now // MS) & 0xffffffff
            line += ", killed in " + time_text(left if left < 1 << 31 else 0)
        elif not is_null(actor["ties"]) and int(actor["ties"]["deadline"]) != 0:
            line += ", deadline in " + self.left(int(actor["ties"]["deadline"]))
        if self.why(actor):
            line += ", because: " + self.why(actor)
        if badge is not None and not is_null(badge["site"]):
            line += ", from " + text(badge["site"]).rsplit("/", 1)[-1]
        return line + ", pid " + self.own_pid_text(actor)

    # ------------------------------------------------------------- what hangs on an actor

    def left(self, at):
        return time_text(max(0, at - self.now) // MS)

    def put(self, depth, line):
        gdb.write("%s%s\n" % ("  " * depth, line))

    def put_calls(self, ties, depth):
        for node in map_nodes(ties["calls"]):
            call = container(node, "copi_call", "node")
            kind = call["then"]["type"]
            self.put(depth, "call %s from %s, due in %s" % (
                "" if is_null(kind) else text(kind["name"]), self.peer(call["callee"]),
                self.left(int(call["timer"]["node"]["due"]))))
        for node in map_nodes(ties["deferred"]):
            self.put(depth, "reply to " + self.peer(
                container(node, "copi_deferred", "node")["caller"]))

    def put_timers(self, actor, depth):
        """Alarms are found in the slots of the worker that the actor is pinned to."""
        slots = actor["worker"]["alarms"]
        size = int(type_of("copi_alarm").sizeof)
        dues, at = [], int(actor["ties"]["alarms"])
        place = 0
        try:
            place = int(gdb.parse_and_eval("(int)COPI_PLACE_SIZE"))
            per_chunk = int(gdb.parse_and_eval("(int)COPI_SLOTS_CHUNK"))
        except gdb.error:
            per_chunk = 0
        while at != 0 and place >= size and per_chunk > 0 and len(dues) < 1000000:
            address = int(slots["chunks"][at // per_chunk]) + at % per_chunk * place
            alarm = gdb.Value(address).cast(type_of("copi_alarm").pointer())
            dues.append(int(alarm["timer"]["node"]["due"]))
            at = int(alarm["older"])
        if dues:
            self.put(depth, "%stimer, due in %s" % (
                "" if len(dues) == 1 else "%d " % len(dues), self.left(min(dues))))

    def put_watches(self, ties, depth):
        count = int(ties["watches"]["count"])
        fds = [str(int(container(node, "struct copi_watch", "node")["fd"]))
               for node in map_nodes(ties["watches"])]
        if count > 0:
            self.put(depth, "%swatch %s" % ("" if count == 1 else "%d " % count,
                                            " ".join(fds[:EACH_MAX])))

    def put_leaves(self, brood, depth):
        shown = 0
        for leaf in chain(brood["leaves"], lambda leaf: leaf["older"]):
            if shown == EACH_MAX:
                self.put(depth, "%d callback" % (int(brood["leaf_count"]) - shown))
                return
            shown += 1
            line = LEAVES.get(text(leaf["kind"]["name"]), "callback")
            if int(leaf["period"]) != 0:
                line += " every %d ms" % (int(leaf["period"]) // MS)
            if int(leaf["timer"]["node"]["due"]) != 0:
                line += ", due in " + self.left(int(leaf["timer"]["node"]["due"]))
            self.put(depth, line)

    def put_scope(self, scope, depth):
        line = "%s (%s) scope: %s" % (text(scope["name"]),
                                      enumerator(scope["opts"]["policy"], POLICIES),
                                      enumerator(scope["force"], FORCES))
        if int(scope["deadline"]) != 0:
            line += ", deadline in " + self.left(int(scope["deadline"]))
        if int(scope["force"]) != 0:
            line += ", because: " + self.exit_text(scope["why"])
        self.put(depth, line)
        self.put_brood(scope["brood"], depth + 1)

    def put_brood(self, brood, depth):
        self.put_leaves(brood, depth)
        for scope in chain(brood["scopes"], lambda scope: scope["older"]):
            self.put_scope(scope, depth)
        for child in chain(brood["oldest"], lambda child: child["younger"]):
            self.put_actor(child, depth)

    def put_actor(self, actor, depth):
        if int(actor) in self.shown:
            return
        self.shown.add(int(actor))
        try:
            self.put(depth, self.actor_line(actor))
            ties = actor["ties"]
            if is_null(ties):
                return
            self.put_calls(ties, depth + 1)
            self.put_timers(actor, depth + 1)
            self.put_watches(ties, depth + 1)
            self.put_brood(ties["own"], depth + 1)
        except gdb.MemoryError as problem:
            self.put(depth + 1, "(%s)" % problem)

    def put_node(self):
        gdb.write("node %s, %d workers, %d busy\n" % (
            text(self.node["name"]), int(self.sched["worker_count"]), len(self.running)))
        self.put_actor(self.node["root"], 0)
        others = [actor for actor in self.records() if int(actor) not in self.shown]
        if others:
            gdb.write("in no list of an owner, just starting or ending:\n")
        for actor in others:
            self.put_actor(actor, 1)


# ------------------------------------------------------------------------------ the command


class Coppice(gdb.Command):
    """Looks at nodes of the coppice library."""

    def __init__(self):
        super().__init__("coppice", gdb.COMMAND_DATA, gdb.COMPLETE_NONE, True)


class CoppiceTree(gdb.Command):
    """coppice tree [EXPRESSION]: prints the tree of actors of all nodes that a thread has to do
with, or of the node, or below the actor, that the expression points to."""

    def __init__(self):
        super().__init__("coppice tree", gdb.COMMAND_DATA, gdb.COMPLETE_EXPRESSION)

    def invoke(self, argument, from_tty):
        if not argument.strip():
            nodes = find_nodes()
            if not nodes:
                raise gdb.GdbError("no thread here has to do with a node; is there debugging "
                                   "information of the library?")
            for node in nodes:
                Node(node).put_node()
            return
        value = gdb.parse_and_eval(argument)
        nodes = node_behind(value)
        if not nodes or not is_node(nodes[0]):
            raise gdb.GdbError("that is no pointer to a node or actor")
        node = Node(pointer(nodes[0], "struct cop_node"))
        if value.type.strip_typedefs().target().strip_typedefs().unqualified().tag == "cop_actor":
            node.put_actor(pointer(value, "struct cop_actor"), 0)
        else:
            node.put_node()


Coppice()
CoppiceTree()
