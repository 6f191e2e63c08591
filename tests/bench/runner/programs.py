# SPDX-License-Identifier: Apache-2.0
"""The programs that are measured: how each is built, and one run of one case."""

import functools
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys

HERE = pathlib.Path(__file__).resolve().parent.parent
ROOT = HERE.parent.parent
BUILD = pathlib.Path(os.environ.get("COPPICE_BUILD", ROOT / "build" / "bench")).resolve()

LIMIT = 15  # Seconds, for one run of one case: a case is made to take three at most.


class LeftOut(Exception):
    """A program that cannot be had here; says why."""


class Failed(Exception):
    """A run that gave no value though it should have; says why."""


class NoValue(Exception):
    """A run that rightly has no value; says why."""


# How to build.  Each of these returns the path of a program, or raises LeftOut.


def build_coppice():
    """From the build tree in $COPPICE_BUILD if it has one, else a release build is made."""
    name = "tests/bench/bench_coppice"
    if (BUILD / name).exists():
        return BUILD / name
    compile_with("coppice", ["cmake", "--preset", "release"])
    compile_with("coppice", ["cmake", "--build", "--preset", "release", "--target",
                             "bench_coppice"])
    return ROOT / "build" / "release" / name


def build_ideal():
    """One file, or a directory of them."""
    sources = sources_of("ideal.c", "ideal/*.c")
    compiler = need(os.environ.get("CC", "cc"), "gcc")
    return made("ideal", sources, [compiler, "-std=c11", "-O3", "-DNDEBUG", "-I", HERE],
                ["-lnanomsg", "-pthread", "-lm"])


def build_erlang():
    """The number of schedulers is an option of the emulator, hence a program that starts it."""
    compiler = need("erlc", "erlang-base")
    beams = BUILD / "erlang"
    beams.mkdir(exist_ok=True)
    sources = sources_of("erlang/*.erl")
    if newest(sources) > newest(beams.glob("*.beam")):
        compile_with("erlang", [compiler, "+inline", "-o", beams, *sources])
    starter = BUILD / "peer_erlang"
    starter.write_text("""#!/bin/sh
[ "${1-}" = --workers ] || set -- --workers 1 "$@"
export ERL_CRASH_DUMP_SECONDS=0
exec erl +S "$2:$2" +P 2000000 -noinput -pa "$(dirname "$0")/erlang" \\
    -s peer_erlang -extra "$@"
""")
    starter.chmod(0o755)
    return starter


def build_caf():
    compiler = need(os.environ.get("CXX", "c++"), "g++")
    probe = subprocess.run([compiler, "-std=c++17", "-E", "-x", "c++", "-"], text=True,
                           input="#include <caf/io/all.hpp>", capture_output=True)
    if probe.returncode != 0:
        raise LeftOut("its headers are missing (Debian: libcaf-dev)")
    return made("peer_caf", sources_of("caf/*.cpp"),
                [compiler, "-std=c++17", "-O3", "-DNDEBUG"],
                ["-lcaf_io", "-lcaf_core", "-pthread"])


def build_python(library, package):
    """Debian's Python has Debian's packages; another one may come first in the path."""
    interpreter = next((python for python in ("/usr/bin/python3", "python3")
                        if can_import(python, library)), None)
    if interpreter is None:
        raise LeftOut(f"no Python of 3.11 or more has it (Debian: {package})")
    starter = BUILD / f"peer_{library}"
    starter.write_text(f"""#!/bin/sh
exec {interpreter} -B '{HERE / "python" / "peer_python.py"}' {library} "$@"
""")
    starter.chmod(0o755)
    return starter


def can_import(python, library):
    probe = f"import sys, {library}; sys.exit(sys.version_info < (3, 11))"
    try:
        return subprocess.run([python, "-c", probe], capture_output=True).returncode == 0
    except OSError:
        return False


BUILDS = {"coppice": build_coppice, "ideal": build_ideal, "erlang": build_erlang,
          "caf": build_caf,
          "trio": functools.partial(build_python, "trio", "python3-trio"),
          "anyio": functools.partial(build_python, "anyio", "python3-anyio"),
          "asyncio": functools.partial(build_python, "asyncio", "python3")}


def build_all(wanted):
    """System -> program, without those that cannot be had, of which a line says so."""
    BUILD.mkdir(parents=True, exist_ok=True)
    programs = {}
    for system, build in BUILDS.items():
        if system not in wanted:
            continue
        try:
            programs[system] = build()
        except LeftOut as why:
            print(f"run: {system} is left out: {why}", file=sys.stderr)
    return programs


def sources_of(*patterns):
    return sorted(path for pattern in patterns for path in HERE.glob(pattern))


def newest(paths):
    return max((path.stat().st_mtime for path in paths), default=0)


def need(command, package):
    if shutil.which(command) is None:
        raise LeftOut(f"there is no {command} (Debian: {package})")
    return command


def made(name, sources, compiler, libraries):
    """Unless it is newer than its sources, and the headers beside them."""
    result = BUILD / name
    headers = [header for source in sources for header in source.parent.glob("*.h*")]
    if newest(sources + headers) > newest([result] if result.exists() else []):
        compile_with(name, [*compiler, "-o", result, *sources, *libraries])
    return result


def compile_with(name, command):
    log = BUILD / f"{name}.log"
    with open(log, "w") as output:
        done = subprocess.run(command, cwd=ROOT, stdout=output, stderr=subprocess.STDOUT)
    if done.returncode != 0:
        raise LeftOut(f"it does not build, see {log}")


# How to run.


def measure(program, system, case, workers):
    """The value and its unit; raises Failed or NoValue."""
    line = output_of([program, "--workers", str(workers), case])
    words = line.split(None, 5)
    if len(words) < 5 or words[0] != case or words[1] != system:
        raise Failed(f'it printed "{line}"')
    value, unit = words[3], words[4]
    if value == "-":
        raise NoValue(words[5] if len(words) > 5 else "it does not say why")
    if not re.fullmatch(r"\d+(\.\d+)?(e[+-]?\d+)?", value):
        raise Failed(f'it printed "{line}"')
    return float(value), unit


def output_of(command):
    """Runs in a session of its own, so that all its processes can be ended with it."""
    child = subprocess.Popen(command, text=True, start_new_session=True,
                             stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                             stderr=subprocess.PIPE)
    try:
        output, errors = child.communicate(timeout=LIMIT)
    except subprocess.TimeoutExpired:
        raise NoValue(f"it takes longer than {LIMIT} s") from None
    finally:
        if child.poll() is None:
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
    if child.returncode != 0:
        last = (errors.strip().splitlines() or [""])[-1]
        raise Failed(f"exit status {child.returncode}. {last}")
    return output.strip()
