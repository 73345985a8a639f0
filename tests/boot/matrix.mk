# Kinds of machines: included by the Makefile.

.PHONY: test-boot test-boot-now test-bochs test-bochs-now

test-boot: ## boot a lesson on many kinds of machines
	@tools/install test
	@+$(again) test-boot-now

test-bochs: ## the same in Bochs (package bochs), for what QEMU lacks
	@tools/install test
	@+$(again) test-bochs-now

test-boot-now: all
	@tests/boot/matrix

test-bochs-now: all
	@tests/bochs/run
