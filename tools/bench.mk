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

.PHONY: bench bench-check bench-update bench-now bench-check-now \
        bench-update-now

bench: ## what each operation costs, on Tally and on Xen
	@tools/install test
	@+$(again) bench-now

bench-check: ## the same, compared with bench/expected.tsv
	@tools/install test
	@+$(again) bench-check-now

bench-update: ## the same, and take it as what is expected
	@tools/install test
	@+$(again) bench-update-now

bench-now: all
	@tools/fetch-package xen-hypervisor-4.17-amd64
	@tools/bench

bench-check-now: all
	@tools/fetch-package xen-hypervisor-4.17-amd64
	@tools/bench --check

bench-update-now: all
	@tools/fetch-package xen-hypervisor-4.17-amd64
	@tools/bench --update

.PHONY: bench-scale bench-scale-now

bench-scale: ## whether it costs more when there is more of everything
	@tools/install test
	@+$(again) bench-scale-now

bench-scale-now: all
	@tools/bench-scale
