#!/usr/bin/env python3
"""owners.py ROOT

Everything that is started has an owner (requirement D2): each function of the public headers
takes one - a cop_actor * or a cop_co *, to whose scopes it belongs - or stands in one of the
two lists below, with the reason.  A new function that takes no owner fails this test until
somebody has thought about it.  Prints what starts something, and under whom.
"""

import pathlib
import re
import sys

# What starts something and has no actor above it: the roots of trees, and who stands outside.
NODE_LEVEL = {
    "cop_node_start": "the main actor; its owner is the node's root",
    "cop_guest_attach": "a node in its host's loop: the caller's, until cop_guest_detach",
    "cop_node_spawn": "an actor from outside; its owner is the node's root",
    "cop_run": "a node, which has ended when it returns",
    "cop_main": "a node, which has ended when it returns",
    "cop_supervisor_run": "a node, which has ended when it returns",
    "cop_node_new": "a node: the caller's, until cop_node_free",
    "cop_cluster_start": "sessions: services under the node's root",
    "cop_post_call": "a call: its owner is the actor that it is posted to, or it is refused",
    "cop_sim_new": "a simulation: the caller's, until cop_sim_free",
    "cop_sim_node": "a node: the simulation's",
    "cop_sim_host": "a node: the simulation's",
    "cop_sim_restart": "a node: the simulation's",
    "cop_sim_spawn": "an actor; its owner is the node's root",
    "cop_sim_run": "a simulation, which is over when it returns",
    "cop_probe_new": "an actor; its owner is the node's root",
    "cop_probe_ask_message": "a call: the probe's, which is an actor",
    "cop_probe_watch": "a monitor: the probe's, which is an actor",
    "cop_net_new": "a net: the caller's, until cop_net_free",
    "cop_sim_net": "a net: the simulation's",
    "cop_sim_fault": "a fault: the simulation's",
}

# Verbs of those that must say who owns what they start, if they take no owner themselves.
STARTERS = re.compile(r"_(start|spawn|open|new|run|soon|after|every|ask|call|watch|monitor|link|"
                      r"acquire|work|main|host|restart|post|attach|guest|signals)(_|$)")
# Those that end, change or tell of something have such a verb in their names as well.
OTHERS = re.compile(r"_(cancel|close|change|detach|current_call|stop|free|read)$|_current_")
# What is given something to call, or a kind of actor, starts something, whatever its name.
CALLED = re.compile(r"\bcop_(behaviour|call|then|job_spec|job_done|sim_boot|sim_test)\b|\(\*")

# They sound like it, or are given something to call, but start nothing.
HARMLESS = {
    "cop_post_message": "a message: the mailbox's",
    "cop_sim_run_for": "steps a simulation",
    "cop_sim_run_until_idle": "steps a simulation",
    "cop_buf_new": "memory; counted references",
    "cop_sim_on_fail": "called where a test fails, by whoever makes it fail",
}

# Macros over a function that is looked at itself, with whatever they are given.
MACROS = {
    "cop_post": "cop_post_message",
    "cop_post_soon": "cop_post_call",
    "cop_probe_ask": "cop_probe_ask_message",
    "cop_spawn": "cop_spawn_from",
}

OWNER = re.compile(r"\b(cop_actor|cop_co)\s*\*\s*\w+")


def functions(header):
    """(name, parameters) of each function that a header declares or defines."""
    text = re.sub(r"/\*.*?\*/", " ", header.read_text(), flags=re.S)
    text = re.sub(r"\\\n", " ", text)
    macros = dict(re.findall(r"^#define (cop_[a-z_0-9]+)\(([^)]*)\)", text, flags=re.M))
    text = re.sub(r"^#.*$", "", text, flags=re.M)
    for match in re.finditer(r"\b(cop_[a-z0-9_]+)\s*\(", text):
        name, depth, end = match.group(1), 1, match.end()
        while depth > 0 and end < len(text):
            depth += {"(": 1, ")": -1}.get(text[end], 0)
            end += 1
        before = text[: match.start()].rstrip()
        is_declared = re.search(r"(COP_API|static inline)[^;{}]*$", before) is not None
        if is_declared:
            yield name, " ".join(text[match.end() : end - 1].split()), False
    for name, parameters in macros.items():
        yield name, parameters, True


def starts_something(name, parameters):
    return (STARTERS.search(name) or CALLED.search(parameters)) and not OTHERS.search(name)


def has_owner(parameters, is_macro):
    if is_macro:
        return parameters.split(",")[0].strip() in ("me", "co")
    return OWNER.search(parameters) is not None


def sees_an_orphan():
    """Would it see a function that starts something for nobody?"""
    return (starts_something("cop_spawn_orphan", "const char *name")
            and starts_something("cop_do", "const cop_behaviour *what")
            and not has_owner("const cop_behaviour *what, cop_node *node", False)
            and not has_owner("node, to, ...", True))


def main(root):
    headers = sorted(pathlib.Path(root).glob("*/include/coppice/*.h"))
    found, wrong, owned, nodes = set(), [], set(), set()
    for header in headers:
        for name, parameters, is_macro in functions(header):
            found.add(name)
            if not starts_something(name, parameters) or name in HARMLESS:
                continue
            if has_owner(parameters, is_macro):
                owned.add(name)
            elif name in NODE_LEVEL:
                nodes.add(f"{name}: {NODE_LEVEL[name]}")
            elif not (is_macro and name in MACROS):
                wrong.append(f"{header.name}: {name}({parameters}) takes no owner")
    for name in (*NODE_LEVEL, *HARMLESS, *MACROS, *MACROS.values()):
        if name not in found:
            wrong.append(f"{name} stands in a list here, but in no header")
    if not sees_an_orphan():
        wrong.append("this script sees nothing")
    if len(owned) < 20:
        wrong.append("found hardly anything: are the headers written in another way?")
    print(f"{len(owned)} functions and macros start what an actor owns:")
    print("  " + "\n  ".join(sorted(owned)))
    print(f"{len(nodes)} start what a node, a simulation or their caller owns:")
    print("  " + "\n  ".join(sorted(nodes)))
    for line in wrong:
        print("WRONG:", line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
