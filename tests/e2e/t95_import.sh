#!/bin/sh
# An endpoint made with boto3, the way the tutorial does, becomes mmectl's: nothing is trained, nothing of it is touched.
. tests/e2e/lib.sh

import() {
    rm -f "$T/trace"
    run "$MMECTL" import "$@" -auto-approve --local --stats --trace="$T/trace"
}

fast_local
ok "the tutorial's scripts make an endpoint" "$PYTHON" tests/e2e/tutorial.py tutorial demo team=risk
spec=$(copy_demo demo)
edit "$spec" 's/bucket: ""/bucket: tutorial/'
tail -n 3 examples/data/breast-cancer-validation.csv | cut -d, -f2- >"$T/rows.csv"
answer=$(call invoke demo model_fast.tar.gz "$T/rows.csv")
theirs_are='^(model|endpoint-config) multi-model|tutorial/mme/|^training-job'
theirs=$(things | grep -E "$theirs_are")

mme plan "$spec"
is_exit 1 "plan does not take it over by itself"
has_err "^hint: .*'mmectl import' takes it over" "and says what does"

before=$(things)
run "$MMECTL" import "$spec" --local
is_exit 1 "import asks, and there is nobody to ask"
has_err "^Error: 'import' needs a yes" "and says so"
same_things "nothing has changed" "$before"

import "$spec"
is_exit 0 "import"
has_out '^  # aws_sagemaker_endpoint\.this will be imported$' "the endpoint"
has_out '^Plan: 1 to import, 5 to add, 0 to change, 0 to destroy\.$' "with its five artifacts"
has_out '^Import complete! Resources: 1 imported, 5 added, 0 changed, 0 destroyed\.$' "and it did so"
has_out 'delete-endpoint-config --endpoint-config-name multi-model-config-1$' "the old configuration is the user's to remove"
has_out 'it rolls once' "the roll of the next apply is said"
is "$(sent CreateTrainingJob)$(sent UpdateEndpoint)$(sent CreateModel)" 000 "nothing is trained, made or rolled"
same_things "what the scripts made is untouched" "$theirs" "$theirs_are"
is "$(call invoke demo model_fast.tar.gz "$T/rows.csv")" "$answer" "the endpoint answers as before"
arn=arn:aws:sagemaker:us-east-1:123456789012:endpoint/demo
call sm ListTags "{\"ResourceArn\": \"$arn\"}" >"$T/out"
has_out '"team"' "its own tags stay"
has_out '"mmectl:uid"' "ours are on it"

import "$spec" -json
is_exit 0 "import -json, with nothing to import"
ok "import -json: a document" "$PYTHON" -I -S tests/e2e/json_check.py document "$T/out"
has_out '^      "endpoint": null,$' "import -json: the endpoint is ours already"
import "$spec"
is_exit 0 "import again"
has_out '^Nothing to import' "has nothing to do"
is "$(stat_of mutating)" 0 "and does nothing"

mme plan "$spec"
has_out '^Plan: 4 to add, 1 to change, 0 to destroy\.$' "plan: the data, a model and configuration of ours, one roll"
lacks_out 'aws_sagemaker_training_job' "no training"
mme apply "$spec"
is_exit 0 "apply"
as_planned "apply"
is "$(sent CreateTrainingJob)" 0 "nothing is trained by it"
is "$(call invoke demo model_fast.tar.gz "$T/rows.csv")" "$answer" "the same model answers under the same name"
run "$MMECTL" test "$spec" --local
is_exit 0 "test"
has_out '^5 models, 0 failed\.$' "every model answers"
mme plan "$spec" -detailed-exitcode
is_exit 0 "nothing is left to do"
call s3 get tutorial/demo/control/stack.json >"$T/out"
has_out '"by": "import, ' "the record says that they were imported"
same_things "what the scripts made is still there" "$theirs" "$theirs_are"
mme destroy "$spec"
is_exit 0 "destroy"
same_things "and stays after destroy, too" "$theirs" "$theirs_are"

# ---- what is refused, before anything is changed ----

call sm CreateEndpoint '{"EndpointName": "demo", "EndpointConfigName": "multi-model-config-1",
    "Tags": [{"Key": "ManagedBy", "Value": "Terraform"}]}' >/dev/null
"$MMECTL" validate "$spec" >/dev/null
before=$(things)
refused() { # NAME EXIT MESSAGE [OPTION...]
    name=$1 wanted=$2 message=$3
    shift 3
    import "$spec" "$@"
    is_exit "$wanted" "$name"
    has_err "^Error: $message" "$name: says why"
    has_err '^hint: ' "$name: says what to do"
    is "$(stat_of mutating)" 0 "$name: changes nothing"
}
refused "another tool's tag" 6 "endpoint 'demo' is managed by .*'ManagedBy' = 'Terraform'"
refused "an artifact that is not there" 1 "model 'model_fast': there is no object" --allow-managed --from=model_fast=nothing.tar.gz
import "$spec" --from=nobody=x.tar.gz
is_exit 64 "a model that is not in the spec"
single='{"Image": "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1", "ModelDataUrl": "s3://tutorial/mme/models/model_fast.tar.gz"}'
call sm CreateModel "{\"ModelName\": \"single\", \"ExecutionRoleArn\": \"arn:aws:iam::123456789012:role/SageMaker\", \"PrimaryContainer\": $single}" >/dev/null
call sm CreateEndpointConfig '{"EndpointConfigName": "single", "ProductionVariants": [{"VariantName": "AllTraffic", "ModelName": "single",
    "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}]}' >/dev/null
call sm CreateEndpoint '{"EndpointName": "single", "EndpointConfigName": "single"}' >/dev/null
edit "$spec" '/^  endpoint:/,$s/name: demo/name: single/'
refused "an endpoint with a single model" 6 "endpoint 'single' cannot be imported: .*not MultiModel"
edit "$spec" '/^  endpoint:/,$s/name: single/name: nowhere/'
refused "no such endpoint" 1 "there is no endpoint 'nowhere' to import"
edit "$spec" '/^  endpoint:/,$s/name: nowhere/name: demo/'

# ---- options, and the other way of naming targets ----

call s3 get tutorial/mme/models/model_deep.tar.gz >"$T/deep.tar.gz"
call s3 put tutorial/elsewhere/deep.tar.gz "$T/deep.tar.gz"
call s3 rm tutorial/mme/models/model_deep.tar.gz
call s3 put tutorial/mme/models/model_extra.tar.gz "$T/deep.tar.gz"
edit "$spec" 's/targetModels: stable/targetModels: versioned/'
import "$spec" --allow-managed --leave-out=model_balanced --from=model_deep=s3://tutorial/elsewhere/deep.tar.gz
is_exit 0 "import with a model from elsewhere, and without another"
has_out '^Plan: 1 to import, 4 to add' "four artifacts"
has_out '^Not imported, so the next apply makes it: model_balanced$' "the fifth is made by apply"
has_err "^Warning: callers send TargetModel 'model_aggressive\.tar\.gz' now and .*, and so for 2 more models" "that callers have to change is said"
has_err "^Warning: the endpoint serves 1 artifact that no model of the spec is: 'model_extra\.tar\.gz'" "so is what they will miss"
mme apply "$spec"
is_exit 0 "apply"
is "$(sent CreateTrainingJob)" 1 "one model is trained"
run "$MMECTL" test "$spec" --local
has_out '^5 models, 0 failed\.$' "every model answers"
mme plan "$spec" -detailed-exitcode
is_exit 0 "nothing is left to do"

# ---- killed on the way ----

mme destroy "$spec"
call sm CreateEndpoint '{"EndpointName": "demo", "EndpointConfigName": "multi-model-config-1"}' >/dev/null
call s3 put tutorial/mme/models/model_deep.tar.gz "$T/deep.tar.gz"
edit "$spec" 's/targetModels: versioned/targetModels: stable/'
for operation in PutObject CopyObject AddTags; do
    fault "{\"operation\": \"$operation\", \"nth\": 2, \"kind\": \"error\", \"status\": 403, \"code\": \"AccessDenied\", \"message\": \"no\"}" \
        "{\"operation\": \"AddTags\", \"times\": 1, \"kind\": \"error\", \"status\": 400, \"code\": \"AccessDeniedException\", \"message\": \"no\"}"
    import "$spec" -json
    isnt "$exit" 0 "import that fails at $operation"
    has_out '^      "complete": false$' "import -json: and says so"
    call nofaults
done
import "$spec" -json
is_exit 0 "import again finishes it"
ok "import -json: a document" "$PYTHON" -I -S tests/e2e/json_check.py document "$T/out"
is "$("$PYTHON" -I -S -c 'import json, sys; s, = json.load(open(sys.argv[1]))["stacks"]; print(
    s["complete"], s["stack"], s["endpoint"]["endpoint_config_name"], s["next_apply_rolls"], s["not_imported"], [l["what"] for l in s["left"]][:1])' "$T/out")" \
    "True demo multi-model-config-1 True [] ['endpoint configuration']" "import -json: what was taken over, what comes, what stays"
mme apply "$spec"
is_exit 0 "apply"
is "$(sent CreateTrainingJob)" 0 "and nothing is trained"
mme plan "$spec" -detailed-exitcode
is_exit 0 "nothing is left to do"
done_testing
