"""together.py - lessons of several domains that run side by side.

Such a lesson has a file `modules` beside its main.c: a line for each domain,
with its module options and, behind " -- ", its command line. A domain that
is to crash has "# reason=crash" at the end of its line. Each domain has a
transcript of its own, NAME.txt.
"""

import difflib
import glob
import os
import re

import vm


def names():
    """Return the names of these lessons."""
    return sorted(os.path.basename(os.path.dirname(path)) for path in
                  glob.glob(os.path.join(vm.TREE, "user/lessons/*/modules")))


def read_modules(lesson):
    """Return a list of (domain's name, module line, how it ends)."""
    path = os.path.join(vm.TREE, "user/lessons", lesson, "modules")
    rows = []
    for line in vm.read_file(path).decode().splitlines():
        line, _, reason = line.partition("#")
        found = re.search(r"\bname=(\w+)", line)
        rows.append((found.group(1), line.strip(),
                     reason.strip().removeprefix("reason=") or "poweroff"))
    return rows


def transcript_wrong(lesson, name, lines):
    """Return remarks when a domain has not said what it should."""
    path = os.path.join(vm.TREE, "user/lessons", lesson, name + ".txt")
    wanted = [line.rstrip() for line in
              vm.read_file(path).decode().rstrip("\n").split("\n")]
    return list(difflib.unified_diff(wanted, lines, f"{name}: expected",
                                     f"{name}: printed", lineterm=""))


def check(lesson):
    """Boot all domains of a lesson, with the audit after every call."""
    rows = read_modules(lesson)
    files = [(lesson + ".elf",
              vm.read_file(os.path.join(vm.LESSONS, lesson + ".elf")))]
    found = vm.boot_modules([f"{lesson}.elf {line}" for _, line, _ in rows],
                            files, "run=together audit=call",
                            name="together-" + lesson)
    crashes = any(reason == "crash" for *_, reason in rows)
    remarks = found.wrong(status=1 if crashes else 0, domains=len(rows),
                          reason="poweroff|crash")
    for number, why, *_ in found.ends():
        if why != rows[int(number) - 1][2]:
            remarks.append(f"domain {number}: reason={why}")
    for number, (name, _, _) in enumerate(rows, 1):
        remarks += transcript_wrong(lesson, name, found.domain_lines(number))
    return remarks


def together():
    """Each of them; there is to be one."""
    yield "there are such lessons", lambda: [] if names() else ["none"]
    for lesson in names():
        yield lesson, lambda lesson=lesson: check(lesson)
