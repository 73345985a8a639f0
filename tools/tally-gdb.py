"""tally-gdb.py - looking into a Tally kernel from gdb.

usage: gdb -x tools/tally-gdb.py build/tally.elf

    tally domains           the domains, one line each
    tally frames [DOM]      frames by type
    tally frame MFN         one frame: owner, type, counts, pin
    tally walk DOM VA       a domain's page tables, level by level
    tally audit             recount every reference, compare with the records

Everything is read from the stopped kernel's memory; nothing is changed.
DOM is a domain's number or name. tools/debug.mk says how to start.
"""

import struct

import gdb

PAGE, ENTRIES, EXTENT = 4096, 512, 512
NO_EXTENT, NO_MFN = 0xffffffff, 0xffffffffffffffff
OWNER_FREE, OWNER_KERNEL = 0, 0xffff
TYPES = ["unused", "L1", "L2", "L3", "L4", "descriptors", "writable"]
WRITABLE, SEG = 6, 5
PRESENT, RW, USER, ACCESSED, DIRTY, LARGE = 1, 2, 4, 0x20, 0x40, 0x80
ADDRESS = 0x000ffffffffff000
KERNEL_SLOTS = range(256, 272)
# struct frame, which is 16 bytes: see kernel/mm/frame.h.
FRAME = struct.Struct("<IIIBBBB")


def value(text):
    """Return an expression's value."""
    return gdb.parse_and_eval(text)


def machine():
    """Return the kernel's struct memory."""
    return value("machine")


def read(address, size):
    """Return bytes of the stopped machine."""
    return bytes(gdb.selected_inferior().read_memory(address, size))


def superpage(extent):
    """Return an extent's record."""
    return machine()["superpages"][extent]


def frame(mfn):
    """Return a frame's record as {name: number}; None if it has none."""
    record = superpage(mfn // EXTENT)["frames"]
    if not int(record):
        return None
    names = "types", "refs", "stamp", "type", "state", "pinned", "allocated"
    data = read(int(record) + mfn % EXTENT * FRAME.size, FRAME.size)
    return dict(zip(names, FRAME.unpack(data)))


def table(mfn):
    """Return the words of a frame."""
    return struct.unpack("<512Q", read(int(machine()["ram"]) + mfn * PAGE,
                                       PAGE))


def domains():
    """Return the domains."""
    slots = value("domains")
    return [slots[i].dereference() for i in range(slots.type.range()[1] + 1)
            if int(slots[i])]


def name_of(domain):
    """Return a domain's name."""
    return domain["name"].string(errors="replace")


def find(text):
    """Return the domain that a number or a name stands for."""
    for domain in domains():
        if text in (name_of(domain), str(int(domain["owner"]["id"]))):
            return domain
    raise gdb.GdbError(f'no domain "{text}"; "tally domains" lists them')


def extents(domain):
    """Yield the numbers of a domain's extents."""
    extent = int(domain["owner"]["extents"])
    while extent != NO_EXTENT:
        yield extent
        extent = int(superpage(extent)["next"])


def records(domain):
    """Yield (mfn, record as a list) of all frames of a domain."""
    for extent in extents(domain):
        data = read(int(superpage(extent)["frames"]), EXTENT * FRAME.size)
        for i, fields in enumerate(FRAME.iter_unpack(data)):
            yield extent * EXTENT + i, list(fields)


def number(text):
    """Return an argument as a number; any expression of gdb's will do."""
    try:
        return int(value(text)) & 0xffffffffffffffff
    except gdb.error as error:
        raise gdb.GdbError(f'"{text}" is no number: {error}') from error


def show_domains():
    """One line for each domain."""
    print(f"{'Name':<28} {'ID':>3} {'MiB':>6}  {'State':<9} {'Calls':>10}")
    states = ["ready", "blocked", "ended"]
    for domain in domains():
        vcpu = domain["vcpu"][0]
        state = states[int(vcpu["state"])]
        if int(value("cpu_vcpu")) == int(vcpu.address):
            state = "running"
        print(f"{name_of(domain):<28} {int(domain['owner']['id']):>3} "
              f"{int(domain['owner']['extent_count']) * 2:>6}  {state:<9} "
              f"{int(domain['vcpu'][0]['calls']):>10}")


def show_frames(which):
    """Frames by type, a line for each domain."""
    print(f"{'ID':>3} {'Name':<16}" +
          "".join(f"{text:>12}" for text in TYPES[1:] + ["unused", "free",
                                                         "pinned"]))
    for domain in [find(which)] if which else domains():
        sums = [0] * (len(TYPES) + 2)
        for _, fields in records(domain):
            types, _, _, kind, _, pinned, allocated = fields
            sums[-1] += pinned
            if types:
                sums[kind] += 1
            else:
                sums[0 if allocated else -2] += 1
        print(f"{int(domain['owner']['id']):>3} {name_of(domain):<16.16}" +
              "".join(f"{count:>12}" for count in
                      sums[1:len(TYPES)] + [sums[0]] + sums[-2:]))


def show_frame(text):
    """All that is known of one frame."""
    mfn = number(text)
    if mfn >= int(machine()["frames"]):
        raise gdb.GdbError(f"frame {mfn:#x} is beyond memory")
    owner = int(superpage(mfn // EXTENT)["owner"])
    print(f"frame {mfn:#x}, address {mfn * PAGE:#x}, superpage "
          f"{mfn // EXTENT:#x}")
    if owner in (OWNER_FREE, OWNER_KERNEL):
        print("  owner      " + ("kernel" if owner else "free, or no RAM"))
        return
    found = frame(mfn)
    print(f"  owner      d{owner}")
    print(f"  type       {TYPES[found['type']]}")
    print(f"  types      {found['types']}")
    print(f"  references {found['refs']}")
    print("  state      " + ("validated" if found["state"] else "unsettled"))
    for key in "pinned", "allocated":
        print(f"  {key:<10} " + ("yes" if found[key] else "no"))
    print(f"  stamp      {found['stamp']}, the flush clock shows "
          f"{int(machine()['clock'])}")


def show_walk(which, text):
    """The tables that translate an address, level by level."""
    domain, va = find(which), number(text)
    loaded = domain["loaded"][0]
    mfn = int(loaded["base"])
    if not int(domain["vcpu"][0]["guest_kernel"]) and \
            int(loaded["user_base"]) != NO_MFN:
        mfn = int(loaded["user_base"])
    if mfn == NO_MFN:
        raise gdb.GdbError("it has no page tables loaded")
    for level in 4, 3, 2, 1:
        shift = 12 + 9 * (level - 1)
        slot = va >> shift & ENTRIES - 1
        word = table(mfn)[slot]
        words = "not present"
        if word & PRESENT:
            words = " ".join(["writable" if word & RW else "read-only"] +
                             ["accessed"] * bool(word & ACCESSED) +
                             ["dirty"] * bool(word & DIRTY) +
                             ["no-execute"] * bool(word >> 63))
        print(f"L{level} {mfn:#x} slot {slot}: {word:016x} {words}")
        if level == 4 and slot in KERNEL_SLOTS:
            print("the slot is the kernel's")
            return
        if not word & PRESENT:
            return
        if level == 1 or level < 4 and word & LARGE:
            size = 1 << shift
            page = word & ADDRESS & ~(size - 1)
            print(f"address {va:#x} is at {page + va % size:#x}, in frame "
                  f"{(page + va % size) // PAGE:#x}")
            return
        mfn = (word & ADDRESS) // PAGE


class Recount:
    """Takes every reference of a domain away from a copy of its records."""

    def __init__(self, domain):
        self.domain = domain
        self.frames = dict(records(domain))
        self.faults = []

    def take(self, mfn, kind):
        """Somebody refers to a frame as a type; 0 for a view."""
        fields = self.frames.get(mfn)
        if fields is None:
            self.faults.append(f"a reference to {mfn:#x}, which is not its")
            return
        fields[1] -= 1
        fields[0] -= bool(kind)

    def take_table(self, mfn, kind):
        """What a table's entries and its pin refer to."""
        _, _, _, level, settled, pinned, _ = self.frames[mfn]
        if pinned:
            self.take(mfn, kind)
        if not settled:
            return
        for slot, word in enumerate(table(mfn)):
            if not word & PRESENT or level == 4 and slot in KERNEL_SLOTS:
                continue
            below = level - 1 or (WRITABLE if word & RW else 0)
            self.take((word & ADDRESS) // PAGE, below)

    def run(self):
        """Return what is wrong, in sentences."""
        owner, loaded = self.domain["owner"], self.domain["loaded"][0]
        if int(owner["op"]["kind"]):
            return ["an operation is under way: go on until it has ended"]
        for mfn, fields in list(self.frames.items()):
            if 1 <= fields[3] <= 4:
                self.take_table(mfn, fields[3])
        for name in "base", "user_base":
            if int(loaded[name]) != NO_MFN:
                self.take(int(loaded[name]), 4)
        for name in "gdt", "ldt":
            for i in range(int(loaded[name + "_count"])):
                self.take(int(loaded[name][i]), SEG)
        for i in range(int(owner["held_count"])):
            self.take(int(owner["held"][i]), WRITABLE)
        self.faults += [
            f"frame {mfn:#x}: {fields[0]} types and {fields[1]} references "
            "too many" for mfn, fields in self.frames.items()
            if fields[0] or fields[1]]
        return self.faults


def show_audit():
    """Recount each domain."""
    for domain in domains():
        title = f"domain {int(domain['owner']['id'])} ({name_of(domain)})"
        if int(domain["owner"]["dying"]) or int(domain["audit"]["pass"]):
            print(f"{title}: its memory is being given back")
            continue
        recount = Recount(domain)
        faults = recount.run()
        if not faults:
            print(f"{title}: {len(recount.frames)} frames, all counts are "
                  "what the tables say")
        for fault in faults[:10]:
            print(f"{title}: {fault}")


COMMANDS = {
    "domains": (show_domains, 0, 0, ""),
    "frames": (lambda which="": show_frames(which), 0, 1, "[DOM]"),
    "frame": (show_frame, 1, 1, "MFN"),
    "walk": (show_walk, 2, 2, "DOM VA"),
    "audit": (show_audit, 0, 0, ""),
}


class Tally(gdb.Command):
    """Look into a Tally kernel: tally domains, frames, frame, walk, audit."""

    def __init__(self):
        super().__init__("tally", gdb.COMMAND_USER)

    def invoke(self, argument, from_tty):
        """Run one of COMMANDS."""
        words = gdb.string_to_argv(argument)
        if not words or words[0] not in COMMANDS:
            raise gdb.GdbError("tally " + ", tally ".join(COMMANDS))
        function, least, most, usage = COMMANDS[words[0]]
        if not least <= len(words) - 1 <= most:
            raise gdb.GdbError(f"it goes like this: tally {words[0]} {usage}")
        function(*words[1:])

    def complete(self, text, word):
        """Complete the first word."""
        if " " in text:
            return []
        return [name for name in COMMANDS if name.startswith(word)]


Tally()
