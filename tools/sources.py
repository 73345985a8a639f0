"""sources.py - the files that the checks look at.

Only what belongs to the project counts: files that git knows or would add.
"""

import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True

# TREE is another directory when a check is itself tested.
TREE = os.environ.get("CHECK_TREE") or os.path.dirname(
    os.path.dirname(os.path.abspath(__file__)))


def all_files():
    """Return the paths of all files, relative to the tree."""
    done = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "--cached", "--others",
         "--exclude-standard"],
        cwd=TREE, text=True, capture_output=True, check=False)
    if done.returncode == 0 and done.stdout:
        names = done.stdout.splitlines()
    else:                               # not a clone: an unpacked archive
        names = [os.path.relpath(os.path.join(top, name), TREE)
                 for top, _, files in os.walk(TREE) for name in files]
    return sorted({name for name in names
                   if not name.startswith(("build/", ".git/", "tmp/"))
                   and os.path.isfile(os.path.join(TREE, name))})


# Only files whose names start so, when a check is itself tested.
ONLY = os.environ.get("CHECK_ONLY", "")


def files(*suffixes, under=("",)):
    """Return the files with one of the suffixes below one of the folders."""
    return [name for name in all_files() if name.startswith(ONLY) and
            name.endswith(suffixes) and name.startswith(tuple(under))]


def scripts(program):
    """Return the files whose first line names the program."""
    found = []
    for name in files(""):
        with open(os.path.join(TREE, name), "rb") as file:
            first = file.readline(100)
        if first.startswith(b"#!") and program.encode() in first:
            found.append(name)
    return found


def read_lines(name):
    """Return the lines of a file without their ends."""
    with open(os.path.join(TREE, name), encoding="utf-8") as file:
        return file.read().split("\n")


# Comments of C and of NASM; strings and characters come first, since what
# looks like a comment in them is none.
COMMENT = {
    ".asm": re.compile(r"""("[^"\n]*"|'[^'\n]*'|`[^`\n]*`)|;[^\n]*"""),
    "": re.compile(r"""("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')"""
                   r"|/\*.*?\*/|//[^\n]*", re.DOTALL),
}


GUARD = re.compile(r"#(ifndef|define) TALLY_\w+_H$|#endif$")


def code_lines(name):
    """Return how many lines of a file of C or NASM are code.

    Not those that are blank or only comment, nor the guard of a header.
    """
    suffix = ".asm" if name.endswith((".asm", ".inc")) else ""
    text = COMMENT[suffix].sub(
        lambda found: found.group(1) or "\n" * found.group(0).count("\n"),
        "\n".join(read_lines(name)))
    return sum(1 for line in text.split("\n") if line.strip() and
               not (name.endswith(".h") and GUARD.match(line.rstrip())))


def flags(kind):
    """Return the compiler and its flags for kind: kernel, user or host."""
    done = subprocess.run(["make", "-s", "--no-print-directory",
                           f"show-{kind}-flags"], cwd=TREE, text=True,
                          capture_output=True, check=True)
    return done.stdout.split()


def report(problems, good):
    """Print the problems, or one line that all is well; end with status."""
    for problem in problems:
        print(problem)
    if not problems:
        print(good)
    sys.exit(1 if problems else 0)
