# mmectl - `make` builds build/mmectl; `make help` lists the rest.
MODE ?= release
B := $(if $(filter release,$(MODE)),build,build/$(MODE))
CC ?= gcc

PKGS := yaml-0.1 libcurl libcrypto libcjson expat libarchive libmicrohttpd sqlite3
WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wcast-qual -Wcast-align=strict \
  -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wpointer-arith -Wwrite-strings -Wvla -Walloca \
  -Wundef -Wformat=2 -Wformat-overflow=2 -Wformat-truncation=2 -Wformat-signedness -Wnull-dereference \
  -Wduplicated-cond -Wduplicated-branches -Wlogical-op -Wswitch-enum -Wfloat-equal -Wredundant-decls \
  -Warray-bounds=2 -Wimplicit-fallthrough=5 -Wdate-time -Wstack-usage=16384 -Werror
HARDEN := -D_FORTIFY_SOURCE=3 -fstack-protector-strong -fstack-clash-protection -fcf-protection=full \
  -ftrivial-auto-var-init=zero
CFLAGS_release := -O2 -g $(HARDEN)
CFLAGS_debug := -O0 -g
# The four warnings that gcc derives from optimised code are judged in the release build; between a sanitizer's
# checks they see paths that are not there and frames that are larger.
CFLAGS_asan := -O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer \
  -Wno-format-truncation -Wno-format-overflow -Wno-null-dereference -Wno-maybe-uninitialized -Wno-stack-usage
LDFLAGS_release := -Wl,-z,relro,-z,now -Wl,-z,noexecstack -Wl,-z,separate-code -Wl,--as-needed
LDFLAGS_asan := -fsanitize=address,undefined
CPPFLAGS += -I. -D_POSIX_C_SOURCE=200809L -MMD -MP
CFLAGS_ALL := -std=c17 $(WARN) -fPIE -fno-common $(CFLAGS_$(MODE)) $(CFLAGS)
LDFLAGS_ALL := -pie $(LDFLAGS_$(MODE)) $(LDFLAGS)
LDLIBS := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lxgboost -lgomp -lpthread -lm

LIB_SRCS := $(sort $(shell find engine specs -name '*.c'))
CMD_SRCS := $(sort $(wildcard cmd/*.c))
LIB_OBJS := $(LIB_SRCS:%.c=$(B)/obj/%.o)
CMD_OBJS := $(CMD_SRCS:%.c=$(B)/obj/%.o)

.PHONY: all clean unit
all: $(B)/mmectl

$(B)/mmectl: $(CMD_OBJS) $(B)/libmmectl.a
	$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $(CMD_OBJS) $(B)/libmmectl.a $(LDLIBS)

$(B)/libmmectl.a: $(LIB_OBJS)
	@rm -f $@
	ar rcsD $@ $^

$(B)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CPPFLAGS) $(CFLAGS_ALL) -c -o $@ $<

# tests/unit/<path>/test_<file>.c -> one binary each
UNIT_SRCS := $(sort $(shell find tests/unit -name 'test_*.c' 2>/dev/null))
UNIT_BINS := $(UNIT_SRCS:%.c=$(B)/%)
HARNESS_OBJS := $(patsubst %.c,$(B)/obj/%.o,$(sort $(wildcard tests/harness/*.c)))
$(B)/tests/unit/%: $(B)/obj/tests/unit/%.o $(HARNESS_OBJS) $(B)/libmmectl.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) $(LDFLAGS_ALL) -o $@ $< $(HARNESS_OBJS) $(B)/libmmectl.a -lcmocka $(LDLIBS)

unit: $(UNIT_BINS)
	@for t in $(UNIT_BINS); do $$t || exit 1; done

clean:
	rm -rf build

-include $(shell find $(B)/obj -name '*.d' 2>/dev/null)
