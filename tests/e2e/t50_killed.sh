#!/bin/sh
# kill -9 of mmectl at random moments of a long walk: kills.py says what is looked at.
#
#     make kills                              200 kills; here it is a fifth of that
#     MMECTL_TEST_SEED=N make kills           the same walk again; the moments are real, so they fall a little differently
. tests/e2e/lib.sh

seed=${MMECTL_TEST_SEED:-$(date +%s)}
kills=${MMECTL_KILLS:-40}
note "seed: MMECTL_TEST_SEED=$seed"
export T
# The states are short, so that the moments fall into all of them.
start_local --delay all=10
"$PYTHON" tests/e2e/kills.py "$kills" "$seed" >"$T/kills"
is $? 0 "mmectl killed at $kills moments: every next run converges, nothing is orphaned, nothing foreign is touched"
cat "$T/kills"
done_testing
