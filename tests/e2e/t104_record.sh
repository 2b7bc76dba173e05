#!/bin/sh
# What a pipeline sent can be read afterwards: the record of the stand-in, by option and by environment.
# fast
. tests/e2e/lib.sh
unset MMECTL_LOCAL_RECORD

secret_of() {
    "$MMECTL" local env | sed -n "s/^export AWS_SECRET_ACCESS_KEY='\(.*\)'/\1/p"
}

cd "$T" || exit 1
run "$MMECTL" local start --record=no/such/folder/wire.jsonl
is_exit 1 "a record that cannot be written keeps it from starting"
has_err "opening '$T/no/such/folder/wire.jsonl'" "which file it was is said"
run "$MMECTL" local start --record=wire.jsonl
is_exit 0 "a path is that of the shell that starts it"
run "$MMECTL" local start --record=other.jsonl
is_exit 1 "one that runs takes no record any more"
has_err "'mmectl local stop' ends it" "what to do is said"
run "$MMECTL" local start
is_exit 0 "starting it twice without one is fine"
cd "$OLDPWD" || exit 1
spec=$(copy_demo recorded)
mme plan "$spec"
is_exit 0 "plan"
is "$(jq -r 'select(.operation == "GetCallerIdentity") | .status' "$T/wire.jsonl")" 200 "who asked is in the record"
is "$(jq -r 'select(.answer.headers.date == null or .time == null or .path == null) | .operation' "$T/wire.jsonl")" "" \
    "every line is whole"
ok "the key is not" sh -c "! grep -q -F -e '$(secret_of)' '$T/wire.jsonl'"
ok "no signature is" sh -c "! grep -qi -e '\"authorization\"' -e 'signature=' '$T/wire.jsonl'"
is "$(stat -c %a "$T/wire.jsonl")" 600 "others cannot read it"

stop_local
lines=$(wc -l <"$T/wire.jsonl")
MMECTL_LOCAL_RECORD=$T/wire.jsonl
export MMECTL_LOCAL_RECORD
mme plan "$spec"
is_exit 0 "plan starts a stand-in of its own"
ok "which records as well, at the end of the file" test "$(wc -l <"$T/wire.jsonl")" -gt "$lines"
done_testing
