#!/bin/sh
# stable mode: what a new generation replaces is kept under versions/; rollback rolls the endpoint to a generation with it,
# touches no other model, and a run of it that was killed is finished by the next apply.
. tests/e2e/lib.sh

start_local --delay all=0 --delay endpoint_updating_ms=300
spec=$(copy_demo keep)
bucket=sagemaker-us-east-1-123456789012

kept() {
    call s3 ls "$bucket/keep/versions/" | sed 's/.*versions\///; s/ .*//' | tr '\n' ' '
}

back() {
    rm -f "$T/trace"
    run "$MMECTL" rollback model_fast -f "$spec" --local --stats --trace="$T/trace" -auto-approve "$@"
}

mme apply "$spec"
is_exit 0 "apply v1"
first=$(predict "$spec" model_fast)
deep=$(predict "$spec" model_deep)
is "$(kept)" "" "nothing is kept yet"
edit "$spec" 's/eta: 0\.4/eta: 0.05/'
mme apply "$spec"
is_exit 0 "apply v2"
second=$(predict "$spec" model_fast)
isnt "$second" "$first" "v2 answers differently"
is "$(kept | grep -Ec '^model_fast--[0-9a-f]{16}\.tar\.gz $')" 1 "v1 is kept under versions/, and nothing else"
run "$MMECTL" route model_fast --local -f "$spec"
has_out '^model_fast\.tar\.gz$' "the TargetModel is the name, as ever"

# ---- rollback, with another model changed in the spec and not applied ----
edit "$spec" 's/max_depth: 8, eta: 0\.2/max_depth: 8, eta: 0.02/'
back --reason "v2 is worse"
is_exit 0 "rollback"
has_out "goes from [0-9a-f]{16} to [0-9a-f]{16}.*the endpoint rolls for it, which takes minutes" "says that it takes minutes"
is "$(sent CreateTrainingJob) $(sent UpdateEndpoint)" "0 1" "nothing trains; the endpoint rolls once"
is "$(predict "$spec" model_fast)" "$first" "v1 answers, bit for bit"
is "$(predict "$spec" model_deep)" "$deep" "the other model is as it was"
is "$(kept | wc -w)" 1 "one version is kept: v2"
edit "$spec" 's/max_depth: 8, eta: 0\.02/max_depth: 8, eta: 0.2/'
mme plan "$spec" -detailed-exitcode
is_exit 0 "a hold is no difference"
has_out "is held at .*: v2 is worse" "plan shows it"
edit "$spec" 's/max_depth: 8, eta: 0\.2/max_depth: 8, eta: 0.02/'
mme apply "$spec"
is_exit 0 "another model changes meanwhile"
is "$(sent CreateTrainingJob)" 1 "it trains"
is "$(predict "$spec" model_fast)" "$first" "the held one stays where it is"
isnt "$(predict "$spec" model_deep)" "$deep" "the other one is new"
is "$(kept | tr ' ' '\n' | grep -c '^model_')" 2 "one version of each is kept"

# ---- resume ----
run "$MMECTL" resume model_fast -f "$spec" --local
is_exit 0 "resume"
mme apply "$spec"
is_exit 0 "apply"
is "$(sent CreateTrainingJob) $(sent UpdateEndpoint)" "0 1" "v2 was kept: nothing trains"
is "$(predict "$spec" model_fast)" "$second" "v2 answers, bit for bit"

# ---- killed on the way, at ten moments ----
bad=0
for ms in 5 20 40 60 80 100 150 200 300 400; do
    "$MMECTL" rollback model_fast -f "$spec" --local -auto-approve >"$T/killed" 2>&1 &
    pid=$!
    "$PYTHON" -I -S -c 'import os, select, sys
select.select([], [], [], int(sys.argv[1]) / 1000)
try:
    os.kill(int(sys.argv[2]), 9)
except ProcessLookupError:
    pass' "$ms" "$pid"
    wait "$pid" 2>/dev/null
    run "$MMECTL" rollback model_fast -f "$spec" --local -auto-approve
    if [ "$exit" != 0 ] && ! grep -q 'no older version' "$T/err"; then
        bad=$((bad + 1))
        note "killed after $ms ms: the next rollback ends with $exit: $(cat "$T/err")"
    fi
    [ "$(predict "$spec" model_fast)" = "$first" ] || { bad=$((bad + 1)); note "after $ms ms: not v1"; }
    mme plan "$spec" -detailed-exitcode
    [ "$exit" = 0 ] || { bad=$((bad + 1)); note "after $ms ms: plan ends with $exit: $(tail -3 "$T/out")"; }
    "$MMECTL" resume model_fast -f "$spec" --local >/dev/null 2>&1
    mme apply "$spec"
    [ "$exit" = 0 ] || { bad=$((bad + 1)); note "after $ms ms: apply ends with $exit"; }
    [ "$(predict "$spec" model_fast)" = "$second" ] || { bad=$((bad + 1)); note "after $ms ms: not v2 again"; }
done
is "$bad" 0 "a rollback that was killed is finished by the same command"
is "$(kept | tr ' ' '\n' | grep -c '^model_')" 2 "and leaves nothing besides"

# ---- a removed model takes its versions along; destroy takes all ----
drop_model "$spec" model_deep
mme apply "$spec"
is_exit 0 "a model goes"
is "$(kept | grep -c model_deep)" 0 "and its versions with it"
mme destroy "$spec"
is_exit 0 "destroy"
is "$(count_things '/keep/')" 0 "leaves no version behind"
done_testing
