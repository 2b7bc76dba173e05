#!/bin/sh
# SIGINT and SIGTERM at many moments: gracefully, and within five seconds; twice: at once. The next run finishes the rest.
. tests/e2e/lib.sh

fast_local
spec=$(copy_demo signal)
bucket=sagemaker-$AWS_REGION-123456789012
lease=$bucket/signal/control/lease

# begin COMMAND...: in the background, its output in $T/out and $T/err; until standard error has $2.
begin() {
    until_text=$1
    shift
    ran=$*
    : >"$T/err"
    "$@" </dev/null >"$T/out" 2>"$T/err" &
    pid=$!
    tries=0
    until grep -q -e "$until_text" "$T/err"; do
        tries=$((tries + 1))
        [ "$tries" -lt 300 ] || bail "'$until_text' was never said: $(cat "$T/err")"
        sleep 0.1
    done
}

# interrupted SIGNAL EXIT NAME: ends in time, with the status and the words that belong to it.
interrupted() {
    before_ms=$(date +%s%3N)
    kill "-$1" "$pid"
    wait "$pid"
    exit=$?
    took_ms=$(($(date +%s%3N) - before_ms))
    is_exit "$2" "$3: exit $2"
    has_err '^Interrupt received\. Gracefully shutting down' "$3: said"
    if [ "$took_ms" -lt 5600 ]; then pass "$3: within five seconds"; else fail "$3: within five seconds" "$took_ms ms"; fi
}

no_lock() {
    is "$(call s3 get "$lease" 2>/dev/null)" "" "$1: no lock is left"
}

apply="$MMECTL apply $spec --local -auto-approve"

"$MMECTL" local stop >/dev/null
start_local --delay all=0 --delay training_starting_ms=8000
begin 'training_job.*: ' $apply
interrupted INT 130 "training"
has_err '^Error: interrupted' "training: why it ended"
no_lock "training"

"$MMECTL" local stop >/dev/null
start_local --delay all=0 --delay endpoint_creating_ms=6000
begin 'endpoint.this: Still' $apply
interrupted TERM 143 "endpoint Creating"
has_out 'incomplete: .* interrupted' "endpoint Creating: the report says what was left"
no_lock "endpoint Creating"
ok "endpoint Creating: the record was written" call s3 get "$bucket/signal/control/stack.json"
begin 'waiting, it is Creating' $apply
interrupted INT 130 "waiting for what another run started"
mme apply "$spec"
is_exit 0 "the next run finishes the rest"
mme plan "$spec" -detailed-exitcode
is_exit 0 "and nothing is left to do"

# Waiting for a lock.
printf '{"ID": "somebody", "Who": "you@elsewhere", "Operation": "apply", "TTL": 120}' >"$T/other.json"
call s3 put "$lease" "$T/other.json" >/dev/null
edit "$spec" 's/eta: 0\.4/eta: 0.04/'
begin "the stack's lease: waiting" $apply
interrupted INT 130 "waiting for a lock"
is "$(call s3 get "$lease")" "$(cat "$T/other.json")" "waiting for a lock: somebody else's stays"
call s3 rm "$lease" >/dev/null

# AWS throttles everything: in the pauses between attempts.
fault '{"operation": "CreateTrainingJob", "kind": "error", "times": 0}'
begin 'training_job.*: ' $apply
sleep 1
interrupted TERM 143 "between attempts"
call nofaults >/dev/null
no_lock "between attempts"

"$MMECTL" local stop >/dev/null
start_local --delay all=0 --delay training_starting_ms=8000
# The stand-in is frozen: nothing answers, not even the lock can be given back.
begin 'training_job.*: ' $apply
standin=$("$MMECTL" local status -json | sed -n 's/.*"pid": *\([0-9]*\).*/\1/p' | head -n 1)
kill -STOP "$standin"
sleep 1
interrupted INT 130 "AWS is silent"
kill -CONT "$standin"
has_err 'lock|lease' "AWS is silent: the lock that stays is named"
# Twice: at once.
"$MMECTL" local stop >/dev/null
start_local --delay all=0 --delay training_starting_ms=8000
edit "$spec" 's/eta: 0\.04/eta: 0.06/'
begin 'training_job.*: ' $apply
standin=$("$MMECTL" local status -json | sed -n 's/.*"pid": *\([0-9]*\).*/\1/p' | head -n 1)
kill -STOP "$standin"
sleep 1
kill -INT "$pid"
sleep 0.3
before_ms=$(date +%s%3N)
kill -INT "$pid"
wait "$pid"
exit=$?
took_ms=$(($(date +%s%3N) - before_ms))
kill -CONT "$standin"
is_exit 130 "twice: exit 130"
if [ "$took_ms" -lt 1000 ]; then pass "twice: at once"; else fail "twice: at once" "$took_ms ms"; fi
has_err '^The stack.s lock stays: ID [0-9a-f-]+, it expires at 20.*Z\.$' "twice: the lock that stays is named"

"$MMECTL" local stop >/dev/null
start_local --delay all=0
mme apply "$spec"
is_exit 0 "the next run finishes the rest"
mme destroy "$spec"
is_exit 0 "and everything can be removed"
done_testing
