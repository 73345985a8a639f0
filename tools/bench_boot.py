"""bench_boot.py - boots of the bench domain, and what it measured.

Used by tools/bench and tools/bench-scale.
"""

import concurrent.futures
import gzip
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True

import machine  # noqa: E402 (beside this file)

ELF = os.path.join(machine.BUILD, "user/bench.elf")
KERNEL = os.environ.get("KERNEL", os.path.join(machine.BUILD, "tally.elf"))
WORK = os.path.join(machine.BUILD, "bench")
SECONDS = 150
ROW = re.compile(r"^(?:\(d\d+\) )?bench (\w+) (\d+|-) (\d+|-)\s*$", re.M)
ERROR = re.compile(r"^(?:\(d\d+\) )?bench (error: .*?)\s*$", re.M)
END = re.compile(r"^(?:\(d\d+\) )?bench end\s*$", re.M)


class Failure(Exception):
    """A boot did not measure what it should."""


def run_qemu(name, memory, arguments):
    """Boot until QEMU ends; return what came over the serial line."""
    log = os.path.join(WORK, name + ".log")
    command = machine.qemu_command(machine.counting_cpu(), memory) + \
        machine.COUNTING + ["-serial", "file:" + machine.quoted_value(log),
                            "-monitor", "none"] + arguments
    with machine.start(command, stdin=subprocess.DEVNULL,
                       stdout=subprocess.PIPE,
                       stderr=subprocess.STDOUT) as process:
        try:
            said, _ = process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired as error:
            machine.stop(process)
            raise Failure(f"{name}: no end within {SECONDS} s, see "
                          f"{log}") from error
    if not os.path.exists(log):
        raise Failure(f"{name}: QEMU did not start:\n" +
                      said.decode(errors="replace"))
    with open(log, encoding="utf-8", errors="replace") as file:
        return file.read()


def check_end(name, text):
    """Raise Failure unless the domain came to its end without an error."""
    found = ERROR.search(text)
    if found:
        raise Failure(f"{name}: {found.group(1)}")
    if not END.search(text):
        raise Failure(f"{name}: it ended without its last line; the last "
                      "ones were:\n" + "\n".join(text.split("\n")[-15:]))


def rows_of(name, text):
    """Return {operation: (cost or None, flushes or None)}."""
    check_end(name, text)
    return {row: (None if cost == "-" else int(cost),
                  None if flushes == "-" else int(flushes))
            for row, cost, flushes in ROW.findall(text)}


def boot_modules(name, memory, lines, options=""):
    """Boot domains on Tally, all of the same file; return what was said.

    memory  of the machine
    lines   for each module its options, and its words behind " -- "
    """
    os.makedirs(WORK, exist_ok=True)
    archive = os.path.join(WORK, name + ".cpio")
    with open(ELF, "rb") as file:
        data = file.read()
    with open(archive, "wb") as file:
        file.write(machine.make_archive(
            ["bench.elf privileged=yes " + line for line in lines],
            [("bench.elf", data)]))
    text = run_qemu(name, memory, [
        "-kernel", KERNEL, "-initrd", machine.quoted_value(archive),
        "-append", f"exit=qemu refusals=no {options}"])
    check_end(name, text)
    return text


def boot_tally(name, sizes, words, options=""):
    """Boot the domain on Tally; return its rows.

    sizes  memory of the domain and of the machine
    words  the domain's command line
    """
    return rows_of(name, boot_modules(
        name, sizes[1], [f"mem={sizes[0]} -- exit=reboot {words}"], options))


def boot_xen(name):
    """Boot the domain as the first one of Xen."""
    packed = machine.find_xen()
    if not packed:
        raise Failure("no Xen is here: tools/fetch-package "
                      "xen-hypervisor-4.17-amd64 brings it")
    xen = os.path.join(WORK, "xen")
    with gzip.open(packed) as source, open(xen, "wb") as file:
        file.write(source.read())
    return rows_of(name, run_qemu(name, "512M", [
        "-kernel", xen, "-append", "console=com1 com1=115200 dom0_mem=64M "
        "loglvl=none guest_loglvl=none",
        "-initrd", machine.quoted_value(ELF) + " exit=reboot"]))


def run_all(jobs, at_a_time):
    """Run boots, some of them at a time.

    jobs  {name: (function, arguments...)}; the name is the first argument

    Return {name: what the function returned}; raise Failure with all that
    went wrong.
    """
    os.makedirs(WORK, exist_ok=True)
    found, wrong = {}, []
    with concurrent.futures.ThreadPoolExecutor(at_a_time) as pool:
        waiting = {name: pool.submit(job[0], name, *job[1:])
                   for name, job in jobs.items()}
        for name, future in waiting.items():
            try:
                found[name] = future.result()
            except Failure as failure:
                wrong.append(str(failure))
    if wrong:
        raise Failure("\n".join(wrong))
    return found
