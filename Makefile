# mmectl - `make` builds build/mmectl; `make help` lists the rest.
MODE ?= release
B := $(if $(filter release,$(MODE)),build,build/$(MODE))
ifeq ($(origin CC),default)
CC := $(if $(filter fuzz,$(MODE)),clang,gcc)
endif
AR := ar

# ---- what has to be installed, each declared once: Debian package names ----
BUILD_PACKAGES := gcc libc6-dev make pkg-config libyaml-dev libcurl4-openssl-dev libssl-dev libcjson-dev libexpat1-dev \
  libarchive-dev libdeflate-dev libmicrohttpd-dev libsqlite3-dev libxgboost-dev
TEST_PACKAGES := libcmocka-dev awscli curl python3-boto3 python3-venv python3-yaml jq patch nodejs
LINT_PACKAGES := clang clang-format clang-tidy cppcheck
FUZZ_PACKAGES := clang llvm patch
PKGS := yaml-0.1 libcurl libssl libcrypto libcjson expat libarchive libdeflate libmicrohttpd sqlite3

# ---- flags ----
WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-qual -Wcast-align=strict \
  -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wpointer-arith -Wwrite-strings -Wvla -Walloca \
  -Wundef -Wformat=2 -Wformat-overflow=2 -Wformat-truncation=2 -Wformat-signedness -Wnull-dereference \
  -Wduplicated-cond -Wduplicated-branches -Wlogical-op -Wswitch-enum -Wfloat-equal -Wredundant-decls \
  -Warray-bounds=2 -Wimplicit-fallthrough=5 -Wdate-time -Wstack-usage=16384 -Werror
HARDEN := -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection -ftrivial-auto-var-init=zero \
  $(if $(filter x86_64,$(shell uname -m)),-fcf-protection=full)
CFLAGS_release := -O2 -g $(HARDEN)
# The warnings that gcc derives from optimised code are judged in the release build; without optimisation, or between a
# sanitizer's checks, they see paths that are not there and frames that are larger.
UNOPTIMISED := -Wno-format-truncation -Wno-format-overflow -Wno-null-dereference -Wno-maybe-uninitialized -Wno-stack-usage
CFLAGS_debug := -O0 -g $(UNOPTIMISED)
CFLAGS_cover := -O0 -g --coverage $(UNOPTIMISED)
CFLAGS_asan := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer $(UNOPTIMISED)
# libFuzzer's build: clang, which does not know all of gcc's warnings and is judged by tests/lint/clang.sh.
CFLAGS_fuzz := -O1 -g -fsanitize=fuzzer-no-link,address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer -w
CFLAGS_tsan := -O1 -g -fsanitize=thread -fno-omit-frame-pointer $(UNOPTIMISED)
LDFLAGS_release := -Wl,-z,relro,-z,now -Wl,-z,noexecstack -Wl,-z,separate-code -Wl,--as-needed
LDFLAGS_asan := -fsanitize=address,undefined
LDFLAGS_fuzz := -fsanitize=address,undefined
LDFLAGS_tsan := -fsanitize=thread
LDFLAGS_cover := --coverage
CPPFLAGS += -I. -D_POSIX_C_SOURCE=200809L
DEPFLAGS := -MMD -MP
# The programs that are run are optimised as a whole when they are linked (a tenth quicker); the hundreds of test programs
# take the same objects' ordinary code, for their links' sake. Warnings are the single files' business: the whole program
# is again a place where gcc sees paths that are not there.
ifeq ($(MODE)$(findstring clang,$(CC)),release)
LTO_OBJECTS := -flto=auto -ffat-lto-objects
LTO := -fno-lto
$(B)/mmectl $(B)/tests/sim/sim $(B)/tests/bench/%: LTO := -flto=auto -w
endif
CFLAGS_ALL := -std=c17 $(if $(filter fuzz,$(MODE)),,$(WARN)) -fPIE -fno-common $(CFLAGS_$(MODE)) $(CFLAGS)
LDFLAGS_ALL = -pie $(LTO) $(LDFLAGS_$(MODE)) $(LDFLAGS)
# Empty until pkg-config and the libraries are there; `make` then says what to do.
FOUND_LIBS := $(shell command -v pkg-config >/dev/null 2>&1 && pkg-config --libs $(PKGS) 2>/dev/null)
LDLIBS := $(FOUND_LIBS) -lxgboost -lgomp -lpthread -lm

# ---- sources: found, not listed ----
LIB_SRCS := $(sort $(shell find engine specs -name '*.c'))
CMD_SRCS := $(sort $(wildcard cmd/*.c))
HARNESS_SRCS := $(sort $(wildcard tests/harness/*.c))
UNIT_SRCS := $(sort $(shell find tests/unit -name 'test_*.c'))
# Programs that shell and Python tests call, and the ones of the benchmarks: one binary per file.
TOOL_SRCS := $(sort $(wildcard tests/e2e/*.c tests/interop/*.c tests/parity/*.c))
BENCH_SRCS := $(filter-out tests/bench/serve_load_%,$(sort $(wildcard tests/bench/*.c)))
SIM_OBJS := $(patsubst %.c,$(B)/obj/%.o,$(sort $(wildcard tests/sim/*.c)))
LIB_OBJS := $(LIB_SRCS:%.c=$(B)/obj/%.o)
CMD_OBJS := $(CMD_SRCS:%.c=$(B)/obj/%.o)
HARNESS_OBJS := $(HARNESS_SRCS:%.c=$(B)/obj/%.o)
UNIT_BINS := $(UNIT_SRCS:%.c=$(B)/%)
FUZZ_OBJS := $(patsubst %.c,$(B)/obj/%.o,$(sort $(wildcard tests/fuzz/*.c tests/fuzz/targets/*.c)))
TOOL_BINS := $(TOOL_SRCS:%.c=$(B)/%) $(B)/tests/sim/sim $(B)/tests/fuzz/replay
BENCH_BINS := $(BENCH_SRCS:%.c=$(B)/%)
LINT_TESTS := tests/lint/run.sh
E2E_TESTS := $(sort $(wildcard tests/e2e/t*.sh tests/interop/*.py tests/parity/t*.sh tests/sim/t*.sh \
  tests/soak/t*.sh tests/image/t*.sh tests/fuzz/t*.sh))
# End-to-end files that say so in a line of their own are short enough for `make check`.
FAST_E2E_TESTS := $(shell grep -lx '\# fast' $(E2E_TESTS) /dev/null)

ifneq ($(V),)
Q :=
else
Q := @
say = @printf '  %-5s %s\n' $(1) $(2)
endif

.DEFAULT_GOAL := all
.SECONDARY:
.PHONY: all fuzz sim clean deps test-deps lint-deps libraries-found unit tools parity soak image check test demo install uninstall lint tidy format \
  check-asan check-valgrind cover cover-all fresh bench kills docs help FORCE

all: $(B)/mmectl ## build build/mmectl (MODE=release, debug, asan, tsan or cover)

$(B)/mmectl: $(CMD_OBJS) $(B)/libmmectl.a
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $(CMD_OBJS) $(B)/libmmectl.a $(LDLIBS)

$(B)/libmmectl.a: $(LIB_OBJS) $(B)/sources
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcsD $@ $(LIB_OBJS)

$(B)/libharness.a: $(HARNESS_OBJS)
	$(Q)rm -f $@ && $(AR) rcsD $@ $^

$(B)/obj/%.o: %.c $(B)/flags | libraries-found
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(CC) $(CPPFLAGS) $(DEPFLAGS) $(CFLAGS_ALL) $(LTO_OBJECTS) -c -o $@ $<

# Everything of cmd/ but main(): a test of it links what it needs.
$(B)/libcmd.a: $(filter-out $(B)/obj/cmd/main.o,$(CMD_OBJS))
	@rm -f $@
	$(call say,AR,$@)
	$(Q)$(AR) rcsD $@ $^

$(B)/tests/unit/cmd/%: $(B)/obj/tests/unit/cmd/%.o $(B)/libharness.a $(B)/libcmd.a $(B)/libmmectl.a
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $< $(B)/libharness.a $(B)/libcmd.a $(B)/libmmectl.a -lcmocka $(LDLIBS)

# tests/unit/<path>/test_<file>.c -> one binary each
$(B)/tests/unit/%: $(B)/obj/tests/unit/%.o $(B)/libharness.a $(B)/libmmectl.a
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $< $(B)/libharness.a $(B)/libmmectl.a -lcmocka $(LDLIBS)

# What serves models, and nothing else: quick to build with a sanitizer.
SERVE_OBJS := $(filter $(addprefix $(B)/obj/engine/,base/% xgb/% httpd/% serve/%),$(LIB_OBJS))
SOAK_OBJS := $(patsubst %.c,$(B)/obj/%.o,$(sort $(wildcard tests/soak/*.c)))
$(B)/tests/soak/soak: $(SOAK_OBJS) $(SERVE_OBJS)
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ $(LDLIBS)

$(B)/tests/%: $(B)/obj/tests/%.o $(B)/libmmectl.a
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $< $(LINKED) $(B)/libmmectl.a $(LDLIBS)

$(B)/tests/sim/sim: $(SIM_OBJS) $(B)/libmmectl.a
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $(SIM_OBJS) $(B)/libmmectl.a $(LDLIBS)

# All targets in one program; what calls them is replay.c, or libFuzzer (MODE=fuzz), whose name then says which.
$(B)/tests/fuzz/replay: $(filter-out %/libfuzzer.o,$(FUZZ_OBJS)) $(B)/libmmectl.a
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $^ $(LDLIBS)

$(B)/tests/fuzz/fuzz: $(filter-out %/replay.o,$(FUZZ_OBJS)) $(B)/libmmectl.a
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -fsanitize=fuzzer -o $@ $^ $(LDLIBS)

$(B)/tests/bench/serve_load: $(patsubst %,$(B)/obj/tests/bench/serve_load%.o,_client _bare)
$(B)/tests/bench/serve_load: LINKED = $(patsubst %,$(B)/obj/tests/bench/serve_load%.o,_client _bare)

# Loads every library that mmectl loads, though it calls none.
$(B)/tests/bench/empty: $(B)/obj/tests/bench/empty.o
	@mkdir -p $(@D)
	$(call say,LD,$@)
	$(Q)$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -Wl,--no-as-needed -o $@ $< $(LDLIBS)

# Rewritten only when they change, so that other flags or another list of files rebuild what depends on them.
$(B)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(CPPFLAGS) $(CFLAGS_ALL) $(LTO_OBJECTS)' | cmp -s - $@ || \
	  echo '$(CC) $(CPPFLAGS) $(CFLAGS_ALL) $(LTO_OBJECTS)' >$@
$(B)/sources: FORCE
	@mkdir -p $(@D)
	@echo '$(LIB_SRCS)' | cmp -s - $@ || echo '$(LIB_SRCS)' >$@

libraries-found:
	@test -n "$(FOUND_LIBS)" || { echo "libraries or pkg-config are missing: run 'make deps' (it names what it installs)" >&2; exit 1; }

# ---- for users ----

demo: ## install what is missing, build, and run the whole life of the example on the stand-in
	@tests/harness/apt.sh $(BUILD_PACKAGES)
	@$(MAKE) --no-print-directory -j2 all
	@tests/harness/demo.sh $(B)/mmectl

PREFIX ?= /usr/local
SHARE := $(DESTDIR)$(PREFIX)/share
INSTALLED := $(DESTDIR)$(PREFIX)/bin/mmectl $(SHARE)/man/man1/mmectl.1 $(SHARE)/bash-completion/completions/mmectl \
  $(SHARE)/zsh/site-functions/_mmectl $(SHARE)/fish/vendor_completions.d/mmectl.fish

install: $(B)/mmectl ## install binary, man page and completions under PREFIX (/usr/local); DESTDIR is honoured
	install -D -m 755 $(B)/mmectl $(word 1,$(INSTALLED))
	install -d $(dir $(INSTALLED))
	$(B)/mmectl help man >$(word 2,$(INSTALLED))
	$(B)/mmectl completion bash >$(word 3,$(INSTALLED))
	$(B)/mmectl completion zsh >$(word 4,$(INSTALLED))
	$(B)/mmectl completion fish >$(word 5,$(INSTALLED))

uninstall: ## remove what install put there
	rm -f $(INSTALLED)

deps: ## install what the build needs (apt)
	@tests/harness/apt.sh $(BUILD_PACKAGES)

clean: ## remove build/
	rm -rf build

help: ## this list
	@sed -n 's/^\([a-z][a-z-]*\):.*## \(.*\)/  make \1\t\2/p' Makefile | expand -t 26

# ---- for developers ----

test-deps:
	@tests/harness/apt.sh $(BUILD_PACKAGES) $(TEST_PACKAGES)
lint-deps:
	@tests/harness/apt.sh $(BUILD_PACKAGES) $(LINT_PACKAGES)

tools: $(TOOL_BINS)
unit: $(UNIT_BINS) ## build and run the unit tests
	@tests/run.sh -b $(B) $(UNIT_BINS)

check: $(B)/mmectl $(UNIT_BINS) $(TOOL_BINS) ## the quick tests: units, gates, the end-to-end files marked '# fast'
	@tests/run.sh -b $(B) $(UNIT_BINS) $(LINT_TESTS) $(FAST_E2E_TESTS)

test: ## install what the tests need, build, and run all of them
	@$(MAKE) --no-print-directory test-deps
	@$(MAKE) --no-print-directory -j2 all $(UNIT_BINS) $(TOOL_BINS)
	@$(MAKE) --no-print-directory -j2 MODE=tsan build/tsan/tests/soak/soak
	@$(MAKE) --no-print-directory -j2 MODE=asan build/asan/tests/soak/soak
	@tests/run.sh -b $(B) $(UNIT_BINS) $(LINT_TESTS) $(E2E_TESTS)

lint: lint-deps all ## the gates, each against its seeded defect, and format, clang, cppcheck
	@tests/lint/run.sh -v gates format clang cppcheck
tidy: lint-deps ## clang-tidy (minutes)
	@tests/lint/run.sh -v tidy
format: lint-deps ## clang-format everything in place
	@tests/lint/format.sh -i

docs: $(B)/mmectl ## write the command and option tables into the Markdown pages that have them
	@tests/lint/docs.sh -i
	@tests/lint/operations.sh -i

check-asan: ## unit and end-to-end tests under AddressSanitizer and UndefinedBehaviorSanitizer
	@$(MAKE) --no-print-directory test-deps
	@$(MAKE) --no-print-directory -j2 MODE=asan all asan-run
asan-run: $(UNIT_BINS) $(TOOL_BINS)
	@tests/run.sh -b $(B) -s $(UNIT_BINS) $(E2E_TESTS)

check-valgrind: ## unit tests and one whole life under valgrind
	@$(MAKE) --no-print-directory test-deps
	@tests/harness/apt.sh valgrind libc6-dbg
	@$(MAKE) --no-print-directory -j2 MODE=debug all valgrind-run
valgrind-run: $(UNIT_BINS)
	@tests/run.sh -b $(B) -g $(UNIT_BINS) tests/harness/life.sh

cover: test-deps ## line coverage of the unit tests, by file; what must be covered and is not fails
	@$(MAKE) --no-print-directory -j2 MODE=cover all cover-run
cover-run: $(UNIT_BINS)
	@find $(B) -name '*.gcda' -delete
	@tests/run.sh -b $(B) $(UNIT_BINS)
	@tests/harness/cover.sh $(B)
cover-all: test-deps ## the same with the end-to-end tests
	@$(MAKE) --no-print-directory -j2 MODE=cover all cover-all-run
cover-all-run: $(UNIT_BINS) $(TOOL_BINS)
	@find $(B) -name '*.gcda' -delete
	@tests/run.sh -b $(B) $(UNIT_BINS) $(E2E_TESTS)
	@tests/harness/cover.sh $(B)

mutants: ## put known defects back one by one (MUTANTS=NAME...: only these); each must make a test fail
	@$(MAKE) --no-print-directory test-deps
	@$(MAKE) --no-print-directory -j2 all $(UNIT_BINS) $(TOOL_BINS)
	@tests/mutants/run.sh $(B) $(MUTANTS)
mutant: all ## build/mutants/NAME/mmectl, with the defect MUTANT=NAME in it
	@tests/mutants/build.sh $(B) $(MUTANT) mmectl
print-%:
	@echo '$($*)'

sim: $(B)/tests/sim/sim ## the whole simulation: crashes, faults, random courses, two appliers (minutes)
	@tests/sim/run.sh $(B)

parity: $(B)/mmectl $(TOOL_BINS) ## a thousand random models by a thousand rows against libxgboost, and ten thousand payloads of each objective
	@OMP_NUM_THREADS=1 $(B)/tests/parity/forests 1000 1000
	@PARITY_PAYLOADS=10000 BUILD=$(B) sh tests/parity/t02_container.sh

soak: ## 64 clients load, unload and call models for ten minutes (SOAK_SECONDS), under TSan and under ASan
	@$(MAKE) --no-print-directory -j2 MODE=tsan build/tsan/tests/soak/soak
	@$(MAKE) --no-print-directory -j2 MODE=asan build/asan/tests/soak/soak
	@tests/soak/run.sh tsan $${SOAK_SECONDS:-600} 64
	@tests/soak/run.sh asan $${SOAK_SECONDS:-600} 64

image: $(B)/mmectl ## carry out engine/serve/Dockerfile from the first step to the last, without Docker (root; debootstrap)
	@tests/harness/apt.sh debootstrap
	@IMAGE_FROM_SOURCE=1 BUILD=$(B) sh tests/image/t01_image.sh

fuzz: ## libFuzzer on whatever reads bytes from outside, a minute each (FUZZ_SECONDS; FUZZ_TARGETS="NAME..."; FUZZ_KEEP=1)
	@tests/harness/apt.sh $(BUILD_PACKAGES) $(FUZZ_PACKAGES)
	@$(MAKE) --no-print-directory -j2 MODE=fuzz build/fuzz/tests/fuzz/fuzz build/fuzz/tests/fuzz/replay
	@tests/fuzz/run.sh build/fuzz $(FUZZ_TARGETS)

bench: $(B)/mmectl $(BENCH_BINS) ## measure against named baselines
	@tests/bench/run.sh $(B)
	@tests/bench/bulk.sh $(B)

kills: $(B)/mmectl ## kill mmectl -9 at 200 random moments; MMECTL_TEST_SEED=N replays a walk
	@MMECTL_KILLS=$${MMECTL_KILLS:-200} BUILD=$(B) sh tests/e2e/t50_killed.sh

fresh: ## prove `make demo` and `make test` in a minimal Debian 12 with git and make (root; debootstrap)
	@tests/harness/fresh.sh

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
