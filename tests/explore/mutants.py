#!/usr/bin/env python3
"""mutants - does the explorer find out every broken core and door?

usage: tests/explore/mutants.py FOLDER [NAME...]

Each mutant is one place of kernel/mm or of the explorer's door that was made
wrong, as in mutants.txt. It is compiled in FOLDER and must be found out by
the explorer; the breach and its shortest sequence go to FOLDER/NAME.txt, the
scene of it to FOLDER/NAME-scene.
"""

import concurrent.futures
import itertools
import os
import pathlib
import re
import subprocess
import sys

sys.dont_write_bytecode = True

TREE = pathlib.Path(__file__).resolve().parent.parent.parent
WORKERS = 2
BOUND = 9000000
SECONDS = 600
FLAGS = ["-std=c11", "-D_GNU_SOURCE", "-O2", "-fno-strict-aliasing", "-w",
         "-Itests/explore/geometry", "-Itests/explore", "-Ikernel",
         "-isystem", "build/include"]
PLAYER = "build/tests/scenes/play"
PLAY_FLAGS = ["-std=c11", "-D_GNU_SOURCE", "-O1", "-fno-strict-aliasing", "-w",
              "-fsanitize=address,undefined", "-Ikernel/mm/geometry",
              "-Ikernel", "-isystem", "build/include"]
PLAY_PARTS = ["build/tests/unit/obj/tests/scenes/host.o",
              "build/tests/unit/obj/user/scene-player/scene.o",
              "build/tests/unit/libpure.a"]


def read_mutants():
    """Return (name, file, old text, new text, world)."""
    mutants = []
    fields = {}
    text = (TREE / "tests/explore/mutants.txt").read_text(encoding="utf-8")
    for block in text.split("\n\n"):
        fields = {}
        key = None
        for line in block.splitlines():
            if line.startswith("#"):
                continue
            if line.startswith("  "):
                fields[key] += "\n" + line[2:]
            else:
                key, _, value = line.partition(":")
                fields[key] = value[1:]
        if fields:
            mutants.append((fields["mutant"], fields["file"], fields["old"],
                            fields["new"], fields["world"]))
    return mutants


def compile_one(source, output, first=None):
    """Compile one file; its own folder comes first for its headers."""
    include = [f"-I{first}"] if first else []
    subprocess.run(["gcc"] + include + FLAGS + ["-c", "-o", output, source],
                   cwd=TREE, check=True)


def compile_true(folder):
    """Compile all that is not mutated; return {source: object}."""
    objects = {}
    for source in sorted(TREE.glob("tests/explore/*.c")) + sorted(
            TREE.glob("kernel/mm/*.c")):
        name = str(source.relative_to(TREE))
        objects[name] = str(folder / (source.parent.name + "_" +
                                      source.stem + ".o"))
        compile_one(name, objects[name])
    return objects


def squeeze(text):
    """White space does not matter when a place is looked for."""
    return " ".join(text.split())


def replace(text, old, new):
    """Replace the only place of `old`, line breaks aside; None if not one."""
    words = old.split()
    places = []
    start = text.find(words[0])
    while start >= 0:
        end = start
        for word in words:
            while end < len(text) and text[end].isspace():
                end += 1
            if not text.startswith(word, end):
                break
            end += len(word)
        else:
            places.append((start, end))
        start = text.find(words[0], start + 1)
    if len(places) != 1:
        return None
    return text[:places[0][0]] + new + text[places[0][1]:]


def compile_mutant(name, source, text, folder):
    """Compile what a mutated file changes; return {source: object}.

    A header is put before the true one on the include path, for the files of
    the core that include it.
    """
    if source.endswith(".c"):
        mutated = folder / f"{name}.c"
        mutated.write_text(text, encoding="utf-8")
        parts = {source: str(mutated)}
        first = None
    else:
        first = folder / f"{name}-include"
        mutated = first / os.path.relpath(source, "kernel")
        mutated.parent.mkdir(parents=True, exist_ok=True)
        mutated.write_text(text, encoding="utf-8")
        line = f'#include "{os.path.relpath(source, "kernel")}"'
        parts = {str(path.relative_to(TREE)): str(path)
                 for path in sorted(TREE.glob("kernel/mm/*.c"))
                 if line in path.read_text(encoding="utf-8")}
    objects = {}
    for number, (part, path) in enumerate(parts.items()):
        objects[part] = str(folder / f"{name}-{number}.o")
        compile_one(path, objects[part], first)
    return objects


def try_mutant(mutant, folder, objects):
    """Return (found out?, why)."""
    name, source, old, new, world = mutant
    text = replace((TREE / source).read_text(encoding="utf-8"), old, new)
    if text is None:
        return False, f"not one place in {source} is: {squeeze(old)}"
    parts = compile_mutant(name, source, text, folder)
    program = str(folder / name)
    subprocess.run(["gcc", "-o", program] + list(parts.values()) +
                   [o for s, o in objects.items() if s not in parts],
                   check=True)
    try:
        done = subprocess.run([program, "-q", "-b", str(BOUND), "-o",
                               str(folder / (name + "-scene")), world],
                              text=True, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=SECONDS,
                              check=False)
        status, said = done.returncode, done.stdout
    except subprocess.TimeoutExpired:
        status, said = 1, "it runs without end\n"
    os.unlink(program)
    (folder / f"{name}.txt").write_text(said, encoding="utf-8")
    if status == 0:
        return False, "not found out"
    first = said.splitlines()[0] if said else "it crashes"
    steps = sum(1 for line in said.splitlines()
                if line.lstrip()[:1].isdigit())
    return True, f"{first} ({steps} steps)"


def build_player(mutant, folder):
    """Link the scene player of the host with a broken core; return it."""
    name, source, old, new, _ = mutant
    text = replace((TREE / source).read_text(encoding="utf-8"), old, new)
    broken = folder / f"{name}-play.c"
    broken.write_text(text, encoding="utf-8")
    program = str(folder / f"{name}-play")
    # The broken object comes first: the library's own is not taken then.
    subprocess.run(["gcc"] + PLAY_FLAGS + ["-o", program, str(broken)] +
                   PLAY_PARTS + ["-lcmocka"], cwd=TREE, check=True)
    return program


def play(program, scene):
    """Play a scene; return what was answered differently.

    The model knows errnos, no rules: where the scene names none, any will do.
    """
    wrong = []
    hoped = pathlib.Path(scene).read_text(encoding="utf-8").splitlines()
    design = re.match(r"# designs: (\w+)", hoped[0]).group(1)
    design += "+nx" if hoped[1] == "# nx: yes" else ""
    done = subprocess.run([program, str(scene), "1000000", design], cwd=TREE,
                          text=True, stdin=subprocess.DEVNULL,
                          capture_output=True, errors="replace",
                          timeout=SECONDS, check=False)
    for line, said in itertools.zip_longest(hoped, done.stdout.splitlines(),
                                            fillvalue=""):
        if said != line and not (re.search(r"-> E[A-Z]+$", line) and
                                 re.fullmatch(re.escape(line) + r" \w+",
                                              said)):
            wrong.append(f"{line} (answered: {said})")
    if done.returncode and not wrong:
        wrong.append(f"ended with status {done.returncode}: {done.stderr}")
    return wrong


def main(arguments):
    """Try all, or those that are named."""
    folder = pathlib.Path(arguments[0]).resolve()
    folder.mkdir(parents=True, exist_ok=True)
    mutants = [m for m in read_mutants()
               if not arguments[1:] or m[0] in arguments[1:]]
    objects = compile_true(folder)
    missed = 0
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        tries = [pool.submit(try_mutant, m, folder, objects)
                 for m in mutants]
        for mutant, attempt in zip(mutants, tries):
            found, why = attempt.result()
            missed += not found
            print(f"{'found ' if found else 'MISSED'} {mutant[0]:24} {why}",
                  flush=True)
    print(f"mutants: {len(mutants)} tried, {missed} missed")
    return 1 if missed or not mutants else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
