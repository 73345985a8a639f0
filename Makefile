# Tally: see README.md for what it is, `make help` for what can be made.

MAKEFLAGS += --no-builtin-rules
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := help

# The directory of all that is made. Nothing else is ever written: programs
# that want a home directory or a place for temporary files get one there.
BUILD := build
export HOME := $(abspath $(BUILD))/home
export TMPDIR := $(abspath $(BUILD))/tmp
export PYTHONDONTWRITEBYTECODE := 1
export LC_ALL := C.UTF-8
$(shell mkdir -p $(HOME) $(TMPDIR))

# Same sources, same bytes.
ifndef SOURCE_DATE_EPOCH
SOURCE_DATE_EPOCH := $(shell git log -1 --format=%ct 2>/dev/null || \
                               echo 1700000000)
endif
export SOURCE_DATE_EPOCH

# The user's variables for `make run`, taken as they are: a dollar sign, a
# quote or a space in them means nothing to make or to a shell.
SETTINGS := DOMAIN ARGS RAMDISK DOMAIN_OPTS OPTS CPU MEM SMP TIMEOUT
$(foreach name,$(SETTINGS),$(eval export TALLY_$(name) := $$(value $(name))))
unexport $(SETTINGS)

# V=1 shows every command.
ifeq ($(V),1)
say := @:
Q :=
else
say := @printf '  %-7s %s\n'
Q := @
endif

# ---------------------------------------------------------------- tools

ifeq ($(origin CROSS_COMPILE),undefined)
CROSS_COMPILE := $(shell command -v x86_64-elf-gcc > /dev/null && \
                   echo x86_64-elf- || echo x86_64-linux-gnu-)
endif
ifeq ($(origin CC),default)
CC := $(CROSS_COMPILE)gcc
endif
LD      := $(CROSS_COMPILE)ld
NM      := $(CROSS_COMPILE)nm
export OBJCOPY := $(CROSS_COMPILE)objcopy
NASM    := nasm
PYTHON  := python3
HOSTCC  := gcc
FUZZCC  := clang

ifneq ($(findstring clang,$(CC)),)
TARGET := --target=x86_64-linux-gnu
# What other files define is in the same image: no way over a table of offsets.
DIRECT := -Xclang -fapply-global-visibility-to-externs
endif

WARNINGS := -Wall -Wextra -Werror -Wshadow -Wmissing-prototypes \
            -Wstrict-prototypes -Wvla -Wundef

# What kernel and domains are both compiled with: no library, no header but
# the compiler's own and Xen's public ones.
C_HEADERS = $(shell $(CC) $(TARGET) -print-file-name=include)
FREESTANDING = -std=c11 $(TARGET) -m64 -march=x86-64 -ffreestanding \
    -nostdinc -isystem $(C_HEADERS) -isystem $(BUILD)/include \
    -D__XEN_INTERFACE_VERSION__=0x00040e00 \
    -mno-red-zone -mgeneral-regs-only -fno-stack-protector \
    -fcf-protection=none -fno-asynchronous-unwind-tables \
    -fno-strict-aliasing -fomit-frame-pointer -fno-common \
    -ffile-prefix-map=$(CURDIR)=. -O2 -g $(WARNINGS)

# ---------------------------------------------------------------- kernel

# The kernel's C is optimized as one piece, so that a rule may be a function
# of its own and still cost no call. clang has no such step of its own.
ifeq ($(TARGET),)
WHOLE := -flto -flto-partition=one
endif

KERNEL_SRCS := $(sort $(wildcard $(foreach dir,boot kernel kernel/*,\
                 $(dir)/*.c $(dir)/*.asm)))
FONTS       := font_8x16 font_16x32
KERNEL_OBJS := $(KERNEL_SRCS:%=$(BUILD)/obj/%.o) \
               $(FONTS:%=$(BUILD)/obj/%.c.o)
KERNEL_C := $(filter %.c.o,$(KERNEL_OBJS))
KERNEL_PARTS = $(if $(WHOLE),$(BUILD)/obj/whole.o \
                 $(filter-out $(KERNEL_C),$(KERNEL_OBJS)),$(KERNEL_OBJS))
KERNEL_CFLAGS = $(FREESTANDING) -fPIE -fvisibility=hidden $(DIRECT) \
    -Ikernel -Ikernel/mm/geometry -I. $(WHOLE)
KERNEL_LDFLAGS := -m elf_x86_64 -T linker.ld -static -nostdlib -no-pie \
    --no-dynamic-linker -z max-page-size=4096 -z noexecstack \
    --build-id=sha1 --fatal-warnings --no-warn-rwx-segments
KERNEL := $(BUILD)/tally.elf

FONT_FILES := /usr/share/consolefonts/spleen-

# ---------------------------------------------------------------- domains

USER_LIB   := $(sort $(wildcard user/lib/*.c user/lib/*.asm))
LESSONS    := $(sort $(patsubst user/lessons/%/main.c,%,\
                $(wildcard user/lessons/*/main.c)))
LESSON_ELF := $(LESSONS:%=$(BUILD)/user/lessons/%.elf)

# Domains that are tests: each folder's own sources, what they share, and the
# library; a folder's own start.asm replaces the library's.
DOMAINS     := $(sort $(patsubst tests/domains/%/main.c,%,\
                 $(wildcard tests/domains/*/main.c)))
DOMAIN_ELF  := $(DOMAINS:%=$(BUILD)/tests/domains/%.elf)
DOMAIN_SRCS = $(wildcard tests/domains/$*/*.c tests/domains/$*/*.asm \
                tests/domains/lib/*.c tests/domains/lib/*.asm) \
              $(if $(wildcard tests/domains/$*/start.asm),\
                $(filter-out user/lib/start.asm,$(USER_LIB)),$(USER_LIB))
DOMAIN_OBJS = $(addprefix $(BUILD)/user/obj/,$(addsuffix .o,$(DOMAIN_SRCS)))
# A domain may bring its own layout.
DOMAIN_LD = $(firstword $(wildcard tests/domains/$*/domain.ld) user/user.ld)
USER_CFLAGS = $(FREESTANDING) -fno-pic -fno-pie -Iuser -Itests/domains
USER_LDFLAGS := -m elf_x86_64 -T user/user.ld -static -nostdlib -no-pie \
    -z max-page-size=4096 -z noexecstack --build-id=none --fatal-warnings \
    --no-warn-rwx-segments

# ---------------------------------------------------------------- targets

.PHONY: help all kernel lessons-elf iso run run-uefi run-window run-grub \
        lessons lessons-on-xen \
        test test-host test-qemu checks fuzz screenshot format clean FORCE

help: ## show this list
	@echo 'Tally. Two commands are enough: make run, make test.'
	@echo
	@sed -n 's/^\([a-z-]*\):[^#]*## \(.*\)/  make \1|\2/p' \
	    Makefile $(wildcard tests/*/*.mk tools/*.mk user/*/*.mk) | \
	    awk -F'|' '{ printf "%-22s %s\n", $$1, $$2 }'
	@echo
	@echo 'Variables for make run (and iso, run-grub, screenshot):'
	@sed -n 's/^#: //p' Makefile
	@echo
	@echo 'Others: V=1 shows commands; CC=clang or CROSS_COMPILE=prefix- choose'
	@echo 'the compiler; NO_INSTALL=1 never installs a package.'

#:   DOMAIN=file.elf     boot your own PV ELF instead of the lessons
#:   ARGS='...'          its command line
#:   RAMDISK=file        its ramdisk
#:   DOMAIN_OPTS='...'   its module options: mem=64M privileged=yes ...
#:   OPTS='...'          options of the kernel: loglvl=all audit=call ...
#:   CPU= MEM= SMP=      QEMU's -cpu, -m and -smp
#:   TIMEOUT=seconds     (120; with a terminal, none)
#: With a terminal, make run stays at the running system: Ctrl-a x leaves QEMU.
#: When standard input is no terminal it ends after the last domain, with status
#: 0 all ended by poweroff or reboot, 1 one crashed, 2 an audit failed or the
#: kernel panicked, 124 time out.

all: $(KERNEL) $(LESSON_ELF) $(DOMAIN_ELF) ## build kernel and domains

kernel: $(KERNEL)

# Each of these first sees to the packages, then calls make again, since what
# make finds out when it starts depends on them.
again = $(MAKE) --no-print-directory

iso: ## make build/tally.iso, for a CD, a stick or QEMU
	@tools/install run
	@+$(again) iso-now

run: run-and-keep-status ## boot the ISO with the lessons, or DOMAIN=
	$(call leave_with,$(STATUS))

run-uefi: run-uefi-and-keep-status ## the same by UEFI
	$(call leave_with,$(STATUS))

run-window: run-window-and-keep-status ## the same, with its screen in a window
	$(call leave_with,$(STATUS))

run-grub: run-grub-and-keep-status ## boot Debian's GRUB as a domain
	$(call leave_with,$(STATUS))

lessons: ## run the lessons and compare their transcripts
	@tools/install test
	@+$(again) lessons-now

lessons-on-xen: ## the same lessons on Debian's Xen
	@tools/install test
	@+$(again) lessons-on-xen-now

test: ## all tests and checks
	@tools/install test
	@+$(again) test-now

test-host: ## the tests without QEMU: units, explorer, short fuzzing
	@tools/install test
	@+$(again) test-host-now

test-qemu: ## the tests that boot
	@tools/install test
	@+$(again) test-qemu-now

checks: ## the static checks
	@tools/install test
	@+$(again) checks-now

fuzz: ## fuzz for SECONDS=600 each
	@tools/install test
	@+$(again) fuzz-now

screenshot: ## make build/screenshot.png, a picture of the booted screen
	@tools/install run
	@+$(again) screenshot-now

format: ## lay out the C sources as clang-format wants them
	@tools/check-format --fix

clean: ## remove build/
	rm -rf $(BUILD)

# Make ends with 2 whatever a recipe returned. A small loaded function ends it
# with the status that is promised above.
.PHONY: run-and-keep-status run-grub-and-keep-status \
        run-uefi-and-keep-status run-window-and-keep-status
run-and-keep-status:
	@tools/install run
	@+$(again) run-now

run-uefi-and-keep-status:
	@tools/install run uefi
	@+TALLY_FIRMWARE=uefi $(again) run-now

run-window-and-keep-status:
	@tools/install run window
	@+TALLY_WINDOW=yes $(again) run-now

run-grub-and-keep-status:
	@tools/install run
	@tools/fetch-package grub-xen-host
	@+$(again) run-now DOMAIN=$(GRUB_DOMAIN) DOMAIN_OPTS="raw=yes $(DOMAIN_OPTS)"

GRUB_DOMAIN := $(addprefix $(BUILD)/packages/grub-xen-host/,\
                 usr/lib/grub-xen/grub-x86_64-xen.bin)

# One file for each make, so that several can run at a time.
STATUS := $(BUILD)/tmp/status-$(shell echo $$PPID)
again += STATUS=$(STATUS)

# A run without -n has left a status; 0 needs nothing.
leave_with = $(if $(filter-out 0,$(if $(findstring n,$(filter-out -%,\
    $(firstword $(MAKEFLAGS)))),,$(file < $(1)))),$(eval load \
    $(BUILD)/leave.so)$(leave $(shell cat $(1); rm $(1))),@rm -f $(1))

$(BUILD)/leave.so: tools/leave.c
	$(Q)$(HOSTCC) -shared -fPIC -Wall -Wextra -o $@ $<

.PHONY: iso-now run-now lessons-now lessons-on-xen-now test-now \
        test-host-now test-qemu-now checks-now fuzz-now screenshot-now

iso-now: all
	$(say) ISO $(BUILD)/tally.iso
	@tools/mkiso.sh -o $(BUILD)/tally.iso -O "$$TALLY_OPTS" \
	    -d "$$TALLY_DOMAIN" -r "$$TALLY_RAMDISK" \
	    -D "$$TALLY_DOMAIN_OPTS$${TALLY_ARGS:+ -- $$TALLY_ARGS}"

run-now: all $(BUILD)/leave.so
	@tools/run; echo $$? > $(STATUS)

screenshot-now: all
	@tools/screenshot $(BUILD)/screenshot.png

test-now:
	@tests/run build checks bad unit explore scenes coverage fuzz boot matrix \
	    domains hostile bench xen

test-host-now:
	@tests/run unit explore fuzz

test-qemu-now: all
	@tests/run boot matrix domains xen

checks-now:
	@tests/run build checks bad

lessons-now: all
	@tests/boot/run lessons

lessons-on-xen-now: all
	@tools/fetch-package xen-hypervisor-4.17-amd64
	@tools/lessons-on-xen

SECONDS := 600
fuzz-now:
	@tests/fuzz/run $(SECONDS)

# ---------------------------------------------------------------- rules

# Changed when the commands would be others: then all is made again.
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(KERNEL_CFLAGS) $(USER_CFLAGS) $(LD)' | \
	    cmp -s - $@ || echo '$(CC) $(KERNEL_CFLAGS) $(USER_CFLAGS) $(LD)' > $@

$(BUILD)/include/xen:
	@mkdir -p $(@D)
	@ln -sfn $(firstword $(wildcard /usr/include/xen) /usr/include/xen) $@

$(BUILD)/obj/%.c.o: %.c $(BUILD)/flags | $(BUILD)/include/xen
	$(say) CC $<
	@mkdir -p $(@D)
	$(Q)$(CC) $(KERNEL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/obj/%.asm.o: %.asm $(BUILD)/flags
	$(say) NASM $<
	@mkdir -p $(@D)
	$(Q)$(NASM) -f elf64 -g -F dwarf -Werror -I. -Ikernel/ -MD $(@:.o=.d) \
	    -MP -MT $@ -o $@ $<

$(BUILD)/obj/font_%.c: $(FONT_FILES)%.psfu.gz tools/font/psf2c.py
	$(say) FONT $<
	@mkdir -p $(@D)
	$(Q)$(PYTHON) tools/font/psf2c.py font_$* $< > $@

$(BUILD)/obj/font_%.c.o: $(BUILD)/obj/font_%.c $(BUILD)/flags
	$(Q)$(CC) $(KERNEL_CFLAGS) -c -o $@ $<

# The kernel is linked twice: first to learn the addresses of its functions,
# then with the table of them that backtraces are made of.
$(BUILD)/symbols0.asm: tools/symbols
	@mkdir -p $(@D)
	$(Q)tools/symbols < /dev/null > $@

$(BUILD)/symbols1.asm: $(BUILD)/tally0.elf tools/symbols
	$(Q)$(NM) -n $< | tools/symbols > $@

$(BUILD)/symbols%.o: $(BUILD)/symbols%.asm
	$(Q)$(NASM) -f elf64 -Werror -o $@ $<

$(BUILD)/obj/whole.o: $(KERNEL_C)
	$(say) CC $@
	$(Q)$(CC) $(KERNEL_CFLAGS) -r -flinker-output=nolto-rel -nostdlib \
	    -o $@ $^

$(BUILD)/tally0.elf: $(KERNEL_PARTS) $(BUILD)/symbols0.o linker.ld
	$(Q)$(LD) $(KERNEL_LDFLAGS) -o $@ $(filter %.o,$^)

$(KERNEL): $(KERNEL_PARTS) $(BUILD)/symbols1.o linker.ld
	$(say) LD $@
	$(Q)$(LD) $(KERNEL_LDFLAGS) -o $@ $(filter %.o,$^)

# Objects of domains: other flags, other place.
$(BUILD)/user/obj/%.c.o: %.c $(BUILD)/flags | $(BUILD)/include/xen
	$(say) CC $<
	@mkdir -p $(@D)
	$(Q)$(CC) $(USER_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/user/obj/%.asm.o: %.asm $(BUILD)/flags
	$(say) NASM $<
	@mkdir -p $(@D)
	$(Q)$(NASM) -f elf64 -Werror -Iuser/lib/ -MD $(@:.o=.d) -MP -MT $@ \
	    -o $@ $<

# ---------------------------------------------------------------- host tests

# What is compiled once more for this machine. All of it goes into a library:
# a test program takes what it calls, and may bring its own in place of the
# rest. Files that only the real machine can run are left out.
PURE_SRCS := $(filter-out kernel/lib/string.c,$(wildcard kernel/lib/*.c)) \
    $(wildcard kernel/mm/*.c boot/*.c kernel/domain/*.c kernel/abi/*.c) \
    $(wildcard $(addprefix kernel/x86/,sysret.c clock_scale.c acpi.c \
        acpi_memory.c rtc_decode.c text_screen.c font.c))
HOST_HEADERS = -isystem $(BUILD)/include -Itests/host -Itests -I. -Ikernel
HOST_FLAGS = -std=c11 -D_GNU_SOURCE -g -O1 \
    -D__XEN_INTERFACE_VERSION__=0x00040e00 \
    -fno-omit-frame-pointer -fno-strict-aliasing $(WARNINGS)
UNIT_FLAGS = $(HOST_FLAGS) -fsanitize=address,undefined \
    -fno-sanitize-recover=all
FUZZ_FLAGS = $(HOST_FLAGS) -fno-sanitize-recover=all

# What several tests share is in the library as well.
SHARED_SRCS := $(filter-out tests/unit/test_%,$(wildcard tests/unit/*.c))

HOST_SRCS = $(PURE_SRCS) $(SHARED_SRCS)
UNIT_OBJS := $(HOST_SRCS:%.c=$(BUILD)/tests/unit/obj/%.o)
FUZZ_OBJS := $(HOST_SRCS:%.c=$(BUILD)/tests/fuzz/obj/%.o)

$(BUILD)/tests/unit/obj/%.o: %.c Makefile | $(BUILD)/include/xen
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(UNIT_FLAGS) -Ikernel/mm/geometry $(HOST_HEADERS) \
	    -MMD -MP -c -o $@ $<

$(BUILD)/tests/fuzz/obj/%.o: %.c Makefile | $(BUILD)/include/xen
	@mkdir -p $(@D)
	$(Q)$(FUZZCC) $(FUZZ_FLAGS) -fsanitize=fuzzer-no-link,address,undefined \
	    -Ikernel/mm/geometry $(HOST_HEADERS) -MMD -MP -c -o $@ $<

$(BUILD)/tests/unit/libpure.a: $(UNIT_OBJS)
$(BUILD)/tests/fuzz/libpure.a: $(FUZZ_OBJS)
$(BUILD)/tests/%.a: $(BUILD)/tests/sources
	@rm -f $@
	$(Q)ar rcs $@ $(filter %.o,$^)

# Changed when a file has come or gone.
$(BUILD)/tests/sources: FORCE
	@mkdir -p $(@D)
	@echo '$(HOST_SRCS)' | cmp -s - $@ || echo '$(HOST_SRCS)' > $@

$(BUILD)/tests/unit/test_%: $(BUILD)/tests/unit/obj/tests/unit/test_%.o \
                            $(BUILD)/tests/unit/libpure.a
	$(say) TEST $@
	$(Q)$(HOSTCC) $(UNIT_FLAGS) -o $@ $^ -lcmocka

$(BUILD)/tests/fuzz/fuzz_%: $(BUILD)/tests/fuzz/obj/tests/fuzz/fuzz_%.o \
                            $(BUILD)/tests/fuzz/libpure.a
	$(say) FUZZ $@
	$(Q)$(FUZZCC) $(FUZZ_FLAGS) -fsanitize=fuzzer,address,undefined -o $@ $^

# What some folders bring along.
include $(wildcard tests/*/*.mk tools/*.mk user/*/*.mk)

# The sizes of a tiny machine make some comparisons constant.
EXPLORE_FLAGS += -Wno-type-limits

-include $(shell find $(BUILD)/tests -name '*.d' 2>/dev/null)

# ---------------------------------------------------------------- domains

USER_LIB_OBJS := $(USER_LIB:%=$(BUILD)/user/obj/%.o)

$(BUILD)/user/lessons/%.elf: $(BUILD)/user/obj/user/lessons/%/main.c.o \
                             $(USER_LIB_OBJS) user/user.ld
	$(say) LD $@
	@mkdir -p $(@D)
	$(Q)$(LD) $(USER_LDFLAGS) -o $@ $(filter %.o,$^)

# The sources are known when the name is: a second look at the prerequisites.
.SECONDEXPANSION:
$(DOMAIN_ELF): $(BUILD)/tests/domains/%.elf: \
        $$(DOMAIN_OBJS) $$(DOMAIN_LD)
	$(say) LD $@
	@mkdir -p $(@D)
	$(Q)$(LD) $(subst user/user.ld,$(DOMAIN_LD),$(USER_LDFLAGS)) -o $@ \
	    $(filter %.o,$^)

.SECONDARY:

-include $(shell find $(BUILD)/obj $(BUILD)/user -name '*.d' 2>/dev/null)

# The compiler and its flags, for tools/check-*.
.PHONY: show-kernel-flags show-user-flags show-clang-flags
show-kernel-flags: ; @echo $(CC) $(KERNEL_CFLAGS)
show-user-flags:   ; @echo $(CC) $(USER_CFLAGS)
show-clang-flags:  ; @$(again) CC=clang show-kernel-flags
