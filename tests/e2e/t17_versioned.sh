#!/bin/sh
# versioned mode: changing, adding, removing and failing to train a variant never roll the endpoint; what clients are to
# call is in the record, and one older version is kept.
. tests/e2e/lib.sh

fast_local
spec=$(copy_demo ver)
edit "$spec" 's/targetModels: stable.*/targetModels: versioned/'
bucket=sagemaker-us-east-1-123456789012

route() {
    "$MMECTL" route --local -f "$spec" "$1"
}

# Calls a TargetModel directly, as a client that kept an old one would.
direct() {
    call invoke ver "$1" "$T/rows.csv" | tr '\n' ' '
}

no_roll() {
    is "$(sent UpdateEndpoint) $(sent CreateModel) $(sent CreateEndpointConfig)" "0 0 0" "$1: nothing rolls"
}

drop_model "$spec" model_balanced
mme apply "$spec"
is_exit 0 "apply"
first=$(route model_fast)
is "$(printf '%s\n' "$first" | grep -Ec '^model_fast--[0-9a-f]{16}\.tar\.gz$')" 1 "route prints a name with the fingerprint"
is "$(call s3 ls "$bucket/ver/models/" | grep -c "/$first\$")" 1 "which is an object of the endpoint"
old=$(predict "$spec" model_fast)
is "$(direct "$first")" "$old" "invoke calls that TargetModel"
serving=$(things | grep -E '^(endpoint|endpoint-config|model) ')

# ---- change ----
edit "$spec" 's/eta: 0\.4/eta: 0.05/'
mme apply "$spec"
is_exit 0 "change"
is "$(sent CreateTrainingJob)" 1 "change: one job"
no_roll change
second=$(route model_fast)
isnt "$second" "$first" "change: route prints another TargetModel"
new=$(predict "$spec" model_fast)
isnt "$new" "$old" "change: the new content is served"
is "$(direct "$second")" "$new" "change: under the new TargetModel"
is "$(direct "$first")" "$old" "change: the version before is retained and answers"
same_things "change: endpoint, config and model are the same" "$serving" '^(endpoint|endpoint-config|model) '
mme plan "$spec" -detailed-exitcode
is_exit 0 "change: a retained version is no difference"

edit "$spec" 's/eta: 0\.05/eta: 0.06/'
mme apply "$spec"
is_exit 0 "change again"
as_planned "change again"
no_roll "change again"
third=$(route model_fast)
is "$(call s3 ls "$bucket/ver/models/" | grep -c "/$first\$")" 0 "change again: the version before the last is removed"
is "$(call s3 ls "$bucket/ver/models/" | grep -c "/$second\$")" 1 "change again: the last one is kept"

# ---- back to a version that is still there: nothing is trained or copied ----
edit "$spec" 's/eta: 0\.06/eta: 0.05/'
mme apply "$spec"
is_exit 0 "back"
is "$(sent CreateTrainingJob)" 0 "back: no job"
no_roll back
is "$(route model_fast)" "$second" "back: to the same TargetModel"
is "$(call s3 ls "$bucket/ver/models/" | grep -c "/$third\$")" 1 "back: the version that was left is kept"
mme plan "$spec" -detailed-exitcode
is_exit 0 "back: nothing is left to do"

# ---- remove ----
deep=$(route model_deep)
before=$(call s3 ls "$bucket/ver/models/" | grep -v "/$deep\$")
cp "$spec" "$T/with-deep.yaml"
drop_model "$spec" model_deep
mme apply "$spec"
is_exit 0 "remove"
has_out '^Apply complete! Resources: 0 added, 0 changed, 1 destroyed\.$' "remove: one thing"
no_roll remove
is "$(call s3 ls "$bucket/ver/models/")" "$before" "remove: exactly its artifact is gone"
run route model_deep
is_exit 1 "remove: it has no TargetModel any more"
same_things "remove: endpoint, config and model are the same" "$serving" '^(endpoint|endpoint-config|model) '

# ---- add ----
before=$(call s3 ls "$bucket/ver/models/")
cp "$T/with-deep.yaml" "$spec"
mme apply "$spec"
is_exit 0 "add"
has_out '^Apply complete! Resources: 1 added, 0 changed, 0 destroyed\.$' "add: one thing"
no_roll add
is "$(route model_deep)" "$deep" "add: the same content has the same TargetModel"
is "$(call s3 ls "$bucket/ver/models/" | grep -v "/$deep\$")" "$before" "add: no other is touched"

# ---- one fails to train ----
edit "$spec" 's/max_depth: 8, eta: 0\.2/max_depth: 8, eta: 0.02/;s/eta: 0\.1}/eta: 0.11}/'
fault '{"operation": "CreateTrainingJob", "kind": "fail", "name": "'"$(job_of "$spec" model_deep)"'", "reason": "AlgorithmError: no"}'
aggressive=$(route model_aggressive)
mme apply "$spec"
is_exit 3 "fail: applied in part"
no_roll fail
is "$(route model_deep)" "$deep" "fail: what was published stays published"
isnt "$(route model_aggressive)" "$aggressive" "fail: the other one is published"
mme apply "$spec"
is_exit 3 "fail: left out the next time"
has_err "^Warning: model 'model_deep' is left out" "fail: with a warning"
is "$(stat_of mutating)" 0 "fail: and nothing is sent"
mme apply "$spec" --retry-failed
is_exit 0 "fail: --retry-failed finishes"
no_roll "fail: --retry-failed"
isnt "$(route model_deep)" "$deep" "fail: and publishes it"
mme plan "$spec" -detailed-exitcode
is_exit 0 "nothing is left to do"
done_testing
