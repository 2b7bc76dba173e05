#!/bin/sh
# versioned mode: rollback publishes an older version at once and holds it; plan, apply, status, history and route say so;
# resume and the next apply publish what the spec says again. Predictions tell the versions apart, bit for bit.
. tests/e2e/lib.sh

fast_local
spec=$(copy_demo back)
edit "$spec" 's/targetModels: stable.*/targetModels: versioned/'

route() {
    "$MMECTL" route --local -f "$spec" model_fast
}

# back OPTION...: rolls model_fast back.
back() {
    rm -f "$T/trace"
    run "$MMECTL" rollback model_fast -f "$spec" --local --stats --trace="$T/trace" "$@"
}

history() {
    run "$MMECTL" history model_fast -f "$spec" --local "$@"
}

no_roll() {
    is "$(sent UpdateEndpoint) $(sent CreateModel) $(sent CreateEndpointConfig) $(sent CreateTrainingJob)" "0 0 0 0" "$1"
}

mme apply "$spec"
is_exit 0 "apply v1"
first=$(predict "$spec" model_fast)
v1=$(route)
back -auto-approve
is_exit 1 "nothing to go back to"
has_err "^Error: there is no older version of model 'model_fast'" "it says so"
is "$(stat_of mutating)" 0 "and nothing is sent"

edit "$spec" 's/eta: 0\.4/eta: 0.05/'
mme apply "$spec"
is_exit 0 "apply v2"
second=$(predict "$spec" model_fast)
v2=$(route)
isnt "$second" "$first" "v2 answers differently"
history
is "$(awk 'NR > 1 {print $2, $3}' "$T/out" | tr '\n' ';')" \
    "$(echo "$v2" | cut -c13-28) live;$(echo "$v1" | cut -c13-28) kept;" "history lists both, the live one first"

# ---- rollback ----
before=$(things | grep -E '^(endpoint|endpoint-config|model) ')
back --reason "worse on Mondays"
is_exit 1 "without a yes nothing happens"
has_err "'rollback' needs a yes" "it says so"
back -auto-approve --reason "worse on Mondays"
is_exit 0 "rollback"
has_out "^Rollback complete! Model 'model_fast' is at $(echo "$v1" | cut -c13-28) and held there" "it says where the model is"
no_roll "nothing is trained or rolled"
is "$(grep -E '^> (PUT|POST|DELETE) /' "$T/trace" | grep -c '/models/')" 0 "and no artifact is touched"
same_things "endpoint, config and model are the same" "$before" '^(endpoint|endpoint-config|model) '
is "$(route)" "$v1" "route prints v1's TargetModel"
run "$MMECTL" route model_fast -f "$spec" --local -json
is "$("$PYTHON" -I -S -c 'import json,sys
route = json.load(open(sys.argv[1]))["stacks"][0]
print(route["target_model"], route["held"])' "$T/out")" "$v1 True" "route -json also says that it is held"
is "$(predict "$spec" model_fast)" "$first" "and the endpoint answers as v1 did, bit for bit"

# ---- while it is held ----
mme plan "$spec" -detailed-exitcode
is_exit 0 "a hold is no difference"
has_out "model 'model_fast' is held at $(echo "$v1" | cut -c13-28) by .* since .*: worse on Mondays" "plan shows it, and why"
mme apply "$spec"
is_exit 0 "apply respects it"
is "$(stat_of mutating)" 0 "and sends nothing"
run "$MMECTL" status "$spec" --local
has_out "^model_fast +held " "status shows it"
history -json
is "$("$PYTHON" -I -S -c 'import json,sys
model = json.load(open(sys.argv[1]))["stacks"][0]["models"][0]
print(model["hold"]["reason"], [v["state"] for v in model["versions"]])' "$T/out")" "worse on Mondays ['live, held', 'kept']" "history -json has it"
edit "$spec" 's/eta: 0\.05/eta: 0.06/;s/eta: 0\.1}/eta: 0.11}/'
mme apply "$spec"
is_exit 0 "apply of other content"
is "$(sent CreateTrainingJob)" 1 "trains what is not held, and only that"
is "$(predict "$spec" model_fast)" "$first" "the held model answers as before"
edit "$spec" 's/eta: 0\.06/eta: 0.05/'
back -auto-approve
is_exit 1 "there is nothing older than v1"
back -auto-approve --to "$(echo "$v1" | cut -c13-20)"
is_exit 1 "and v1 is live"
has_err "is the one that is live" "it says so"
back -auto-approve --to 0123456789abcdef
is_exit 1 "what nobody knows is refused"
has_err "there are: $(echo "$v1" | cut -c13-28) \(live\), $(echo "$v2" | cut -c13-28)" "with what there is"
back -auto-approve --to 1234
is_exit 64 "four digits are too few"
run "$MMECTL" rollback model_none -f "$spec" --local -auto-approve
is_exit 1 "an unknown model is refused"

# ---- resume ----
run "$MMECTL" resume model_fast -f "$spec" --local
is_exit 0 "resume"
is "$(route)" "$v1" "changes nothing by itself"
run "$MMECTL" resume model_fast -f "$spec" --local
is_exit 1 "there is one hold to lift"
mme plan "$spec" -detailed-exitcode
is_exit 2 "now v2 is wanted again"
mme apply "$spec"
is_exit 0 "apply"
no_roll "nothing is made: v2 was kept"
is "$(route)" "$v2" "v2 is published again"
is "$(predict "$spec" model_fast)" "$second" "and answers as before, bit for bit"

# ---- a target that is gone ----
call s3 rm "sagemaker-us-east-1-123456789012/back/models/$v1"
back -auto-approve
is_exit 1 "a rollback target that is gone is refused"
back -auto-approve --to "$(echo "$v1" | cut -c13-28)"
is_exit 1 "by name, too"
has_err "is gone" "it says so"
is "$(route)" "$v2" "and what is live stays"

mme destroy "$spec"
is_exit 0 "destroy"
is "$(count_things '/back/')" 0 "leaves no version behind"
done_testing
