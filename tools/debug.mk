# debug.mk - gdb on a running Tally; included by the Makefile.
#
# make debug boots as make run does (DOMAIN=, OPTS= and so on), but QEMU waits
# for gdb, whose commands are in tools/tally-gdb.py. The serial line's text is
# in build/debug/serial.

.PHONY: debug debug-now

debug: ## make run, with gdb: tally domains, frames, frame, walk, audit
	@tools/install run
	@+$(again) debug-now

debug-now: all
	@tools/debug
