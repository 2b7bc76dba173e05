#!/bin/sh
# kill -9 of the stand-in at five moments of an apply: the same command again ends at the same world.
. tests/e2e/lib.sh

spec=examples/mme-demo.yaml
seed=${MMECTL_TEST_SEED:-$(date +%s)}
note "seed: MMECTL_TEST_SEED=$seed"

# A pseudo-random number from 0 to $1 - 1 (a linear congruential generator: any sh has it).
next() {
    seed=$(((seed * 1103515245 + 12345) % 2147483648))
    number=$((seed / 65536 % $1))
}

# What the world holds, without times, ids, the record's serial and writer, and what training leaves behind: a by-product
# of another attempt is no difference.
shape() {
    "$MMECTL" local status -json | python3 tests/e2e/shape.py
}

# The states are short, so that the moments fall into all of them.
run "$MMECTL" local start --delay=all=40
is_exit 0 "the stand-in starts"

run "$MMECTL" apply "$spec" --local -auto-approve
is_exit 0 "an apply that nobody disturbs"
shape >"$T/want"
run "$MMECTL" destroy "$spec" --local -auto-approve
is_exit 0 "and its teardown"

# How long an apply takes here decides where the moments lie.
start=$(date +%s%N)
"$MMECTL" apply "$spec" --local -auto-approve >/dev/null 2>&1
took=$((($(date +%s%N) - start) / 1000000))
"$MMECTL" destroy "$spec" --local -auto-approve >/dev/null 2>&1

# kill_after MS PID: kills the process after so many milliseconds, if it still runs.
kill_after() {
    python3 -c 'import sys,time,os
time.sleep(int(sys.argv[1])/1000)
try: os.kill(int(sys.argv[2]),9)
except ProcessLookupError: pass' "$1" "$2"
}

bad=0
for moment in 1 2 3 4 5; do
    "$MMECTL" local reset >/dev/null 2>&1
    next "$took"
    "$MMECTL" apply "$spec" --local -auto-approve >"$T/killed" 2>&1 &
    pid=$!
    server=$("$MMECTL" local status -json | python3 -c 'import json,sys; print(json.load(sys.stdin)["pid"])')
    kill_after "$number" "$server"
    wait "$pid" 2>/dev/null
    run "$MMECTL" apply "$spec" --local -auto-approve
    shape >"$T/got"
    if [ "$exit" != 0 ] || ! cmp -s "$T/want" "$T/got"; then
        bad=$((bad + 1))
        note "the stand-in killed after $number ms of $took: exit $exit"
        lib_shown | sed 's/^/# /'
        diff "$T/want" "$T/got" | sed 's/^/# /' | head -20
    fi
done
is "$bad" 0 "the stand-in killed at five moments: every rerun ends at the same world"

# An endpoint that was in service still answers after its server was killed.
server=$("$MMECTL" local status -json | python3 -c 'import json,sys; print(json.load(sys.stdin)["pid"])')
kill -9 "$server"
head -n 1 examples/data/breast-cancer-validation.csv | cut -d, -f2- >"$T/row.csv"
run "$MMECTL" invoke --local -f "$spec" --model model_fast --data "$T/row.csv"
is_exit 0 "an endpoint answers after its server was killed and started again"
done_testing
