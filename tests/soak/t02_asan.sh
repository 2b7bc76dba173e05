#!/bin/sh
# A slice of `make soak` under AddressSanitizer: 64 clients load, unload, call, pipeline and hang up at once.
. tests/e2e/lib.sh

ok "it is built" make --no-print-directory MODE=asan build/asan/tests/soak/soak
run timeout 180 nice -n 10 sh tests/soak/run.sh asan "${SOAK_SECONDS:-20}" 64
is_exit 0 "no race, no leak, no wrong answer"
note "$(cat "$T/out")"
is "$(grep -c 'WARNING\|ERROR: ' "$T/err")" 0 "and no report"
done_testing
