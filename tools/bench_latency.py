"""bench_latency.py - how long interrupts wait, of all that the kernel does.

Used by tools/bench-latency, and by tools/bench for --check and --update.
"""

import os
import re
import sys

sys.dont_write_bytecode = True

import bench_boot  # noqa: E402 (beside this file)
import bench_tables as tables  # noqa: E402
import machine  # noqa: E402

GOAL = 20000            # instructions
DESIGNS = ("typecount", "walk", "refcount", "mark")
DOMAINS = ("mem=96M -- exit=reboot rows=latency",
           "privileged=no mem=32M -- exit=reboot rows=ring")
MEMORY = "512M"
OPTIONS = "latency=yes run=inturn refusals=yes "
ALL_AT_ONCE = "budget=1000000"  # then nothing long is cut into pieces
SHORTEST_AT_ONCE = 100_000      # what the longest of mmuext_op is then, or more
WORSE = 1.02            # times what was expected, and
SLACK = 100             # instructions besides, are too much

KIND = re.compile(r"^\(TALLY\) latency: (\w+) (\d+)\s*$", re.M)
PATH = re.compile(r"latency (\w+)/(\S+) (\d+)\s*$", re.M)

# What is bounded by nothing: it is over before a domain runs.
UNBOUNDED = ("domain_build",)
# What no path of the domain is about.
WORDS = {
    "absent": "a number that is no hypercall",
    "iret": "back from a handler",
    "user_syscall": "to the guest's kernel",
    "interrupt": "a tick of the timer",
    "timer_late": "from the timer's deadline to its handler",
    "domain_build": "before it starts",
    "domain_end": "audited, scrubbed, given back",
}


def boot(name, options):
    """Boot once; return ({kind: ticks}, {kind: (ticks, path)})."""
    text = bench_boot.boot_modules(name, MEMORY, DOMAINS, OPTIONS + options)
    if len(bench_boot.END.findall(text)) != len(DOMAINS):
        raise bench_boot.Failure(f"{name}: a domain did not come to its end")
    kinds = {kind: int(ticks) for kind, ticks in KIND.findall(text)}
    paths = {}
    for kind, path, ticks in PATH.findall(text):
        paths[kind] = max(paths.get(kind, (0, "")), (int(ticks), path))
    if "mmuext_op" not in kinds or "mmuext_op" not in paths:
        raise bench_boot.Failure(f"{name}: nothing was measured")
    return kinds, paths


def measure():
    """Return the rows of tables.LATENCY, the longest first, and what the
    longest mmuext_op is when nothing is cut into pieces."""
    jobs = {"latency-" + design: (boot, "superpage=" + design)
            for design in DESIGNS}
    jobs["latency-at-once"] = (boot, ALL_AT_ONCE)
    found = bench_boot.run_all(jobs, os.cpu_count())
    kinds = {design: found["latency-" + design][0] for design in DESIGNS}
    paths = found["latency-typecount"][1]
    rows = []
    for kind in sorted(set().union(*kinds.values())):
        ticks, words = paths.get(kind, (0, ""))
        if ticks + SLACK < kinds[DESIGNS[0]].get(kind, 0):
            words = WORDS.get(kind, "in between")
        rows.append([kind, words] + [kinds[design].get(kind, 0)
                                     for design in DESIGNS])
    rows.sort(key=lambda row: (-max(row[2:]), row[0]))
    return rows, found["latency-at-once"][0]["mmuext_op"]


def verdict(row):
    """Return a word for a row: does it keep to the goal?"""
    if row[0] in UNBOUNDED:
        return "no goal"
    return "reached" if max(int(cell) for cell in row[2:]) <= GOAL else \
        "not reached"


def write(rows, path):
    """Write the table."""
    tables.write_tsv(path, tables.LATENCY, rows)


def missed(rows):
    """Return the names of the rows above the goal."""
    return [row[0] for row in rows if verdict(row) == "not reached"]


def remarks_on(row, old):
    """Return remarks on a row, compared with what was expected of it."""
    worst = max(row[2:])
    if row[0] in UNBOUNDED:
        return []
    if worst > GOAL:
        return [f"{worst} instructions with interrupts off, the goal is "
                f"{GOAL}"]
    if old and worst > max(int(cell) for cell in old[1:]) * WORSE + SLACK:
        return [f"{max(int(cell) for cell in old[1:])} instructions, now "
                f"{worst}", "make bench-update, if it is meant so"]
    return []


def check(results):
    """Measure, compare with the goal and with what is expected, as TAP."""
    try:
        rows, at_once = measure()
    except bench_boot.Failure as failure:
        results.result(False, "latency is measured", [str(failure)])
        return
    write(rows, os.path.join(machine.BUILD, "latency.tsv"))
    seen = at_once >= SHORTEST_AT_ONCE
    results.result(seen, "latency: an operation in one piece is seen",
                   [] if seen else [f"the longest of mmuext_op is {at_once}, "
                                    f"with {ALL_AT_ONCE}"])
    old = tables.read_tsv(tables.LATENCY_KEPT)
    for row in rows:
        remarks = remarks_on(row, old.get(row[0]))
        results.result(not remarks, f"latency of {row[0]}: {max(row[2:])}",
                       remarks)
