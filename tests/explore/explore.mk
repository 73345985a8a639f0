# explore.mk - the rule core on a tiny machine, explored. See docs/explore.md.

EXPLORE := $(BUILD)/tests/explore
EXPLORE_SRCS := $(wildcard tests/explore/*.c kernel/mm/*.c)
EXPLORE_OBJS := $(EXPLORE_SRCS:%.c=$(EXPLORE)/%.o)
EXPLORE_FLAGS = -std=c11 -D_GNU_SOURCE -O2 -g -fno-strict-aliasing \
    $(WARNINGS) -Wno-type-limits -Itests/explore/geometry \
    -Itests/explore -Ikernel -isystem $(BUILD)/include

# Transitions after which a world that has not come to its end is left.
BOUND :=

.PHONY: explore explore-mutants permits

explore: $(EXPLORE)/explore ## try everything on a tiny machine (BOUND=N)
	$(Q)$< -o $(BUILD)/explore $(if $(BOUND),-b $(BOUND))

explore-mutants: $(BUILD)/include/xen ## is every broken core found out?
	$(Q)$(PYTHON) tests/explore/mutants.py $(EXPLORE)/mutants

permits: $(EXPLORE)/explore ## write docs/superpages-permits.md anew
	$(Q)$< -p > docs/superpages-permits.md

$(EXPLORE)/explore: $(EXPLORE_OBJS)
	$(say) LD $@
	$(Q)$(HOSTCC) -o $@ $^

$(EXPLORE)/%.o: %.c Makefile tests/explore/explore.mk | $(BUILD)/include/xen
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(EXPLORE_FLAGS) -MMD -MP -c -o $@ $<
