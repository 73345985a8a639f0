"""gdb_remote.py - what gdb says to QEMU, as far as tools/where needs it.

QEMU's stub serves one connection. A step of it takes no interrupt and lets no
time go by, so an operation that is stepped through is what it always is.
"""

import socket
import sys
import time

sys.dont_write_bytecode = True

RIP, RDI = 16, 5        # numbers of registers in gdb's order


class Closed(Exception):
    """QEMU has gone."""


class Remote:
    """A machine that is stopped, and goes on as it is told."""

    def __init__(self, path, seconds=10):
        self.socket = socket.socket(socket.AF_UNIX)
        end = time.monotonic() + seconds
        while True:
            try:
                self.socket.connect(path)
                break
            except OSError:
                if time.monotonic() > end:
                    raise
                time.sleep(0.05)
        self.waiting = b""
        # QEMU tells single registers to whom has asked what there are.
        self.command("qXfer:features:read:target.xml:0,800")

    def command(self, text):
        """Send a packet, return the answer's text."""
        data = text.encode()
        self.socket.sendall(b"$%s#%02x" % (data, sum(data) % 256))
        while True:
            start = self.waiting.find(b"$")
            end = self.waiting.find(b"#", start)
            if start >= 0 and 0 <= end < len(self.waiting) - 2:
                break
            more = self.socket.recv(4096)
            if not more:
                raise Closed()
            self.waiting += more
        answer = self.waiting[start + 1:end].decode()
        self.waiting = self.waiting[end + 3:]
        self.socket.sendall(b"+")
        if answer.startswith(("W", "X")):
            raise Closed()
        return answer

    def register(self, number):
        """Return a register."""
        return int.from_bytes(bytes.fromhex(self.command(f"p{number:x}")),
                              "little")

    def word(self, address):
        """Return 8 bytes of memory, as the running tables translate it."""
        return int.from_bytes(bytes.fromhex(self.command(f"m{address:x},8")),
                              "little")

    def text(self, address, most=64):
        """Return a string of C."""
        data = bytes.fromhex(self.command(f"m{address:x},{most:x}"))
        return data.split(b"\0")[0].decode(errors="replace")

    def stop_at(self, address):
        """Make the machine stop there from now on."""
        if self.command(f"Z0,{address:x},1") != "OK":
            raise RuntimeError("QEMU's stub sets no breakpoint")

    def step(self):
        """Execute one instruction; return the address of the next."""
        self.command("s")
        return self.register(RIP)

    def go(self):
        """Go on to the next breakpoint, and not to this one; return it."""
        self.command("s")
        self.command("c")
        return self.register(RIP)

    def run_to(self, address):
        """Go on to an address, once."""
        self.stop_at(address)
        self.command("c")
        self.command(f"z0,{address:x},1")
