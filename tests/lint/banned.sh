#!/bin/sh
# Calls that have no place: heap outside base, speaking or ending outside cmd, sleeping, shells; and // comments.
. "$(dirname "$0")/lib.sh"

check() { # PATTERN WHAT FILES...
    pattern=$1 what=$2
    shift 2
    for file in "$@"; do
        awk -f "$lint/strip.awk" "$file" | grep -nE "$pattern" | sed "s|^\([0-9]*\):.*|$file:\1: $what|"
    done
}
word='(^|[^A-Za-z0-9_>.])'
# shellcheck disable=SC2046  # paths without blanks
{
    check 'LINE_COMMENT' 'a // comment' $(c_files; c_files tests)
    check "$word(malloc|calloc|realloc|free|strdup|strndup|asprintf)[ ]*\\(" 'the heap, outside engine/base' \
        $(c_files | grep -v '^engine/base/')
    check "$word(printf|vprintf|puts|putchar|perror|exit|_exit|quick_exit)[ ]*\\(" 'speaking or ending, outside cmd' \
        $(c_files engine specs)
    check "$word(fprintf|fputs|fputc)[ ]*\\(" 'speaking or ending, outside cmd' \
        $(c_files engine specs | grep -v '^engine/base/')
    check "$word(sleep|usleep|nanosleep|thrd_sleep)[ ]*\\(" 'sleeping: waits belong to the loop' $(c_files)
    check "$word(system|popen|vfork)[ ]*\\(" 'a shell or a fork out of the way' $(c_files)
    check '#[ ]*ifdef[ ]+(TEST|UNIT_TEST|TESTING)' 'a branch for tests: seams are ops tables' $(c_files)
} >"$faults"
gate_end
