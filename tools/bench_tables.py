"""bench_tables.py - what was measured, as tables and pictures.

Used by tools/bench, tools/bench-scale, tools/bench-latency, tools/where,
tools/size and tools/bench-docs. The figures that are kept, and that the pages
show, are in bench/; each tool writes its own with --update.
"""

import os
import re
import sys

sys.dont_write_bytecode = True

import bench_svg  # noqa: E402 (beside this file)
import machine  # noqa: E402

KEPT = os.path.join(machine.TREE, "bench")
EXPECTED = os.path.join(KEPT, "expected.tsv")
SCALE = os.path.join(KEPT, "scale.tsv")
WHERE = os.path.join(KEPT, "where.tsv")
SIZE = os.path.join(KEPT, "size.tsv")
LATENCY_KEPT = os.path.join(KEPT, "latency.tsv")
GOALS = os.path.join(machine.TREE, "tools/bench-goals.tsv")

COSTS = ["operation", "tally", "xen", "ratio", "flushes"]
LATENCY = ["operation", "longest", "typecount", "walk", "refcount", "mark"]
SWEEPS = ["sweep", "operation", "x", "instructions"]
TITLES = {              # of the sweeps
    "frames": "4 KiB mappings that the domain has",
    "superpages": "2 MiB mappings that it has",
    "domains": "domains that live",
    "memory": "MiB of the machine",
    "boot": "MiB of the machine",
}
SWEPT = {               # operations
    "map": "map a page", "swap": "swap it", "unmap": "unmap it",
    "superpage_map": "map a superpage", "superpage_unmap": "unmap it again",
    "boot": "boot",
}
DESIGNS = ("walk", "refcount", "mark", "off")   # besides the default
PARTS = ("domain", "entry", "call", "copy", "rules", "write", "exit")

# What is done, for somebody who has not read user/bench/.
WORDS = {
    "null_hypercall": "ask for Xen's version",
    "user_syscall": "system call of the guest's user, there and back",
    "stack_switch": "say where the guest kernel's stack is",
    "ud_bounce_iret": "exception, to the guest's handler and back",
    "mmu_update_1_rw": "swap a page for another, writable",
    "mmu_update_1_ro": "the same, read-only",
    "va_mapping_noflush": "the same by address, writable",
    "va_mapping_invlpg": "the same, and forget the old one",
    "mmu_update_128": "swap 128 pages in one call",
    "multicall_va_128": "the same by address, in a multicall",
    "pin_l1_empty": "validate an empty L1 table",
    "unpin_l1_empty": "drop it",
    "pin_l1_512": "validate an L1 table of 512 writable pages",
    "unpin_l1_512": "drop it",
    "pin_l4_4096": "validate a tree of 11 tables, 4096 pages",
    "unpin_l4_4096": "drop it",
    "new_baseptr": "load another L4 table",
    "table_first_use": "the first table in a superpage: pin it, empty",
    "table_last_use": "and unpin it",
    "superpage_first_map": "first map of a superpage, writable",
    "superpage_first_map_cold": "one that was never mapped before",
    "superpage_first_map_owed": "one where a table was, with a flush",
    "superpage_second_map": "second map",
    "superpage_second_unmap": "unmap one of two",
    "superpage_last_unmap": "unmap the last",
    "superpage_refused_map": "refused: its last frame is a table",
    "superpage_mark": "mark it",
    "superpage_unmark": "unmark it",
    "superpage_marked_map": "map what is marked",
    "superpage_256_maps": "each of 10,000 maps of 256 superpages",
    "gigabyte_map": "map a gigabyte, writable",
    "gigabyte_unmap": "unmap it",
}
IN_PLOT = ("superpage_first_map", "superpage_second_map",
           "superpage_second_unmap", "superpage_last_unmap",
           "superpage_refused_map", "superpage_mark", "superpage_unmark",
           "superpage_marked_map")


def write_tsv(path, header, rows):
    """Write a table."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        for row in [header] + rows:
            file.write("\t".join(str(cell) for cell in row) + "\n")


def read_rows(path):
    """Return the rows of a table without its header."""
    with open(path, encoding="utf-8") as file:
        lines = file.read().splitlines()[1:]
    return [line.split("\t") for line in lines]


def read_tsv(path):
    """Return {first column: the other columns}, without the header."""
    return {row[0]: row[1:] for row in read_rows(path)}


def grouped(value):
    """Return a number, or its text, with commas."""
    text = str(value)
    return f"{int(text):,}" if re.fullmatch(r"-?\d+", text) else text


def number_of(text):
    """Return a cell as a number for a picture, None if it has none."""
    return int(text) if text.isdigit() and int(text) > 0 else None


def goal_words(costs):
    """Return {operation: (goal, reached)} of those that have a goal.

    costs  {operation: instructions as text}
    """
    words = {}
    for name, (goal, *_) in read_tsv(GOALS).items():
        if name in costs:
            cost = costs[name]
            words[name] = (goal, "-" if cost == "-" else
                           "reached" if int(cost) <= int(goal) else
                           "not reached")
    return words


def markdown(header, rows, text_columns=1):
    """Return a table for a page; the first columns are text."""
    lines = ["| " + " | ".join(header) + " |",
             "|" + "---|" * text_columns +
             "---:|" * (len(header) - text_columns)]
    lines += ["| " + " | ".join(grouped(cell) for cell in row) + " |"
              for row in rows]
    return "\n".join(lines) + "\n"


def operations_picture(rows):
    """Return the plot of Tally beside Xen.

    rows  {operation: the other cells of COSTS}
    """
    both = [(name, [number_of(cells[0]), number_of(cells[1])])
            for name, cells in rows.items() if cells[1] != "-"]
    return bench_svg.bars(
        "Instructions for each operation, on a logarithmic scale",
        ["Tally", "Xen 4.17"], both)


def designs_picture(rows):
    """Return the plot of the designs side by side."""
    designs = [design for design in DESIGNS if design != "off"]
    found = [(WORDS[row].partition(",")[0],
              [number_of(rows[row][0])] +
              [number_of(rows.get(f"{row}[{design}]", ["-"])[0])
               for design in designs]) for row in IN_PLOT if row in rows]
    return bench_svg.bars(
        "Superpages: instructions under each design, on a logarithmic scale",
        ["typecount"] + designs, found)


def curves_of(points, sweep):
    """Return {operation: [(x, instructions)]} of a sweep."""
    curves = {}
    for name, operation, x, cost in points:
        if name == sweep:
            curves.setdefault(SWEPT[operation], []).append((int(x), int(cost)))
    return curves


def scale_picture(points):
    """Return the plot of all sweeps.

    points  rows of SWEEPS
    """
    panels = [("boot, until the first domain" if sweep == "boot" else
               "one operation", title, curves_of(points, sweep))
              for sweep, title in TITLES.items()]
    return bench_svg.plots("Instructions, when there is more of everything",
                           [panel for panel in panels if panel[2]])
