"""pc.py - one machine of the matrix: started, watched, and what it said."""

import dataclasses
import json
import os
import re
import shutil
import struct
import subprocess
import time

import screen
import vm

WORK = os.path.join(vm.BUILD, "test-matrix")
PLAIN_ISO = os.path.join(WORK, "plain.iso")
MENU_ISO = os.path.join(WORK, "menu.iso")
LESSON = "01-hello"
OVMF = "/usr/share/OVMF"
MODULE = "mem=64M privileged=yes"
LESSON_END = (r"\(TALLY\) domain 1 ended: reason=poweroff "
              r"frames=(\d+)/\1 audit=clean")
TEXT_MEMORY, TEXT_BYTES = 0xb8000, 80 * 25 * 2

UEFI = {    # code, variables, machine
    "uefi64": ("OVMF_CODE_4M", "OVMF_VARS_4M", "q35"),
    "uefi32": ("OVMF32_CODE_4M.secboot", "OVMF32_VARS_4M", "q35,smm=on"),
    "secure": ("OVMF_CODE_4M.ms", "OVMF_VARS_4M.ms", "q35,smm=on"),
}


@dataclasses.dataclass
class Pc:
    """A machine, how it is booted, and what it is to say."""

    name: str
    arguments: str = ""         # QEMU's, beside those of every machine
    machine: str = ""           # q35, or what the firmware needs
    cpu: str = "max,-smap"
    memory: str = "512M"
    firmware: str = "kernel"    # kernel (PVH), bios, uefi64, uefi32, secure
    medium: str = "cd"          # cd or usb
    grub: str = ""              # a last line for GRUB, which is to start it
    kernel: str = "tally"       # or no-display, moved: see make_menu_iso()
    options: str = "exit=qemu loglvl=all"
    module: str = MODULE
    read: str = "serial"        # serial, screen, text (VGA's memory)
    serial: bool = True         # there is a serial port
    status: int = 0             # exit status; None: it stays
    wanted: tuple = (LESSON_END,)
    says: tuple = ()            # patterns as well, on the serial line
    keys: str = ""              # to type when all that was said
    ends: str = ""              # and how QEMU is to end then
    seconds: int = 60

    def slug(self):
        """Return the name for files."""
        return re.sub(r"\W+", "-", self.name).strip("-")


def without_display_request(kernel):
    """Return a kernel whose multiboot2 header does not ask for a display."""
    tag = struct.pack("<HHIIII", 5, 1, 20, 1024, 768, 32)
    if kernel.count(tag) != 1:
        raise ValueError("the kernel has no display tag")
    # An optional request for information of the same size in its place.
    return kernel.replace(tag, struct.pack("<HHIIII", 1, 1, 20, 1, 2, 3))


def moved(kernel):
    """Return a kernel that is to be loaded at 64 MiB or above."""
    tag = struct.pack("<HHII", 10, 1, 24, 2 << 20)
    if kernel.count(tag) != 1:
        raise ValueError("the kernel has no tag for its place")
    return kernel.replace(tag, struct.pack("<HHII", 10, 1, 24, 64 << 20))


def is_plain(pc):
    """Is the ISO as people get it right for a machine?"""
    return (pc.grub, pc.kernel, pc.options, pc.module) == \
        (Pc.grub, Pc.kernel, Pc.options, Pc.module)


def menu_entry(pc):
    """Return the entry of GRUB's menu for a machine."""
    return (f'menuentry "pc-{pc.slug()}" {{\n'
            f"multiboot2 /boot/{pc.kernel}.elf {pc.options}\n"
            f"module2 /boot/lesson.elf name={LESSON} {pc.module}\n"
            f"{pc.grub}\n}}\n")


def make_plain_iso():
    """Make an ISO as people get it, but with one lesson."""
    subprocess.run([os.path.join(vm.TREE, "tools/mkiso.sh"), "-o", PLAIN_ISO,
                    "-l", LESSON, "-t", "0", "-O", Pc.options], check=True,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def make_menu_iso(machines):
    """Make an ISO for all others: a machine's serial number chooses."""
    tree = os.path.join(WORK, "iso")
    shutil.rmtree(tree, ignore_errors=True)
    os.makedirs(os.path.join(tree, "boot/grub"))
    kernel = os.path.join(tree, "boot/tally.elf")
    subprocess.run([os.environ.get("OBJCOPY", "objcopy"), "--strip-debug",
                    vm.KERNEL, kernel], check=True)
    for name, change in (("no-display", without_display_request),
                         ("moved", moved)):
        with open(os.path.join(tree, f"boot/{name}.elf"), "wb") as file:
            file.write(change(vm.read_file(kernel)))
    shutil.copy(os.path.join(vm.LESSONS, LESSON + ".elf"),
                os.path.join(tree, "boot/lesson.elf"))
    with open(os.path.join(tree, "boot/grub/grub.cfg"), "w",
              encoding="utf-8") as file:
        file.write("insmod all_video\nset timeout=0\n"
                   "smbios --type 1 --get-string 7 --set default\n" +
                   "".join(menu_entry(pc) for pc in machines))
    subprocess.run(["grub-mkrescue", "--fonts=", "--locales=", "--themes=",
                    "-o", MENU_ISO, tree], check=True,
                   stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                   stderr=subprocess.DEVNULL)


def kernel_arguments(pc):
    """Return the arguments for a start without firmware, by PVH."""
    archive = os.path.join(WORK, pc.slug() + ".cpio")
    name = LESSON + ".elf"
    data = vm.read_file(os.path.join(vm.LESSONS, name))
    with open(archive, "wb") as file:
        file.write(vm.machine.make_archive(
            [f"{name} name={LESSON} {pc.module}"], [(name, data)]))
    return ["-kernel", vm.KERNEL, "-initrd", archive, "-append", pc.options]


def firmware_arguments(pc):
    """Return the arguments for firmware and medium."""
    if pc.firmware == "kernel":
        return ["-machine", pc.machine or "q35"] + kernel_arguments(pc)
    arguments = ["-machine", pc.machine or "q35"]
    if pc.firmware in UEFI:
        code, variables, machine = UEFI[pc.firmware]
        copy = os.path.join(WORK, pc.slug() + ".fd")
        with open(copy, "wb") as file:
            file.write(vm.read_file(f"{OVMF}/{variables}.fd"))
        arguments = [
            "-machine", pc.machine or machine, "-drive",
            f"if=pflash,format=raw,unit=0,readonly=on,file={OVMF}/{code}.fd",
            "-drive", f"if=pflash,format=raw,unit=1,file={copy}"]
    iso = PLAIN_ISO if is_plain(pc) else MENU_ISO
    arguments += ["-smbios", "type=1,serial=pc-" + pc.slug()]
    if pc.medium == "cd":
        return arguments + ["-boot", "d", "-cdrom", iso]
    return arguments + [
        "-device", "qemu-xhci", "-device",
        "usb-storage,drive=stick,bootindex=0", "-drive",
        f"if=none,id=stick,format=raw,readonly=on,file={iso}"]


class Monitor:
    """QEMU's monitor on its standard input and output."""

    def __init__(self, process):
        self.process = process
        self.ended = ""         # why the machine stopped
        self.ask("qmp_capabilities")

    def ask(self, command, **arguments):
        """Give a command; False when QEMU has ended or refused."""
        try:
            self.process.stdin.write(json.dumps(
                {"execute": command, "arguments": arguments}) + "\n")
            self.process.stdin.flush()
        except OSError:
            return False
        return self.read()

    def read(self):
        """Take in what QEMU says: up to an answer, or to its end."""
        for line in self.process.stdout:
            answer = json.loads(line)
            if answer.get("event") == "SHUTDOWN":
                self.ended = answer["data"]["reason"]
            if "return" in answer or "error" in answer:
                return "return" in answer
        return False

    def type(self, text):
        """Type on the keyboard."""
        for char in text.replace(" ", "\0"):
            key = {"\0": "spc", "\n": "ret"}.get(char, char)
            self.ask("send-key", keys=[{"type": "qcode", "data": key}])
            time.sleep(0.15)


def serial_text(pc):
    """Return what the machine has said on the serial line so far."""
    return vm.Boot(0, vm.read_file(os.path.join(
        WORK, pc.slug() + ".log"))).text


def seen(pc, monitor):
    """Return what the machine has said so far where it is to be read."""
    if pc.read == "serial":
        return serial_text(pc)
    path = os.path.join(WORK, pc.slug() + ".seen")
    if pc.read == "screen":
        done = monitor.ask("screendump", filename=path)
        return screen.picture_text(path) if done else ""
    done = monitor.ask("pmemsave", val=TEXT_MEMORY, size=TEXT_BYTES,
                       filename=path)
    return screen.text_mode_text(vm.read_file(path)) if done else ""


def start(pc):
    """Start a machine."""
    log = os.path.join(WORK, pc.slug() + ".log")
    with open(log, "wb"):
        pass
    command = [vm.machine.qemu_program(), "-accel", "tcg", "-cpu", pc.cpu,
               "-m", pc.memory, "-display", "none", "-nic", "none",
               "-no-reboot", "-qmp", "stdio",
               "-device", "isa-debug-exit,iobase=0xf4,iosize=0x04"]
    command += ["-serial", "file:" + log if pc.serial else "none"]
    with open(os.path.join(WORK, pc.slug() + ".err"), "wb") as errors:
        return vm.machine.start(
            command + firmware_arguments(pc) + pc.arguments.split(),
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
            text=True)


def ended(pc, monitor):
    """Type what is to be typed, return a remark about the wrong end."""
    monitor.type(pc.keys)
    try:
        monitor.process.wait(20)
    except subprocess.TimeoutExpired:
        return [f"still there after {pc.keys!r}"]
    while monitor.read():
        pass
    return [] if monitor.ended == pc.ends else \
        [f"ended by {monitor.ended!r}, not {pc.ends!r}"]


def watch(pc, process):
    """Wait for the end, or for all that is wanted; status, text, remarks."""
    monitor = Monitor(process)
    end = time.monotonic() + pc.seconds
    while process.poll() is None:
        if pc.status is None:
            text = seen(pc, monitor)
            if not missing(pc, text):
                return None, text, ended(pc, monitor) if pc.keys else []
        if time.monotonic() > end:
            return vm.machine.STATUS_TIMEOUT, seen(pc, monitor), []
        time.sleep(0.1 if pc.read == "serial" else 0.5)
    return vm.machine.QEMU_STATUS.get(process.returncode, 2), \
        seen(pc, monitor) if pc.read == "serial" else "", []


def missing(pc, text):
    """Return the patterns that nothing matches."""
    return [pattern for pattern in pc.wanted
            if not re.search(pattern, text, re.M)] + \
        [pattern for pattern in pc.says
         if not re.search(pattern, serial_text(pc), re.M)]


def check(pc):
    """Boot a machine; return remarks, none when all is as it should be."""
    process = start(pc)
    try:
        status, text, remarks = watch(pc, process)
    finally:
        vm.machine.stop(process)
        process.stdin.close()
        process.stdout.close()
    remarks += [f"nothing matches: {pattern}"
                for pattern in missing(pc, text)]
    if status != pc.status:
        remarks.append(f"exit status {status}, not {pc.status}")
    if "PANIC" in text:
        remarks.append("the kernel panicked")
    if remarks:
        errors = vm.read_file(os.path.join(WORK, pc.slug() + ".err"))
        remarks += ["what it said at last:"] + text.split("\n")[-30:] + \
            errors.decode(errors="replace").split("\n")[-5:]
    return remarks


def memory_map(pc):
    """Return the lines of the firmware's memory map that was printed."""
    text = vm.read_file(os.path.join(WORK, pc.slug() + ".log")).decode(
        errors="replace")
    return re.findall(r"^\(TALLY\) map: (.*?)\r?$", text, re.M)
