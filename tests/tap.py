"""tap.py - results of tests as text: the Test Anything Protocol.

One line for each test, "ok 3 - name" or "not ok 3 - name"; what else is to be
said follows in lines that start with "# ". The plan "1..N" comes last.
"""

import sys
import time

sys.dont_write_bytecode = True


class Tap:
    """Prints results and counts them."""

    def __init__(self, prefix=""):
        self.prefix = prefix
        self.count = 0
        self.failed = 0
        print("TAP version 13", flush=True)

    def result(self, good, name, remarks=()):
        """Print one result; remarks are lines about a failure."""
        self.count += 1
        self.failed += not good
        word = "ok" if good else "not ok"
        name = name.replace("#", "\\#")
        print(f"{word} {self.count} - {self.prefix}{name}")
        for remark in remarks:
            for line in remark.splitlines() or [""]:
                print(f"# {line}")
        sys.stdout.flush()
        return good

    def run(self, name, function):
        """Call a test: it returns remarks, none when all was well."""
        start = time.monotonic()
        try:
            remarks = list(function() or ())
        except Exception as error:  # a broken test is a failure as well
            remarks = [f"{type(error).__name__}: {error}"]
        seconds = time.monotonic() - start
        return self.result(not remarks, name,
                           remarks + ([f"after {seconds:.1f} s"]
                                      if remarks else []))

    def finish(self):
        """Print the plan and leave with 0 when all tests passed."""
        print(f"1..{self.count}", flush=True)
        sys.exit(1 if self.failed or not self.count else 0)
