"""elf.py - good and bad ELF files, made from a good one."""

import struct

PT_NULL, PT_LOAD, PT_NOTE = 0, 1, 4
NOTE_ENTRY = 1
HEADER = 64
PROGRAM_HEADER = 56


class Elf:
    """The bytes of an ELF file of 64 bits, to be changed."""

    def __init__(self, data):
        self.data = bytearray(data)

    def put(self, offset, form, value):
        """Write one number."""
        struct.pack_into("<" + form, self.data, offset, value)
        return self

    def get(self, offset, form):
        """Read one number."""
        return struct.unpack_from("<" + form, self.data, offset)[0]

    def segments(self, kind):
        """Return the offsets of the program headers of a kind."""
        first, count = self.get(32, "Q"), self.get(56, "H")
        offsets = [first + i * PROGRAM_HEADER for i in range(count)]
        return [offset for offset in offsets if self.get(offset, "I") == kind]

    def file_offset(self, address):
        """Return where a virtual address lies in the file."""
        for segment in self.segments(PT_LOAD):
            start = self.get(segment + 16, "Q")
            if start <= address < start + self.get(segment + 32, "Q"):
                return self.get(segment + 8, "Q") + address - start
        raise ValueError(f"no segment has 0x{address:x}")

    def note(self, kind):
        """Return the file offset of the value of Xen's note of a kind."""
        for segment in self.segments(PT_NOTE):
            at = self.get(segment + 8, "Q")
            end = at + self.get(segment + 32, "Q")
            while at < end:
                name, size, found = struct.unpack_from("<III", self.data, at)
                value = at + 12 + (name + 3) // 4 * 4
                if found == kind:
                    return value
                at = value + (size + 3) // 4 * 4
        raise ValueError(f"no note {kind}")

    def without_notes(self):
        """Take away what says that this is for Xen's interface."""
        for segment in self.segments(PT_NOTE):
            self.put(segment, "I", PT_NULL)
        # Sections may be searched for notes as well.
        return self.put(40, "Q", 0).put(60, "H", 0).put(62, "H", 0)

    def with_code(self, code):
        """Put other code at the entry."""
        at = self.file_offset(self.get(self.note(NOTE_ENTRY), "Q"))
        self.data[at:at + len(code)] = code
        return self


def bad_modules(good):
    """Return {name: (bytes, module options, pattern of the message)}."""
    def load(number):
        return Elf(good).segments(PT_LOAD)[number]

    first, second = load(0), load(1)
    half = len(good) // 2
    address = Elf(good).get(first + 16, "Q")
    huge = 1 << 45
    return {
        "not ELF": (b"This is a text and not an ELF file.\n" * 20, "",
                    "is not an ELF file"),
        "empty": (b"", "", "a module is empty"),
        "only a magic word": (b"\x7fELF", "",
                              "the file ends inside the ELF header"),
        "truncated in the headers": (
            good[:HEADER + 10], "", "headers lie outside the file"),
        "truncated in a segment": (
            bytes(Elf(good).put(first + 32, "Q", len(good))
                  .put(first + 40, "Q", len(good)).data[:half]), "",
            "a segment lies outside the file"),
        "for 32 bits": (bytes(Elf(good).put(4, "B", 1).data), "",
                        "a 32-bit ELF file"),
        "for another processor": (bytes(Elf(good).put(18, "H", 183).data), "",
                                  "another machine than x86-64"),
        "no notes": (bytes(Elf(good).without_notes().data), "",
                     "has no Xen notes"),
        "segments overlap": (
            bytes(Elf(good).put(second + 16, "Q", address)
                  .put(second + 24, "Q", address).data), "",
            "two segments overlap"),
        "a segment beyond the memory": (
            bytes(Elf(good).put(second + 16, "Q", huge)
                  .put(second + 24, "Q", huge).data), "",
            "segment 1 is not within"),
        "a segment that wraps around": (
            bytes(Elf(good).put(second + 40, "Q", (1 << 64) - 4096).data), "",
            "over the end of the address space"),
        "entry outside": (
            bytes(Elf(good).put(Elf(good).note(NOTE_ENTRY), "Q", huge)
                  .put(24, "Q", huge).data), "",
            r"entry 0x\w+ is in no segment"),
        "too big for mem=": (good, "mem=2M", r"needs mem=\d+M or more"),
        "mem= beyond the machine": (
            good, "mem=1T", r"takes \d+ MiB, and \d+ MiB are free"),
    }
