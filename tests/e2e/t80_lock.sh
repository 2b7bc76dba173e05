#!/bin/sh
# One run at a time: the second waits, or says who has the stack; a killed run's lock is in nobody's way; force-unlock.
. tests/e2e/lib.sh

fast_local
spec=$(copy_demo lock)
bucket=sagemaker-$AWS_REGION-123456789012
lease=$bucket/lock/control/lease

# held: waits until there is a lock.
held() {
    tries=0
    until call s3 get "$lease" >"$T/lease.json" 2>/dev/null; do
        tries=$((tries + 1))
        [ "$tries" -lt 200 ] || bail "no lock in 20 s: $(cat "$T/first.err")"
        sleep 0.1
    done
}

# slow_apply: an apply in the background whose endpoint takes its time; $first is its pid.
slow_apply() {
    "$MMECTL" apply "$spec" --local -auto-approve >"$T/first.out" 2>"$T/first.err" &
    first=$!
    held
}

id_of() {
    sed -n 's/^ *"ID": *"\([^"]*\)".*/\1/p' "$T/lease.json"
}

stop_local
start_local --delay all=0 --delay endpoint_creating_ms=8000
slow_apply
kill -STOP "$first" # it holds the lock for as long as the others are looked at
run "$MMECTL" apply "$spec" --local -auto-approve -lock-timeout=0s
is_exit 4 "the second does not wait: exit 4"
has_err '^Error: Error acquiring the state lock$' "in Terraform's words"
has_err "^  ID:        $(id_of)\$" "it says the ID"
has_err "^  Path:      s3://$lease\$" "where it lies"
has_err '^  Operation: apply$' "what is being done"
has_err '^  Who:       [^ ]+@[^ ]+$' "by whom"
has_err '^  Expires:   in (2m|1m[0-9]+)[0-9]*s \(automatic\)$' "for how long"
has_err "mmectl force-unlock $(id_of) -f $spec --local" "and what to do when that run is dead"
run "$MMECTL" plan "$spec" --local
is_exit 0 "plan needs no lock"
has_err 'apply in progress by [^ ]+@[^ ]+ since 20' "plan says who is at work"
run "$MMECTL" force-unlock wrong -f "$spec" --local -force
is_exit 1 "force-unlock of another ID is refused"
has_err "lock ID 'wrong' does not match existing lock ID '$(id_of)'" "and says which it is"
ran="mmectl apply, while another holds the lock"
"$MMECTL" apply "$spec" --local -auto-approve >"$T/second.out" 2>"$T/second.err" </dev/null &
second=$!
tries=0
until grep -q "^the stack's lease: waiting, it is held by" "$T/second.err"; do
    tries=$((tries + 1))
    [ "$tries" -lt 300 ] || bail "the second does not wait: $(cat "$T/second.err")"
    sleep 0.1
done
pass "the wait is said"
kill -CONT "$first"
wait "$second"
exit=$?
cp "$T/second.out" "$T/out"
cp "$T/second.err" "$T/err"
is_exit 0 "who waits gets it"
has_out '^No changes\.' "and there is nothing left to do"
wait "$first"
is $? 0 "the first was not disturbed"
is "$(call s3 ls "$bucket/lock/control")" "lock/control/stack.json" "no lock is left"

# An apply without changes takes none.
mme apply "$spec"
is "$(stat_of mutating)" 0 "nothing to do: nothing written, no lock"
run "$MMECTL" force-unlock some-id -f "$spec" --local -force
is_exit 1 "force-unlock without a lock"
has_err "stack 'lock' is not locked" "says so"

# Killed: the lock stays, and the next run on this machine takes it over at once.
edit "$spec" 's/eta: 0\.4/eta: 0.04/'
"$MMECTL" local stop >/dev/null
start_local --delay all=0 --delay training_starting_ms=8000
slow_apply
kill -9 "$first"
wait "$first" 2>/dev/null
ok "a killed run leaves its lock" call s3 get "$lease"
"$MMECTL" local stop >/dev/null
start_local --delay all=0
began=$(date +%s)
mme apply "$spec" -lock-timeout=0s
is_exit 0 "the next run does not wait for a dead one's lock"
has_err '^took over the lease that [^ ]+ left behind' "and says so"
ok "at once" test $(($(date +%s) - began)) -lt 30

# A run that hangs: force-unlock, and it notices.
"$MMECTL" local stop >/dev/null
start_local --delay all=0 --delay training_starting_ms=3000
edit "$spec" 's/eta: 0\.04/eta: 0.05/'
slow_apply
kill -STOP "$first"
call s3 get "$lease" >"$T/lease.json"
run "$MMECTL" force-unlock "$(id_of)" -f "$spec" --local
is_exit 1 "force-unlock asks, and there is nobody"
"$PYTHON" -I -S tests/e2e/terminal.py "Enter a value: " no "$MMECTL" force-unlock "$(id_of)" -f "$spec" --local </dev/null >"$T/out" 2>"$T/err"
is $? 1 "no is no"
grep -q 'force-unlock cancelled' "$T/out" && pass "and is said" || fail "and is said" "$(cat "$T/out")"
run "$MMECTL" force-unlock "$(id_of)" -f "$spec" --local -force
is_exit 0 "force-unlock removes it"
has_out '^mmectl has successfully unlocked the stack!$'
mme apply "$spec" -lock-timeout=0s
is_exit 0 "another run can work"
kill -CONT "$first"
wait "$first"
is "$(case $? in 0 | 3 | 4 | 5) echo fine ;; *) echo "exit $?: $(cat "$T/first.err")" ;; esac)" fine "the first ends, without harm"
mme plan "$spec" -detailed-exitcode
is_exit 0 "the stack is as the spec says"

# -lock=false goes ahead beside somebody.
printf '{"ID": "somebody", "Who": "you@elsewhere", "Operation": "apply", "TTL": 120}' >"$T/other.json"
call s3 put "$lease" "$T/other.json" >/dev/null
edit "$spec" 's/eta: 0\.05/eta: 0.06/'
mme apply "$spec" -lock-timeout=1s
is_exit 4 "somebody elsewhere: exit 4 after a second"
mme apply "$spec" -lock=false
is_exit 0 "-lock=false"
has_err 'apply in progress by you@elsewhere' "is warned"
run "$MMECTL" force-unlock somebody -f "$spec" --local -auto-approve
is_exit 0 "and unlocked"
mme destroy "$spec"
is_exit 0 "destroy"
is "$(call s3 ls "$bucket/lock/" 2>/dev/null)" "" "leaves nothing, no lock either"
done_testing
