#!/bin/sh
# clang's own warnings, those gcc does not have.
. "$(dirname "$0")/lib.sh"

{ c_files; c_files tests; } | grep '\.c$' | xargs -P 2 -n 8 clang -std=c17 -I. -D_POSIX_C_SOURCE=200809L -fsyntax-only \
    -Wall -Wextra -Wmissing-variable-declarations -Wcomma -Wunreachable-code -Wassign-enum \
    -Wno-gnu-zero-variadic-macro-arguments 2>&1 | grep -E '(error|warning):' | sort -u >"$faults"
gate_end
