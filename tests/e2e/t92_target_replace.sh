#!/bin/sh
# -target and -replace: a part of the plan, and the same once more.
. tests/e2e/lib.sh

fast_local
for mode in stable versioned; do
    spec=$(copy_demo "part-$mode")
    edit "$spec" "s/targetModels: stable.*/targetModels: $mode #/"
    mme apply "$spec" '-target=aws_s3_object.model["model_fast"]' '-target=aws_s3_object.model[model_deep]'
    is_exit 0 "$mode: two models of a new stack"
    has_err '^Warning: Resource targeting is in effect' "$mode: with Terraform's warning"
    is "$(sent CreateTrainingJob)" 2 "$mode: only they are trained"
    is "$(sent CreateEndpoint)" 0 "$mode: and nothing serves yet"
    mme apply "$spec"
    is_exit 0 "$mode: the rest"
    is "$(sent CreateTrainingJob)" 3 "$mode: trains the other three"
    mme plan "$spec" -detailed-exitcode
    is_exit 0 "$mode: nothing is left"

    deep=$(predict "$spec" model_deep)
    fast=$(predict "$spec" model_fast)
    edit "$spec" 's/eta: 0\.4/eta: 0.04/; s/num_round: 50, max_depth: 8/num_round: 5, max_depth: 3/'
    mme apply "$spec" '-target=aws_s3_object.model["model_f*"]'
    is_exit 0 "$mode: one of two changed models"
    as_planned "$mode: one of two"
    is "$(predict "$spec" model_deep)" "$deep" "$mode: the other one answers as before"
    isnt "$(predict "$spec" model_fast)" "$fast" "$mode: this one does not"
    mme plan "$spec" '-target=aws_s3_object.model["model_fast"]' -json
    is "$("$PYTHON" -I -S -c 'import json, sys; d = json.load(open(sys.argv[1])); print(d["complete"], d["applyable"])' "$T/out")" \
        "False False" "$mode: the target is done, the plan is not complete"
    mme plan "$spec" '-target=aws_s3_object.model["model_fast"]'
    has_out '^No changes\. The targets match the configuration; [0-9]+ other change' "$mode: which the text says, too"
    mme apply "$spec"
    is_exit 0 "$mode: the rest of it"
    isnt "$(predict "$spec" model_deep)" "$deep" "$mode: the other one follows"
    mme plan "$spec" -detailed-exitcode
    is_exit 0 "$mode: nothing is left then"

    # ---- again ----
    mme apply "$spec" -replace=aws_sagemaker_endpoint.this
    is_exit 0 "$mode: the endpoint again"
    as_planned "$mode: the endpoint again"
    is "$(sent DeleteEndpoint)/$(sent CreateEndpoint)/$(sent UpdateEndpoint)" 1/1/0 "$mode: deleted and created"
    mme apply "$spec" '-replace=aws_s3_object.data["train"]'
    is_exit 0 "$mode: training data again"
    mme plan "$spec" -detailed-exitcode
    is_exit 0 "$mode: and there is no difference"
done

spec=$T/part-stable/mme.yaml
mme apply "$spec" '-replace=aws_sagemaker_training_job.model["model_fast"]'
is_exit 0 "a model is trained again"
is "$(sent CreateTrainingJob)" 1 "by one job"
is "$(count_things '^training-job part-stable-.*-2 ')" 1 "which is the second attempt"
mme plan "$spec" -detailed-exitcode
is_exit 0 "and there is no difference"
mme apply "$spec" '-replace=aws_s3_object.model["model_fast"]'
is_exit 0 "an artifact is put there again"
is "$(sent CreateTrainingJob)" 0 "from its job"
before=$(things)
mme apply "$T/part-versioned/mme.yaml" '-replace=aws_s3_object.model["model_fast"]'
is_exit 64 "versioned: a key is never overwritten"
has_err "cannot be replaced by the same: its key 'part-versioned/models/model_fast--" "and says so"

for address in aws_s3_bucket.this aws_sagemaker_model.this aws_sagemaker_endpoint_configuration.this; do
    mme apply "$spec" "-replace=$address"
    is_exit 64 "$address cannot be replaced"
    has_err "^Error: '$address' cannot be replaced: " "which is said"
done
mme apply "$spec" '-target=aws_s3_object.model["model_fats"]'
is_exit 64 "an address that nothing has"
has_err "^hint: did you mean 'aws_s3_object.model\\[\"model_fast\"\\]'\\?" "with the nearest"
mme destroy "$spec" '-target=aws_sagemaker_endpoint.this'
is_exit 64 "destroy takes it all"
same_things "and none of these changed anything" "$before"
done_testing
