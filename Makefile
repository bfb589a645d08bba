# Two commands do it all: make run, make test. The work is done by CMake presets; see CMakePresets.json.
PRESET ?= release
BUILD := $(if $(filter release,$(PRESET)),build,build-$(PRESET))
JOBS ?= $(shell nproc 2>/dev/null || echo 2)

.PHONY: run test build setup golden bench conformance clean asan tsan clang

run: build
	./build/weirbox run

test: build-$(PRESET)-all
	ctest --test-dir $(BUILD) --output-on-failure -j $(JOBS) --output-junit junit.xml $(CTEST)

build: setup
	@test -f build/build.ninja || cmake --preset release
	cmake --build build --target weirbox -j $(JOBS)

build-%-all: setup
	@test -f $(BUILD)/build.ninja || cmake --preset $(PRESET)
	cmake --build $(BUILD) -j $(JOBS)

asan tsan clang:
	$(MAKE) test PRESET=$@

# Debian packages only; does nothing when they are there.
setup:
	@bash ci/setup.sh

# Rewrites fixtures/golden after showing what differs; then look at git diff.
golden: build
	./build/weirbox check --update

bench: build
	bash bench/run.sh

# Real clients from PyPI; tests whose client cannot be had are skipped by name.
conformance: build
	bash ci/conformance.sh

clean:
	rm -rf build build-*
