#!/bin/sh
# The flat arrays that answer equal libxgboost bit for bit: a slice of `make parity`, on models of every objective.
. tests/e2e/lib.sh

run env OMP_NUM_THREADS=1 "$BUILD/tests/parity/forests" 108 1000
note "$(head -n 1 "$T/out")"
is_exit 0 "each of them is answered by its flat array"
is "$(tail -n 1 "$T/out")" "0 of 108000 rows of 108 models differ" "and no row differs"
done_testing
