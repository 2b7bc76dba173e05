#!/bin/sh
# One whole life as a TAP test: what runs a checker that slows everything down (valgrind) should see at least once.
. tests/e2e/lib.sh

spec=examples/mme-demo.yaml
run "$MMECTL" apply "$spec" --local -auto-approve
is_exit 0 "apply"
run "$MMECTL" test "$spec" --local
is_exit 0 "test"
run "$MMECTL" plan "$spec" --local -detailed-exitcode
is_exit 0 "plan finds no difference"
run "$MMECTL" destroy "$spec" --local -auto-approve
is_exit 0 "destroy"
run "$MMECTL" local stop
is_exit 0 "local stop"
done_testing
