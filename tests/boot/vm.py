"""vm.py - boots of Tally for the tests, and what they said."""

import os
import pty
import re
import select
import subprocess
import sys
import termios
import time

sys.dont_write_bytecode = True
TREE = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TREE, "tools"))

import machine  # noqa: E402

BUILD = os.path.join(TREE, "build")
WORK = os.path.join(BUILD, "test-boot")
KERNEL = os.path.join(BUILD, "tally.elf")
LESSONS = os.path.join(BUILD, "user/lessons")
OVMF = "/usr/share/OVMF"

ENDED = re.compile(r"\(TALLY\) domain (\d+) ended: reason=(\w+) "
                   r"frames=(\d+)/(\d+) audit=(\w+)")
ESCAPES = re.compile(r"\x1b(\[[0-9;?=]*[A-Za-z]|[()][0-9A-Za-z]|[=>78MDEc])")


class Boot:
    """What a boot said and how QEMU ended."""

    def __init__(self, status, raw):
        self.status = status
        text = raw.decode(errors="replace") if isinstance(raw, bytes) else raw
        self.text = ESCAPES.sub("", text).replace("\r", "")
        self.lines = self.text.split("\n")

    def domain_lines(self, number):
        """Return the lines of one domain without their prefix."""
        prefix = f"(d{number}) "
        return [line[len(prefix):].rstrip() if line.startswith(prefix) else ""
                for line in self.lines
                if line.startswith(prefix) or line == prefix.rstrip()]

    def ends(self):
        """Return (domain, reason, frames freed, frames, audit) of each."""
        return [found.groups() for found in ENDED.finditer(self.text)]

    def wrong(self, status=0, domains=1, reason="poweroff"):
        """Return remarks when the boot did not end as said."""
        remarks = []
        if self.status != status:
            remarks.append(f"exit status {self.status}, not {status}")
        ends = self.ends()
        if len(ends) != domains:
            remarks.append(f"{len(ends)} domains ended, not {domains}")
        for number, why, freed, frames, audit in ends:
            if why not in reason.split("|"):
                remarks.append(f"domain {number}: reason={why}")
            if freed != frames or audit != "clean":
                remarks.append(f"domain {number}: frames={freed}/{frames} "
                               f"audit={audit}")
        return remarks + (self.tail() if remarks else [])

    def missing(self, *patterns):
        """Return a remark for each pattern that no line matches."""
        return [f"no line matches: {pattern}" for pattern in patterns
                if not re.search(pattern, self.text, re.M)]

    def tail(self, count=60):
        """Return the last lines, for a report."""
        return ["the last lines were:"] + self.lines[-count:]


def boot(arguments, seconds=120, cpu="", memory="", name="boot"):
    """Start QEMU without a terminal, wait for its end, return a Boot."""
    command = machine.qemu_command(cpu, memory) + \
        ["-serial", "stdio", "-monitor", "none"] + arguments
    process = machine.start(command, stdin=subprocess.DEVNULL,
                            stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    try:
        raw, _ = process.communicate(timeout=seconds)
        status = machine.QEMU_STATUS.get(process.returncode, 2)
    except subprocess.TimeoutExpired:
        machine.stop(process)
        raw, _ = process.communicate()
        status = machine.STATUS_TIMEOUT
    os.makedirs(WORK, exist_ok=True)
    with open(os.path.join(WORK, name + ".log"), "wb") as file:
        file.write(raw)
    return Boot(status, raw)


def boot_modules(lines, files, options="", name="boot", **more):
    """Boot the kernel by PVH with an archive of modules."""
    os.makedirs(WORK, exist_ok=True)
    archive = os.path.join(WORK, name + ".cpio")
    with open(archive, "wb") as file:
        file.write(machine.make_archive(lines, files))
    return boot(["-kernel", KERNEL, "-initrd", archive, "-append",
                 ("exit=qemu " + options).strip()], name=name, **more)


def boot_domain(data, module_options="", options="", name="boot", **more):
    """Boot one domain that is given as the bytes of its ELF file."""
    line = ("domain.elf name=test " + module_options).strip()
    return boot_modules([line], [("domain.elf", data)], options, name, **more)


def firmware_arguments(bits):
    """Return QEMU's arguments for UEFI of 64 or 32 bits."""
    prefix = "OVMF" if bits == 64 else "OVMF32"
    code = f"{OVMF}/{prefix}_CODE_4M" + ("" if bits == 64 else ".secboot")
    variables = os.path.join(WORK, f"{prefix}_vars.fd")
    with open(f"{OVMF}/{prefix}_VARS_4M.fd", "rb") as file:
        data = file.read()
    with open(variables, "wb") as file:
        file.write(data)
    return (["-machine", "q35,smm=on"] if bits == 32 else []) + [
        "-drive", f"if=pflash,format=raw,unit=0,readonly=on,file={code}.fd",
        "-drive", f"if=pflash,format=raw,unit=1,file={variables}"]


def make_iso(name, *arguments):
    """Make an ISO for a test, return its path."""
    os.makedirs(WORK, exist_ok=True)
    path = os.path.join(WORK, name)
    subprocess.run([os.path.join(TREE, "tools/mkiso.sh"), "-o", path,
                    *arguments], check=True, stdin=subprocess.DEVNULL,
                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return path


def read_file(path):
    """Return the bytes of a file."""
    with open(path, "rb") as file:
        return file.read()


class Terminal:
    """A program on a terminal of its own: read what it says, type to it."""

    def __init__(self, command, **more):
        self.terminal, other = pty.openpty()
        modes = termios.tcgetattr(other)
        modes[3] &= ~termios.ECHO
        termios.tcsetattr(other, termios.TCSANOW, modes)
        self.process = machine.start(command, stdin=other, stdout=other,
                                     stderr=other, **more)
        os.close(other)
        self.raw = b""
        self.seen = 0

    def read(self, seconds):
        """Take in what has been said; False at the end."""
        ready, _, _ = select.select([self.terminal], [], [], seconds)
        if not ready:
            return True
        try:
            data = os.read(self.terminal, 65536)
        except OSError:
            return False
        self.raw += data
        return bool(data)

    def expect(self, pattern, seconds=60):
        """Wait until the text after the last match matches the pattern."""
        end = time.monotonic() + seconds
        alive = True
        while True:
            found = re.search(pattern.encode(), self.raw[self.seen:], re.S)
            if found:
                text = self.raw[self.seen:self.seen + found.end()]
                self.seen += found.end()
                return text.decode(errors="replace")
            left = end - time.monotonic()
            if left <= 0 or not alive:
                raise RuntimeError(
                    f"waited for '{pattern}', the last lines were:\n" +
                    self.raw[-2000:].decode(errors="replace"))
            alive = self.read(left)

    def type(self, text):
        """Type, not faster than a serial line takes it."""
        for char in text:
            os.write(self.terminal, char.encode())
            time.sleep(0.01)

    def finish(self, seconds=60):
        """Wait for the end, return the program's exit status."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and self.read(0.2):
            if self.process.poll() is not None:
                break
        while self.process.poll() is not None and \
                select.select([self.terminal], [], [], 0)[0] and self.read(0):
            pass
        try:
            status = self.process.wait(max(0, end - time.monotonic()) + 1)
        except subprocess.TimeoutExpired:
            machine.stop(self.process)
            status = machine.STATUS_TIMEOUT
        os.close(self.terminal)
        return status

    def log(self, name):
        """Keep what was said."""
        with open(os.path.join(WORK, name + ".log"), "wb") as file:
            file.write(self.raw)
