"""inside.py - the kernel prompt, the picture and gdb, while domains run."""

import os
import re
import subprocess

import elf
import vm

# Domains of a few bytes, put at a lesson's entry.
SPIN = b"\xeb\xfe"                      # jmp to itself
# sched_op(SCHEDOP_block), again and again
BLOCK = b"\xb8\x1d\0\0\0\xbf\x01\0\0\0\x0f\x05\xeb\xf2"
# sched_op(SCHEDOP_poll, zeros): no ports and no end
POLL = (b"\x48\x89\xe6\x48\x83\xee\x40\xb8\x1d\0\0\0\xbf\x03\0\0\0\x0f\x05"
        b"\xeb\xfe")
PROMPT = r"tally> \x1b\[0m\x1b\[K"      # an empty line
SWITCH = "\x01\x01\x01"


class Machine:
    """A running system with a person at its serial line."""

    def __init__(self, name, domains, options="run=together", extra=()):
        good = vm.read_file(os.path.join(vm.LESSONS, "01-hello.elf"))
        lines, files = [], []
        for number, (title, code, words) in enumerate(domains, 1):
            lines.append(f"{number}.elf name={title} mem=16M {words}")
            data = bytes(elf.Elf(good).with_code(code).data) if code else good
            files.append((f"{number}.elf", data))
        os.makedirs(vm.WORK, exist_ok=True)
        archive = os.path.join(vm.WORK, name + ".cpio")
        with open(archive, "wb") as file:
            file.write(vm.machine.make_archive(lines, files))
        self.name = name
        self.terminal = vm.Terminal(
            vm.machine.qemu_command() +
            ["-serial", "stdio", "-monitor", "none", "-kernel", vm.KERNEL,
             "-initrd", archive, "-append", options, *extra])

    def __enter__(self):
        return self

    def __exit__(self, *what):
        vm.machine.stop(self.terminal.process)
        self.terminal.log(self.name)

    def expect(self, pattern, seconds=30):
        """Wait for what is said."""
        return self.terminal.expect(pattern, seconds)

    def type(self, text):
        """Type keys."""
        self.terminal.type(text)

    def ask(self, line, pattern):
        """Type a line, wait for an answer and for the prompt."""
        self.type(line + "\r")
        self.expect(pattern)
        self.expect(PROMPT)


def verbs():
    """Every verb that only looks, while two domains spin."""
    with Machine("inside-verbs", [("one", SPIN, "privileged=yes"),
                                  ("two", SPIN, "privileged=yes")]) as m:
        m.expect("domain 2 is two")
        m.type("\r")
        m.expect(PROMPT)
        for line, pattern in (
                ("help", r"list .*the domains.*Ctrl-a three times"),
                ("help frames", r"frames \[DOM\|TYPE\]: .*debug key: y"),
                ("list", r"one +1 +1\d .*two +2 +1\d "),
                ("info", r"version +Tally .*memory +\d+ MiB.*options"),
                ("frames", r"ID Name.*1 one .*2 two "),
                ("frames L4", r"frame +0x\w+ +d1 +L4 +types 2, .*validated"),
                ("superpages two", r"0x\w+ +d2 two +512 of 512: writable"),
                ("superpages", r"0  kernel: .*d1 one.*free: \d+ superpages"),
                ("audit", r"domain 1 .*all counts are what.*domain 2 .*all c"),
                ("refusals", r"domain 1 \(one\): 0 refusals"),
                ("stat", r"switches +\d+"),
                ("dmesg", r"\(TALLY\) Tally .*domain 2 is two"),
                ("picture", r"memory.*MiB free.*superpage 0x\w+"),
                ("keys", r"  q  domains"),
                ("key q", r"domain 1 \(one\): privileged.*kernel's L4"),
                ("key d", r"rip \w{16}.*cr2 \w{16}"),
                ("key r", r"(one|two) runs|the idle thread"),
                ("key *", r"--- memory.*--- audit.*domain 2 .*all counts"),
                ("walk one 0x100000", r"L4 .*L3 .*L2 .*L1 .*in frame 0x"),
                ("walk 1 0xffff800000000000", r"slot 256: the kernel's own"),
                ("frame 0", r"owner +kernel")):
            m.ask(line, pattern)
    return []


def mistakes():
    """Errors of one line, history, completion, keys of the line."""
    with Machine("inside-line", [("one", SPIN, "privileged=yes")]) as m:
        m.expect("domain 1 is one")
        m.ask("lits", 'no verb "lits"; did you mean "list"')
        m.ask("frame", "it goes like this: frame MFN")
        m.ask("frame 99999999999", "is no RAM that the kernel")
        m.ask("frame xyz", '"xyz" is no number')
        m.ask("walk ome 0", 'did you mean "one"')
        m.ask("audit 7", "there is no domain 7")
        m.ask("walk 1 0x800000000000", "not canonical")
        m.ask("key Z", 'no debug key "Z"')
        m.ask("sup\to\t", r"superpages one .*d1 one")
        m.ask("\x1b[A\x1b[A\x17\x17hlp\x1b[D\x1b[De\x05 keys\x01\x0b\x19",
              "keys: the debug keys")
        m.type("x\x15\x04")
        m.expect(PROMPT)
    return []


def switching():
    """Ctrl-a three times, with a domain that listens and one that not."""
    with Machine("inside-switch", [("ring", SPIN, ""),
                                   ("io", SPIN, "privileged=yes")]) as m:
        m.expect("domain 2 is io")
        m.type("list\r")                # this is the domain's
        m.type(SWITCH)
        m.expect(r"\(TALLY\) input goes to the kernel prompt")
        m.expect(PROMPT)
        m.ask("list", "ring +1 ")
        m.type(SWITCH)
        m.expect(r"\(TALLY\) input goes to domain 1 \(ring\)")
        m.type("list\r" + SWITCH)
        text = m.expect(PROMPT)
    return ["a domain's input reached the prompt"] if "Calls" in text else []


def killing():
    """In ring 3, blocked, and in a hypercall that never ends."""
    with Machine("inside-kill", [("spin", SPIN, "privileged=yes"),
                                 ("block", BLOCK, "privileged=yes"),
                                 ("poll", POLL, "privileged=yes")]) as m:
        m.expect("domain 3 is poll")
        m.ask("list", r"block +2 .*poll +3 ")
        for number, name in ((2, "block"), (1, "spin"), (3, "poll")):
            m.type(f"kill {name}\r")
            m.expect(rf"domain {number} \({name}\) crashed: killed at the")
        m.expect("all domains have ended")
        m.ask("list", "there is no domain")
        m.type("poweroff\r")
        m.terminal.finish(20)
        found = vm.Boot(1, m.terminal.raw)
    return found.wrong(1, 3, "crash")


def unasked():
    """With exit=qemu nobody is given the input unless it is moved."""
    with Machine("inside-exit", [("one", SPIN, "privileged=yes")],
                 "exit=qemu") as m:
        m.expect("domain 1 is one")
        m.type("help\r" + SWITCH)
        text = m.expect(PROMPT)
        m.type("kill 1\r")
        status = m.terminal.finish(20)
        remarks = ["the prompt took input"] if "recount" in text else []
    return remarks + ([f"status {status}"] if status != 35 else [])


def staying():
    """When the last domain has ended the prompt is there; reboot works."""
    with Machine("inside-stay", [("hello", None, "privileged=yes")],
                 "") as m:
        m.expect("all domains have ended")
        m.expect(PROMPT)
        m.ask("list", "there is no domain")
        m.ask("superpages", "free: ")
        m.type("reboot\r")
        status = m.terminal.finish(20)
    return [f"status {status}"] if status else []


def debugger():
    """The commands of gdb, in a batch."""
    domain = os.path.join(vm.LESSONS, "06-pin-unpin-reuse.elf")
    commands = ["delete", "hbreak schedule_end", "continue", "tally domains",
                "tally frames", "tally audit", "tally walk 1 0x100000",
                "tally frame 0"]
    done = subprocess.run(
        [os.path.join(vm.TREE, "tools/debug"), "-batch"] +
        [word for line in commands for word in ("-ex", line)],
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
        stderr=subprocess.STDOUT, timeout=120, check=False,
        env=dict(os.environ, TALLY_DOMAIN=domain,
                 TALLY_DOMAIN_OPTS="privileged=yes"))
    found = vm.Boot(done.returncode, done.stdout)
    remarks = found.missing(r"^06-pin-unpin-reuse.elf +1 ",
                            r"^ +1 06-pin-unpin-reu",
                            "all counts are what the tables say",
                            r"^L1 0x\w+ slot 256: \w+ ",
                            r"owner +kernel")
    if re.search("Traceback|Error", found.text):
        remarks.append("an error in a command")
    return remarks + (found.tail() if remarks else [])


def inside():
    """The prompt over a terminal, and gdb."""
    yield "every verb that looks", verbs
    yield "errors, history, completion", mistakes
    yield "Ctrl-a three times", switching
    yield "kill", killing
    yield "exit=qemu: not unasked", unasked
    yield "after the last domain", staying
    yield "gdb's commands", debugger
