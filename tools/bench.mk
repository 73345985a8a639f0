# The bench: what each operation costs, on Tally and on Xen.

BENCH_SRCS := $(sort $(wildcard user/bench/*.c user/bench/*.asm))
BENCH_ELF := $(BUILD)/user/bench.elf

.PHONY: bench-elf
bench-elf: $(BENCH_ELF)
all: $(BENCH_ELF)

$(BENCH_ELF): $(BENCH_SRCS:%=$(BUILD)/user/obj/%.o) \
              $(USER_LIB:%=$(BUILD)/user/obj/%.o) user/user.ld
	$(say) LD $@
	@mkdir -p $(@D)
	$(Q)$(LD) $(USER_LDFLAGS) -o $@ $(filter %.o,$^)

.PHONY: bench bench-check bench-update bench-docs bench-latency bench-scale \
        where size bench-now bench-check-now bench-update-now bench-docs-now \
        bench-latency-now bench-scale-now where-now size-now

bench: ## what each operation costs, on Tally and on Xen
	@tools/install test
	@+$(again) bench-now

bench-check: ## the same, compared with bench/expected.tsv
	@tools/install test
	@+$(again) bench-check-now

bench-update: ## the same, and take it as what is expected
	@tools/install test
	@+$(again) bench-update-now

bench-docs: ## measure everything, and put it into the pages
	@tools/install test
	@+$(again) bench-docs-now

bench-latency: ## how long interrupts wait, by operation
	@tools/install test
	@+$(again) bench-latency-now

bench-scale: ## whether it costs more when there is more of everything
	@tools/install test
	@+$(again) bench-scale-now

where: ## where the instructions go, by function (OP=new_baseptr)
	@tools/install test
	@+$(again) where-now

size: ## bytes of the kernel, lines of its source
	@tools/install run
	@+$(again) size-now

bench-now: all
	@tools/fetch-package xen-hypervisor-4.17-amd64
	@tools/bench

bench-check-now: all
	@tools/fetch-package xen-hypervisor-4.17-amd64
	@tools/bench --check

# What is expected and where it goes belong together, and to the pages.
bench-update-now: all
	@tools/fetch-package xen-hypervisor-4.17-amd64
	@tools/bench --update
	@tools/bench-latency --update > $(BUILD)/latency.txt || :
	@$(BINUTILS) tools/where --update > $(BUILD)/where.txt
	@tools/bench-docs

bench-docs-now: all
	@tools/fetch-package xen-hypervisor-4.17-amd64
	@tools/bench --update
	@tools/bench-latency --update > $(BUILD)/latency.txt || :
	@$(BINUTILS) tools/where --update > $(BUILD)/where.txt
	@tools/bench-scale --update
	@$(BINUTILS) tools/size --update
	@tools/bench-docs

bench-latency-now: all
	@tools/bench-latency

bench-scale-now: all
	@tools/bench-scale

where-now: all
	@$(BINUTILS) tools/where $(OP)

size-now: kernel
	@$(BINUTILS) tools/size

BINUTILS := NM=$(NM) OBJDUMP=$(CROSS_COMPILE)objdump \
            ADDR2LINE=$(CROSS_COMPILE)addr2line
