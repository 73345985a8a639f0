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
