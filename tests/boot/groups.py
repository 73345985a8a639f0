"""groups.py - the tests that boot; each group yields (title, function)."""

import difflib
import glob
import os
import re
import subprocess

import elf
import inside
import together
import vm

HELLO = "01-hello"


def lesson_names():
    """Return the names of the lessons that are one domain."""
    return sorted(os.path.basename(os.path.dirname(path)) for path in
                  glob.glob(os.path.join(vm.TREE, "user/lessons/*/main.c"))
                  if not os.path.exists(os.path.join(os.path.dirname(path),
                                                     "modules")))


def lesson_bytes(name):
    """Return a lesson's ELF file."""
    return vm.read_file(os.path.join(vm.LESSONS, name + ".elf"))


def expected(name, variant=""):
    """Return the lines that a lesson is to print."""
    path = os.path.join(vm.TREE, "user/lessons", name,
                        f"expected{variant and '-'}{variant}.txt")
    return vm.read_file(path).decode().rstrip("\n").split("\n")


def variants(name):
    """Return (variant, words) of the other ways in which a lesson is run."""
    path = os.path.join(vm.TREE, "user/lessons", name, "variants")
    if not os.path.exists(path):
        return []
    lines = vm.read_file(path).decode().split("\n")
    return [(line.split()[0], line.split()[1:]) for line in lines
            if line and not line.startswith("#")]


def differences(name, lines, variant=""):
    """Return remarks when a transcript is not the expected one.

    How many ticks something took is not compared.
    """
    lines = [re.sub(r"\d+ ticks", "N ticks", line.rstrip()) for line in lines]
    wanted = [line.rstrip() for line in expected(name, variant)]
    while lines and not lines[-1]:
        lines.pop()
    return list(difflib.unified_diff(wanted, lines, f"{name}: expected",
                                     f"{name}: printed", lineterm=""))


# ---------------------------------------------------------------- lessons

def check_lesson(name, variant="", words=()):
    """Boot one lesson with the audit after every hypercall.

    words  of its line in the file variants: MEM= is the machine's memory,
           mem= the domain's, and all others are options of the kernel
    """
    given = {key: value for key, _, value in
             (word.partition("=") for word in words)}
    memory = given.pop("MEM", "")
    options = [f"{key}={value}" for key, value in given.items()
               if key != "mem"]
    found = vm.boot_modules(
        [f"{name}.elf name={name} mem={given.get('mem', '64M')} "
         "privileged=yes"],
        [(name + ".elf", lesson_bytes(name))],
        " ".join(["audit=call"] + options), name="lesson-" + name,
        memory=memory)
    return differences(name, found.domain_lines(1), variant) + found.wrong()


def lessons():
    """Each lesson; there are to be some."""
    names = lesson_names()
    yield "there are lessons", lambda: [] if names else ["there is none"]
    for name in names:
        yield name, lambda name=name: check_lesson(name)
        for variant, words in variants(name):
            yield f"{name}, {' '.join(words)}", \
                lambda name=name, variant=variant, words=words: \
                check_lesson(name, variant, words)


# ---------------------------------------------------------------- iso

def check_all_lessons(arguments, name):
    """Boot the ISO's first entry to the end."""
    iso = os.path.join(vm.WORK, "lessons.iso")
    found = vm.boot([word.replace("@ISO@", iso) for word in arguments],
                    seconds=240, name=name)
    names = lesson_names()
    remarks = []
    for number, lesson in enumerate(names, 1):
        remarks += differences(lesson, found.domain_lines(number))
    return remarks + found.wrong(domains=len(names))


def make_lessons_iso():
    """The ISO of all boots below, within its size and twice the same."""
    paths = [vm.make_iso(name, "-O", "exit=qemu", "-t", "0")
             for name in ("lessons.iso", "again.iso")]
    first, again = (vm.read_file(path) for path in paths)
    os.unlink(paths[1])
    remarks = []
    if first != again:
        remarks.append("two ISOs of the same sources differ")
    if len(first) >= 10_000_000:
        remarks.append(f"the ISO has {len(first)} bytes")
    return remarks


def choose_own_domain():
    """The last entry of the menu, chosen over the serial line."""
    domain = os.path.join(vm.WORK, "own.elf")
    with open(domain, "wb") as file:
        file.write(lesson_bytes(HELLO))
    iso = vm.make_iso("own.iso", "-O", "exit=qemu", "-t", "60", "-d", domain,
                      "-D", "mem=32M privileged=yes -- some words")
    terminal = vm.Terminal(
        vm.machine.qemu_command() +
        ["-serial", "stdio", "-monitor", "none", "-boot", "d", "-cdrom", iso])
    try:
        terminal.expect("All lessons.*Your own domain", 60)
        terminal.type("\x0e\r")         # Ctrl-n: the next entry
        status = terminal.finish(60)
    finally:
        vm.machine.stop(terminal.process)
        terminal.log("iso-own")
    found = vm.Boot(vm.machine.QEMU_STATUS.get(status, 2), terminal.raw)
    return found.wrong() + found.missing(r"^\(d1\) Lesson 1")


def iso():
    """Firmware of each kind, CD and stick."""
    yield "made twice, small", make_lessons_iso
    compact = ["-boot", "d", "-cdrom", "@ISO@"]
    stick = ["-device", "qemu-xhci", "-drive",
             "if=none,id=stick,format=raw,readonly=on,file=@ISO@",
             "-device", "usb-storage,drive=stick,bootindex=0"]
    yield "BIOS, CD", lambda: check_all_lessons(compact, "iso-bios-cd")
    yield "BIOS, stick", lambda: check_all_lessons(stick, "iso-bios-stick")
    yield "UEFI of 64 bits, CD", lambda: check_all_lessons(
        vm.firmware_arguments(64) + compact, "iso-uefi64-cd")
    yield "UEFI of 64 bits, stick", lambda: check_all_lessons(
        vm.firmware_arguments(64) + stick, "iso-uefi64-stick")
    yield "UEFI of 32 bits, CD", lambda: check_all_lessons(
        vm.firmware_arguments(32) + compact, "iso-uefi32-cd")
    yield "the entry for one's own domain", choose_own_domain


# ---------------------------------------------------------------- grub

GRUB = "packages/grub-xen-host/usr/lib/grub-xen/grub-x86_64-xen.bin"


def fetch_grub():
    """The package, unpacked below build/."""
    done = subprocess.run(
        [os.path.join(vm.TREE, "tools/fetch-package"), "grub-xen-host"],
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
        check=False)
    if done.returncode or not os.path.exists(os.path.join(vm.BUILD, GRUB)):
        return [done.stdout or "no GRUB in the package"]
    return []


def drive_grub(last, name):
    """Type commands at GRUB's prompt, the last one ends it."""
    archive = os.path.join(vm.WORK, name + ".cpio")
    with open(archive, "wb") as file:
        file.write(vm.machine.domain_archive(
            os.path.join(vm.BUILD, GRUB), options="raw=yes"))
    terminal = vm.Terminal(
        vm.machine.qemu_command() +
        ["-serial", "stdio", "-monitor", "none", "-kernel", vm.KERNEL,
         "-initrd", archive, "-append", "exit=qemu"])
    try:
        terminal.expect("grub> ", 60)
        for command, answer in (("help", "lsmmap.*grub> "),
                                ("ls", "grub> "),
                                ("lsmmap", "base_addr.*length.*grub> "),
                                ("echo tally counts",
                                 r"[\r\n]tally counts[\r\n].*grub> ")):
            terminal.type(command + "\r")
            terminal.expect(answer, 30)
        terminal.type(last + "\r")
        status = terminal.finish(30)
    finally:
        vm.machine.stop(terminal.process)
        terminal.log(name)
    found = vm.Boot(vm.machine.QEMU_STATUS.get(status, 2), terminal.raw)
    return found.wrong(reason="poweroff|reboot")


def grub():
    """GRUB, ended in both ways."""
    yield "fetched", fetch_grub
    for last in ("halt", "exit"):
        yield f"help, ls, lsmmap, echo, {last}", \
            lambda last=last: drive_grub(last, "grub-" + last)


# ---------------------------------------------------------------- modules

def check_bad_module(name, data, options, pattern):
    """Boot one bad module: its message, no panic, and an end."""
    found = vm.boot_domain(data, options, "audit=call",
                           name="module-" + re.sub(r"\W+", "-", name))
    remarks = found.missing(r"^\(TALLY\) .*" + pattern)
    if re.search(r"(?i)panic", found.text):
        remarks.append("the kernel panicked")
    if found.status != (2 if not data else 1):
        remarks.append(f"exit status {found.status}")
    if any(reason == "poweroff" for _, reason, *_ in found.ends()):
        remarks.append("the domain ran")
    return remarks + (found.tail(25) if remarks else [])


def modules():
    """Modules that are no good, and one that crashes."""
    for name, (data, options, pattern) in \
            elf.bad_modules(lesson_bytes(HELLO)).items():
        yield name, lambda name=name, data=data, options=options, \
            pattern=pattern: check_bad_module(name, data, options, pattern)
    yield "none at all", no_module
    yield "an archive that is damaged", damaged_archive
    yield "a bad one before a good one", bad_before_good


def no_module():
    """A kernel without anything to run says so."""
    found = vm.boot(["-kernel", vm.KERNEL, "-append", "exit=qemu"], 60,
                    name="module-none")
    remarks = found.missing(r"^\(TALLY\) no domain to run")
    if found.status == 0:
        remarks.append("exit status 0")
    return remarks + (found.tail(25) if remarks else [])


def damaged_archive():
    """An archive that breaks off."""
    archive = os.path.join(vm.WORK, "damaged.cpio")
    data = vm.machine.make_archive(["domain.elf"], [
        ("domain.elf", lesson_bytes(HELLO))])
    with open(archive, "wb") as file:
        file.write(data[:len(data) // 2])
    found = vm.boot(["-kernel", vm.KERNEL, "-initrd", archive, "-append",
                     "exit=qemu"], 60, name="module-archive")
    remarks = found.missing(r"^\(TALLY\) .*the module archive is damaged")
    if re.search(r"(?i)panic", found.text):
        remarks.append("the kernel panicked")
    if found.status != 2:
        remarks.append(f"exit status {found.status}")
    return remarks + (found.tail(25) if remarks else [])


def bad_before_good():
    """A bad module does not keep the next one from running."""
    found = vm.boot_modules(
        ["bad.elf name=bad", "good.elf name=good privileged=yes"],
        [("bad.elf", b"no ELF" * 50), ("good.elf", lesson_bytes(HELLO))],
        name="module-bad-good")
    remarks = found.missing(r"domain bad cannot be built: it is not an ELF",
                            r"^\(d\d+\) Lesson 1 ends",
                            r"reason=poweroff")
    if found.status != 1:
        remarks.append(f"exit status {found.status}")
    return remarks + (found.tail(25) if remarks else [])


# ---------------------------------------------------------------- options

# Kernel options, module options, what the kernel is to say.
BAD_OPTIONS = [
    ("unknown, with the nearest known name", "lgolvl=all", "",
     'unknown option "lgolvl"; the nearest one is "loglvl"'),
    ("unknown, far from any", "frobnicate=1", "",
     'unknown option "frobnicate"$'),
    ("a choice that is none", "loglvl=loud", "",
     'option "loglvl" cannot be "loud": it takes one of '),
    ("a size that is none", "mem=lots", "",
     'option "mem" cannot be "lots": it takes a size'),
    ("a boolean that is none", "smep=perhaps", "",
     'option "smep" cannot be "perhaps": it takes yes or no'),
    ("audit= that is none", "audit=maybe", "",
     'option "audit" cannot be "maybe"'),
    ("console= that is none", "console=printer,serial", "",
     'option "console" cannot be "printer,serial"'),
    ("an unknown module option", "", "memory=64M",
     'unknown option "memory"'),
    ("a module size that is none", "", "mem=big",
     'option "mem" cannot be "big"'),
    ("a module boolean that is none", "", "privileged=perhaps",
     'option "privileged" cannot be "perhaps"'),
    ("a ramdisk that is not there", "", "ramdisk=nowhere",
     'no data module is named "nowhere"'),
]


def check_bad_option(number, options, module_options, pattern):
    """Boot with an option that is no good: a warning, and no panic."""
    found = vm.boot_domain(lesson_bytes(HELLO),
                           "privileged=yes " + module_options,
                           "console=serial " + options,
                           name=f"option-{number}")
    remarks = found.missing(r"^\(TALLY\) .*" + pattern)
    if re.search(r"(?i)panic", found.text):
        remarks.append("the kernel panicked")
    if found.status != ("ramdisk=nowhere" in module_options):
        remarks.append(f"exit status {found.status}")
    return remarks + (found.tail(25) if remarks else [])


def panic():
    """What a panic prints: registers in words, and names in the backtrace."""
    found = vm.boot(["-kernel", vm.KERNEL, "-append",
                     "exit=qemu selftest=panic"], 60, name="panic")
    remarks = found.missing(r"^\(TALLY\) PANIC: #PF page fault in the kernel",
                            r"^\(TALLY\) write of ffff80c000028000 .*"
                            r"not mapped",
                            r"^\(TALLY\) rip ffff8080\w+ ",
                            r"^\(TALLY\) +ffff8080\w+ kernel_main\+0x")
    if found.status != 2:
        remarks.append(f"exit status {found.status}")
    return remarks + (found.tail(25) if remarks else [])


def options():
    """Options that are no good."""
    yield "selftest=panic: decoded, with names", panic
    for number, (title, *rest) in enumerate(BAD_OPTIONS, 1):
        yield title, lambda number=number, rest=rest: \
            check_bad_option(number, *rest)


# ---------------------------------------------------------------- make

CRASH = b"\x0f\x0b"             # ud2
SPIN = b"\xeb\xfe"              # jmp to itself


def make_run(data, status, *settings):
    """Call `make run` without a terminal; return remarks and what it said."""
    domain = os.path.join(vm.WORK, "a domain, with a space.elf")
    with open(domain, "wb") as file:
        file.write(data)
    done = subprocess.run(
        ["make", "--no-print-directory", "run", "DOMAIN=" + domain,
         *settings], cwd=vm.TREE, stdin=subprocess.DEVNULL, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.STDOUT, errors="replace",
        env={name: value for name, value in os.environ.items()
             if not name.startswith(("MAKE", "MFLAGS", "TALLY_"))},
        timeout=200, check=False)
    found = vm.Boot(done.returncode, done.stdout)
    remarks = found.missing(rf"^exit status {status}\b")
    if done.returncode != status:
        remarks.append(f"make ended with {done.returncode}, not {status}")
    return remarks + (found.tail(25) if remarks else []), found


def make_run_good():
    """A domain that ends well, with odd words for everybody."""
    words = "one 'two' \"three  four\" $HOME $(shell false) `x` \\ ; & # *"
    remarks, found = make_run(lesson_bytes(HELLO), 0, "ARGS=" + words,
                              "DOMAIN_OPTS=mem=32M privileged=yes",
                              "OPTS=loglvl=all", "MEM=256M", "SMP=1",
                              "TIMEOUT=60")
    remarks += found.wrong()
    line = ("domain 1 is a_domain__with_a_space.elf: 32 MiB, privileged, " +
            words)
    if line not in found.text:
        remarks.append(f"the kernel has not said: {line}")
    return remarks


def make_run_terminal():
    """With a terminal the system stays, and says how to leave."""
    domain = os.path.join(vm.LESSONS, HELLO + ".elf")
    terminal = vm.Terminal(
        ["make", "--no-print-directory", "run", "DOMAIN=" + domain,
         "DOMAIN_OPTS=privileged=yes"], cwd=vm.TREE,
        env={name: value for name, value in os.environ.items()
             if not name.startswith(("MAKE", "MFLAGS", "TALLY_"))})
    try:
        terminal.expect("Ctrl-a.*x", 60)
        terminal.expect(r"domain 1 ended: reason=poweroff[^\n]*\n", 60)
        terminal.read(2)
        if terminal.process.poll() is not None:
            return ["it did not stay"]
        terminal.type("\x01x")
        status = terminal.finish(20)
    finally:
        vm.machine.stop(terminal.process)
        terminal.log("make-terminal")
    return [f"status {status} after Ctrl-a x"] if status else []


def make():
    """`make run`: statuses and variables."""
    good = lesson_bytes(HELLO)
    yield "status 0, variables as they are", make_run_good
    yield "status 1 for a domain that crashes", lambda: make_run(
        bytes(elf.Elf(good).with_code(CRASH).data), 1)[0]
    yield "status 124 for a domain that never ends", lambda: make_run(
        bytes(elf.Elf(good).with_code(SPIN).data), 124, "TIMEOUT=5")[0]
    yield "with a terminal it stays", make_run_terminal


ALL = {"lessons": lessons, "iso": iso, "grub": grub, "modules": modules,
       "options": options, "make": make, "inside": inside.inside,
       "together": together.together}
