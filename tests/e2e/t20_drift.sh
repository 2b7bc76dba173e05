#!/bin/sh
# Things of the stack are deleted or overwritten behind its back: the plan says what is missing, apply heals it.
. tests/e2e/lib.sh

fast_local
bucket=sagemaker-us-east-1-123456789012

healed() { # NAME
    is_exit 0 "$1: apply heals it"
    grep -q '^Plan: ' "$T/out" && as_planned "$1"
    is "$(sent CreateTrainingJob)" 0 "$1: nothing is trained again"
    is "$(predict "$spec" model_fast)" "$fast" "$1: the same prediction"
    is "$(predict "$spec" model_deep)" "$deep" "$1: of another model, too"
    mme plan "$spec" -detailed-exitcode
    is_exit 0 "$1: nothing is left to do"
}

drift() { # MODE
    mode=$1
    spec=$(copy_demo "drift-$mode")
    edit "$spec" "s/targetModels: stable.*/targetModels: $mode #/"
    mme apply "$spec"
    is_exit 0 "$mode: apply"
    fast=$(predict "$spec" model_fast)
    deep=$(predict "$spec" model_deep)
    home=$bucket/drift-$mode

    # ---- endpoint ----
    call sm DeleteEndpoint "{\"EndpointName\": \"drift-$mode\"}" >/dev/null
    call things >/dev/null
    mme plan "$spec" -detailed-exitcode
    is_exit 2 "$mode: the endpoint is missed"
    has_out '# aws_sagemaker_endpoint.this will be created' "$mode: and is to be made"
    lacks_out '# aws_sagemaker_training_job|# aws_s3_object.model.* (will be created|must be replaced)' "$mode: without touching a model"
    mme apply "$spec"
    healed "$mode, endpoint deleted"

    # ---- config, which the endpoint does not need to serve ----
    config=$(things | sed -n "s/^endpoint-config \(drift-$mode-[^ ]*\) .*/\1/p")
    call sm DeleteEndpointConfig "{\"EndpointConfigName\": \"$config\"}" >/dev/null
    mme plan "$spec" -detailed-exitcode
    is_exit 2 "$mode: the config is missed"
    has_out '# aws_sagemaker_endpoint_configuration.this will be created|# aws_sagemaker_endpoint_configuration.this must be replaced' "$mode: and is to be made"
    mme apply "$spec"
    healed "$mode, config deleted"

    # ---- model ----
    model=$(things | sed -n "s/^model \(drift-$mode-[^ ]*\) .*/\1/p")
    call sm DeleteModel "{\"ModelName\": \"$model\"}" >/dev/null
    mme plan "$spec" -detailed-exitcode
    is_exit 2 "$mode: the model is missed"
    mme apply "$spec"
    healed "$mode, model deleted"

    # ---- all three ----
    config=$(things | sed -n "s/^endpoint-config \(drift-$mode-[^ ]*\) .*/\1/p")
    model=$(things | sed -n "s/^model \(drift-$mode-[^ ]*\) .*/\1/p")
    call sm DeleteEndpoint "{\"EndpointName\": \"drift-$mode\"}" >/dev/null
    call sm DeleteEndpointConfig "{\"EndpointConfigName\": \"$config\"}" >/dev/null
    call sm DeleteModel "{\"ModelName\": \"$model\"}" >/dev/null
    mme plan "$spec"
    has_out '^Plan: 3 to add, 0 to change, 0 to destroy\.$' "$mode: all three are to be made"
    mme apply "$spec"
    healed "$mode, all three deleted"

    # ---- artifacts ----
    artifact=$(call s3 ls "$home/models/" | grep model_fast)
    call s3 rm "$bucket/$artifact"
    mme plan "$spec"
    has_out '# aws_s3_object.model\["model_fast"\] will be created' "$mode: a deleted artifact is to be made"
    lacks_out '# .*model_deep' "$mode: and no other"
    mme apply "$spec"
    healed "$mode, artifact deleted"

    artifact=$(call s3 ls "$home/models/" | grep model_fast)
    call s3 ls "$home/models/" | grep model_deep >"$T/deep"
    call s3 get "$bucket/$(cat "$T/deep")" >"$T/other"
    call s3 put "$bucket/$artifact" "$T/other"
    mme plan "$spec" -detailed-exitcode
    is_exit 2 "$mode: an overwritten artifact is noticed"
    has_out '# aws_s3_object.model\["model_fast"\] must be replaced' "$mode: and is to be replaced"
    has_out 'changed outside|overwritten' "$mode: and why"
    has_err "^Warning: the artifact of model 'model_fast' was overwritten outside mmectl" "$mode: with a warning"
    mme apply "$spec"
    healed "$mode, artifact overwritten"
    is "$(call s3 ls "$home/models/" | grep -c .)" 5 "$mode, artifact overwritten: and nothing lies around"

    # ---- training data: nothing needs it now, but it is the stack's ----
    data=$(call s3 ls "$home/data/" | grep train)
    call s3 rm "$bucket/$data"
    mme plan "$spec"
    has_out '^Plan: 1 to add, 0 to change, 0 to destroy\.$' "$mode: deleted training data is to be uploaded"
    mme apply "$spec"
    healed "$mode, data deleted"
    call s3 put "$bucket/$data" "$T/rows.csv"
    mme plan "$spec"
    has_out '# aws_s3_object.data\["train"\] must be replaced' "$mode: overwritten training data is to be replaced"
    mme apply "$spec"
    healed "$mode, data overwritten"

    # ---- the record: without it, the plan for what exists is the same ----
    call s3 rm "$home/control/stack.json"
    before=$(things | grep -v /control/)
    mme plan "$spec"
    is_exit 0 "$mode: a plan without the record"
    lacks_out '^  # ' "$mode: the plan without the record has no change"
    mme apply "$spec"
    is_exit 0 "$mode: apply without the record"
    same_things "$mode: changes nothing but the record" "$before" '^(bucket|object s3://[^/]*/[^/]*/(data|models|training)|training-job|model|endpoint)'
    is "$(call s3 ls "$home/control/")" "drift-$mode/control/stack.json" "$mode: which is there again"
    healed "$mode, record deleted"

    # A difference and no record at the same time.
    call s3 rm "$home/control/stack.json"
    edit "$spec" 's/eta: 0\.4/eta: 0.04/'
    mme apply "$spec"
    is_exit 0 "$mode: a change without the record"
    is "$(sent CreateTrainingJob)" 1 "$mode: trains that one model"
    is "$(predict "$spec" model_deep)" "$deep" "$mode: another one is as it was"
    fast=$(predict "$spec" model_fast)
    mme plan "$spec" -detailed-exitcode
    is_exit 0 "$mode: nothing is left to do"

    # ---- a record that cannot be read ----
    echo '{"format": 1, "serial": ' >"$T/broken"
    call s3 put "$home/control/stack.json" "$T/broken"
    mme apply "$spec"
    healed "$mode, record corrupted"

    # ---- a record of a later version of mmectl ----
    echo '{"format": 99}' >"$T/later"
    call s3 put "$home/control/stack.json" "$T/later"
    before=$(things)
    mme apply "$spec"
    is_exit 6 "$mode: a record of a later format is refused"
    has_err '^Error: .*99' "$mode: by its number"
    same_things "$mode: and nothing is changed" "$before"
}

drift stable
drift versioned
done_testing
