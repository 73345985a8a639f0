# scenes.mk - scenes of hypercalls, the attack gallery, coverage of the rules.
# See docs/scenes.md.

.PHONY: scenes scenes-now coverage coverage-now

scenes: ## play all scenes on the host and in QEMU
	@tools/install test
	@+$(again) scenes-now

scenes-now: all $(BUILD)/tests/scenes/play $(BUILD)/user/scene-player.elf
	@tests/scenes/run

coverage: ## lines and branches of kernel/mm that the tests reach
	@tools/install test
	@+$(again) coverage-now

coverage-now:
	@tools/coverage

# The player on the host.
PLAY_SRCS := tests/scenes/host.c user/scene-player/scene.c
PLAY_OBJS := $(PLAY_SRCS:%.c=$(BUILD)/tests/unit/obj/%.o)

$(BUILD)/tests/scenes/play: $(PLAY_OBJS) $(BUILD)/tests/unit/libpure.a
	$(say) LD $@
	@mkdir -p $(@D)
	$(Q)$(HOSTCC) $(UNIT_FLAGS) -o $@ $^ -lcmocka

# The player as a domain.
PLAYER_OBJS := $(patsubst %,$(BUILD)/user/obj/%.o,\
                 $(wildcard user/scene-player/*.c) $(USER_LIB))

$(BUILD)/user/scene-player.elf: $(PLAYER_OBJS) user/user.ld
	$(say) LD $@
	$(Q)$(LD) $(USER_LDFLAGS) -o $@ $(filter %.o,$^)
