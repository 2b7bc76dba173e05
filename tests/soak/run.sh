#!/bin/sh
# Soaks engine/serve under a sanitizer; exit 1 after a wrong answer, a race, a leak or a fault of memory.
#
# usage: tests/soak/run.sh MODE SECONDS CLIENTS      MODE: tsan or asan
# No suppressions are needed: libxgboost and libmicrohttpd are not instrumented, but their locks are seen, and with one
# OpenMP thread libgomp starts none, whose barriers would not be. MMECTL_TEST_SEED=N replays a walk.
set -u
mode=${1:?usage: tests/soak/run.sh MODE SECONDS CLIENTS}
folder=$(mktemp -d "${TMPDIR:-/tmp}/mmectl-soak.XXXXXX")
trap 'rm -rf "$folder"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
OMP_NUM_THREADS=1
TSAN_OPTIONS=halt_on_error=0:second_deadlock_stack=1:exitcode=66
ASAN_OPTIONS=detect_leaks=1:detect_stack_use_after_return=0:exitcode=66
UBSAN_OPTIONS=print_stacktrace=1
LSAN_OPTIONS=suppressions=$PWD/tests/suppress/lsan.supp:print_suppressions=0
export OMP_NUM_THREADS TSAN_OPTIONS ASAN_OPTIONS UBSAN_OPTIONS LSAN_OPTIONS
"build/$mode/tests/soak/soak" "${2:-20}" "${3:-64}" "$folder"
