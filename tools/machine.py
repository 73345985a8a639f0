"""machine.py - what starts Tally in QEMU: module archives, command lines.

Used by tools/run, tools/make-archive, tools/screenshot, tools/bench, tests/boot
and tests/domains.
"""

import ctypes
import glob
import os
import re
import signal
import subprocess
import sys

sys.dont_write_bytecode = True

TREE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
BUILD = os.path.join(TREE, "build")

# What the kernel writes to the debug-exit device comes back as 2 n + 1.
QEMU_STATUS = {33: 0, 35: 1, 37: 2}
STATUS_TIMEOUT = 124
MEANING = {
    0: "every domain ended by poweroff or reboot",
    1: "a domain crashed or could not be built",
    2: "an audit failed, the kernel panicked, or it never got that far",
    STATUS_TIMEOUT: "time out",
}


def newc_member(name, data, inode):
    """Return one regular file of a cpio archive in the "newc" format."""
    name = name.encode() + b"\0"
    fields = (inode, 0o100644, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(name), 0)
    head = b"070701" + b"".join(b"%08x" % field for field in fields) + name
    head += b"\0" * (-len(head) % 4)
    return head + data + b"\0" * (-len(data) % 4)


def make_archive(lines, files):
    """Return a module archive.

    lines  the text lines of its file `modules`
    files  list of (name, bytes)
    """
    for line in lines:
        if "\n" in line or "\0" in line:
            raise ValueError("a module's command line must be one line")
    text = "".join(line + "\n" for line in lines).encode()
    members = [("modules", text)] + list(files)
    archive = b"".join(newc_member(name, data, inode)
                       for inode, (name, data) in enumerate(members, 1))
    return archive + newc_member("TRAILER!!!", b"", 0)


# What boot/module.c takes for an option, even without a value.
MODULE_OPTIONS = ("name", "mem", "ramdisk", "privileged", "raw", "data",
                  "no-privileged", "no-raw", "no-data")


def member_name(path, taken=()):
    """Return a file name without spaces for the archive."""
    name = re.sub(r"[^A-Za-z0-9._-]", "_", os.path.basename(path)) or "file"
    # The first word of a module's line is its file, unless it is an option.
    while name in ("modules",) + MODULE_OPTIONS or name in taken:
        name = "_" + name
    return name


def domain_archive(domain, args="", ramdisk="", options=""):
    """Return the archive for one domain and perhaps its ramdisk.

    domain, ramdisk  paths of files; no ramdisk: ""
    args             the domain's own command line
    options          module options
    """
    with open(domain, "rb") as file:
        files = [(member_name(domain), file.read())]
    line = files[0][0]
    lines = []
    if ramdisk:
        name = member_name(ramdisk, (line,))
        # Names end at 31 bytes in the kernel: use one that always fits.
        with open(ramdisk, "rb") as file:
            files.append((name, file.read()))
        lines.append(f"{name} name=ramdisk data=yes")
        line += " ramdisk=ramdisk"
    if options:
        line += " " + options
    if args:
        line += " -- " + args
    return make_archive([line] + lines, files)


def qemu_program():
    """Return the name of the emulator."""
    return os.environ.get("QEMU", "qemu-system-x86_64")


def default_cpu():
    """Return the CPU model: everything that the emulator can do.

    Before 9.1 QEMU's TCG took a fault at an iretq from ring 3 to ring 3 when
    SMAP was on, which real guests execute and real CPUs allow.
    """
    text = subprocess.run([qemu_program(), "--version"], check=True,
                          capture_output=True, text=True).stdout
    found = re.search(r"version (\d+)\.(\d+)", text)
    version = tuple(int(part) for part in found.groups()) if found else (0, 0)
    return "max" if version >= (9, 1) else "max,-smap"


# One tick of the TSC is one instruction, and nothing depends on the time of
# the machine that QEMU runs on.
COUNTING = ["-icount", "shift=0,sleep=off",
            "-rtc", "base=2026-01-01T00:00:00,clock=vm"]


def counting_cpu():
    """Return the CPU model for COUNTING, which has no x2APIC."""
    return default_cpu() + ",-x2apic"


def find_xen():
    """Return the path of Debian's Xen, installed or fetched; "" if none."""
    places = glob.glob("/boot/xen-*-amd64.gz") + glob.glob(
        os.path.join(BUILD, "packages/*/boot/xen-*-amd64.gz"))
    return sorted(places)[-1] if places else ""


def qemu_command(cpu="", memory="", cpus="", exit_device=True):
    """Return the part of QEMU's command line that all runs have."""
    command = [qemu_program(), "-machine", "q35", "-accel", "tcg",
               "-cpu", cpu or default_cpu(), "-m", memory or "512M",
               "-smp", cpus or "1", "-display", "none", "-nic", "none",
               "-no-reboot"]
    if exit_device:
        command += ["-device", "isa-debug-exit,iobase=0xf4,iosize=0x04"]
    return command


def quoted_value(path):
    """Return a path as a value of a QEMU option: commas are doubled."""
    return path.replace(",", ",,")


def die_with_parent():
    """Called in the child: be killed when the parent is gone."""
    pr_set_pdeathsig = 1
    ctypes.CDLL(None).prctl(pr_set_pdeathsig, signal.SIGKILL, 0, 0, 0)


def start(command, **more):
    """Start QEMU; it ends when this program does."""
    return subprocess.Popen(command, preexec_fn=die_with_parent, **more)


def stop(process):
    """End QEMU, whatever it does."""
    process.terminate()
    try:
        process.wait(5)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
