#!/bin/sh
# One whole life as a TAP test: what runs a checker that slows everything down (valgrind) should see at least once.
. tests/e2e/lib.sh

spec=examples/mme-demo.yaml

# In the foreground: valgrind does not follow `local start` through its exec of /proc/self/exe.
"$MMECTL" local run >"$T/server.log" 2>&1 &
server=$!
tries=0
until "$MMECTL" local status >/dev/null 2>&1; do
    tries=$((tries + 1))
    [ "$tries" -lt 60 ] && kill -0 "$server" 2>/dev/null || bail "the stand-in did not start: $(cat "$T/server.log")"
done
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
wait "$server"
is "$?" 0 "the stand-in ends well"
done_testing
