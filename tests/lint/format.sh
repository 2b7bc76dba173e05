#!/bin/sh
# clang-format agrees with every file; with -i it rewrites them.
mode='--dry-run -Werror'
if [ "${1:-}" = -i ]; then
    mode=-i
    shift
fi
. "$(dirname "$0")/lib.sh"
style=$lint/../../.clang-format
# shellcheck disable=SC2046,SC2086  # lists of words
clang-format --style=file:"$style" $mode $(c_files; c_files tests) 2>&1 |
    grep -E '(error|warning):' | sed 's/: error: code/: code/' >"$faults"
gate_end
