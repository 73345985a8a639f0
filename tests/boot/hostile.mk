# hostile.mk - a hostile domain beside two that work. See user/hostile/.

HOSTILE := $(BUILD)/user/hostile
HOSTILE_SRCS := $(filter-out user/hostile/worker.c,\
                  $(sort $(wildcard user/hostile/*.c)))
HOSTILE_ELF := $(HOSTILE)/hostile.elf $(HOSTILE)/worker.elf

# How long `make soak` goes on.
MINUTES := 30

.PHONY: hostile-elf test-hostile soak

hostile-elf: $(HOSTILE_ELF)
all: $(HOSTILE_ELF)

test-hostile: all hostile-elf ## a hostile domain: a million random calls
	@tests/boot/hostile

soak: all hostile-elf ## more of them, for MINUTES=30
	@tests/boot/hostile --minutes $(MINUTES)

$(HOSTILE)/hostile.elf: $(HOSTILE_SRCS:%=$(BUILD)/user/obj/%.o)
$(HOSTILE)/worker.elf: $(BUILD)/user/obj/user/hostile/worker.c.o \
                       $(BUILD)/user/obj/user/hostile/clock.c.o \
                       $(BUILD)/user/obj/user/hostile/random.c.o
$(HOSTILE_ELF): $(USER_LIB:%=$(BUILD)/user/obj/%.o) user/user.ld
	$(say) LD $@
	@mkdir -p $(@D)
	$(Q)$(LD) $(USER_LDFLAGS) -o $@ $(filter %.o,$^)
