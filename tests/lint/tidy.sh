#!/bin/sh
# clang-tidy with the checks of .clang-tidy.
. "$(dirname "$0")/lib.sh"
config=$lint/../../.clang-tidy
c_files | grep '\.c$' | xargs -P 2 -n 4 sh -c 'clang-tidy --quiet --config-file="$0" "$@" -- -std=c17 -I. \
    -D_POSIX_C_SOURCE=200809L' "$config" 2>/dev/null | grep -E '(error|warning):' | sort -u >"$faults"
gate_end
