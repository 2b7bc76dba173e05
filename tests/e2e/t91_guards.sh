#!/bin/sh
# What apply refuses without being told twice: exit 6, before anything is changed, and the flag that lets it through.
. tests/e2e/lib.sh

fast_local
spec=$(copy_demo guard)
mme apply "$spec"
is_exit 0 "apply"

guards() { # NAME MESSAGE HINT SPEC [OPTION...]: the plan warns, apply refuses, nothing is changed
    name=$1 message=$2 hint=$3
    shift 3
    mme plan "$@"
    is_exit 0 "$name: a plan is made"
    has_err "^Warning: $message" "$name: with a warning"
    mme plan "$@" -json
    is "$("$PYTHON" -I -S -c 'import json, sys; d = json.load(open(sys.argv[1])); print(d["applyable"], len(d["mmectl"]["guards"]))' "$T/out")" \
        "False 1" "$name: in JSON it cannot be applied"
    mme plan "$@" -format=markdown
    has_out '^### :no_entry: Apply will refuse this$' "$name: a reviewer sees it"
    before=$(things)
    mme apply "$@"
    is_exit 6 "$name: apply refuses"
    has_err "^Error: $message" "$name: and says why"
    has_err "^hint: .*$hint" "$name: and what lets it through"
    is "$(stat_of mutating)" 0 "$name: no request changed anything"
    same_things "$name: nothing is changed" "$before"
    is "$(count_things control/lease)" 0 "$name: no lease is left behind"
}

# ---- an empty spec ----
sed '/^  models:/,/^  endpoint:/{/^  endpoint:/!d}; s/^  endpoint:/  models: []\n&/' "$spec" >"$T/guard/empty.yaml"
guards "empty" "the spec of stack 'guard' has no models: its 5 models and the endpoint would be deleted" "--allow-empty" "$T/guard/empty.yaml"
mme apply "$T/guard/empty.yaml" --allow-empty
is_exit 0 "empty: --allow-empty"
is "$(count_things '^(endpoint|model) guard')" 0 "empty: the endpoint and its model are gone"
is "$(call s3 ls sagemaker-us-east-1-123456789012/guard/models/ | grep -c .)" 0 "empty: and the artifacts"
mme plan "$T/guard/empty.yaml" -detailed-exitcode
is_exit 0 "empty: nothing is left to do, and nothing to refuse"
for command in validate status cost; do
    run "$MMECTL" "$command" "$T/guard/empty.yaml" $([ $command = validate ] || echo --local)
    is_exit 0 "empty: $command"
done
mme apply "$spec"
is_exit 0 "empty: the models come back"
has_out '^Apply complete!' "empty: whole"
mme destroy "$spec"

# ---- many deletions ----
many() { # COUNT: a spec with so many models of the user's own
    sed '/^  training:/,/^  endpoint:/{/^  endpoint:/!d}; s/^\(  endpoint:\)/  models:\n@\n\1/' "$spec" |
        awk -v n="$1" '$0 == "@" { for (i = 1; i <= n; i++) printf "    - {name: m%02d, artifact: model.tar.gz}\n", i; next } { print }' >"$T/guard/many.yaml"
}
mme apply "$spec"
call s3 get "sagemaker-us-east-1-123456789012/$(call s3 ls sagemaker-us-east-1-123456789012/guard/models/ | head -n 1)" >"$T/guard/model.tar.gz"
mme destroy "$spec"
many 23
mme apply "$T/guard/many.yaml"
is_exit 0 "23 models"
many 3
mme plan "$T/guard/many.yaml"
lacks_err 'would be deleted' "20 may go"
many 2
guards "deletes" "21 of the 23 models of stack 'guard' would be deleted; up to 20 go without asking" "--allow-deletes=21" "$T/guard/many.yaml"
mme apply "$T/guard/many.yaml" --allow-deletes=20
is_exit 6 "deletes: 20 are not enough"
mme apply "$T/guard/many.yaml" '-target=aws_s3_object.model["m2*"]'
is_exit 0 "deletes: a few at a time are no matter"
mme apply "$T/guard/many.yaml" --allow-deletes=21
is_exit 0 "deletes: --allow-deletes"
is "$(call s3 ls sagemaker-us-east-1-123456789012/guard/models/ | grep -c .)" 2 "deletes: two are left"

# ---- a protected endpoint that a rename would take down ----
edit "$T/guard/many.yaml" 's/^  endpoint:$/&\n    protect: true/'
mme apply "$T/guard/many.yaml"
is_exit 0 "protected"
sed 's/^  endpoint:$/&\n    name: renamed/; s/^    protect: true$//' "$T/guard/many.yaml" | sed '0,/^    name: guard$/{/^    name: guard$/d}' >"$T/guard/renamed.yaml"
guards "rename" "endpoint 'guard' has 'protect: true' and would be deleted" "--allow-destroy=guard" "$T/guard/renamed.yaml"
guards "replace" "endpoint 'guard' has 'protect: true' and would be deleted" "--allow-destroy=guard" "$T/guard/many.yaml" -replace=aws_sagemaker_endpoint.this
mme plan "$T/guard/many.yaml" -destroy
has_err "^Warning: stack 'guard' is protected: its endpoint has 'protect: true'" "destroy: a plan warns"
mme apply "$T/guard/renamed.yaml" --allow-destroy=guard
is_exit 0 "rename: --allow-destroy"
is "$(things | sed -n 's/^endpoint \([^ ]*\) .*/\1/p')" renamed "rename: the endpoint has the new name"

# ---- another region, another account ----
mme plan "$T/guard/renamed.yaml" --region eu-west-1
is_exit 6 "another region than the spec's"
has_err "^Error: the spec is for region 'us-east-1', and 'eu-west-1' is asked for" "is named"
has_err 'hint: leave --region out, or change spec.region' "with what to change"
mme plan "$T/guard/renamed.yaml" --region us-east-1
is_exit 0 "the same region may be said twice"
sed 's/^  region: us-east-1$/  account: "210987654321"/; s/::123456789012:/::210987654321:/' "$T/guard/renamed.yaml" >"$T/guard/other.yaml"
mme plan "$T/guard/other.yaml" --region us-east-1
is_exit 6 "another account than the spec's"
has_err "the credentials belong to account '123456789012', the spec is for '210987654321'" "is named"
done_testing
