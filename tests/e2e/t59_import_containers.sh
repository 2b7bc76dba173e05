#!/bin/sh
# A multi-container endpoint that somebody made by hand becomes mmectl's: its models are copied from its containers, nothing is
# trained, and nothing of it is touched.
. tests/e2e/lib.sh

import() {
    rm -f "$T/trace"
    run "$MMECTL" import "$@" -auto-approve --local --stats --trace="$T/trace"
}

fast_local
# Made by mmectl as another stack, and let go of, with the objects moved: what is left is an endpoint that no stack made.
mkdir -p "$T/a"
cp -r examples/data "$T/a/data"
sed 's/name: multi-container$/name: theirs/' examples/multi-container.yaml >"$T/a/theirs.yaml"
mme apply "$T/a/theirs.yaml"
is_exit 0 "another stack with two containers"
bucket=sagemaker-us-east-1-123456789012
call s3 mb their-models
for name in screening diagnosis; do
    key=$(call s3 ls "$bucket/theirs/models/" | sed -n "s/ .*//;/$name/p")
    call s3 get "$bucket/$key" >"$T/$name.tar.gz"
    call s3 put "their-models/$name-v7/model.tar.gz" "$T/$name.tar.gz"
done
mme destroy "$T/a/theirs.yaml"
is_exit 0 "which goes again"
image=683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1
container() { # NAME
    printf '{"ContainerHostname": "%s", "Image": "%s", "ModelDataUrl": "s3://their-models/%s-v7/model.tar.gz"}' "$1" $image "$1"
}
role=arn:aws:iam::123456789012:role/SageMakerExecutionRole
call sm CreateModel "{\"ModelName\": \"by-hand\", \"ExecutionRoleArn\": \"$role\", \"InferenceExecutionConfig\": {\"Mode\": \"Direct\"},
    \"Containers\": [$(container screening), $(container diagnosis), $(container screening | sed 's/screening"/third"/')]}" >/dev/null
call sm CreateEndpointConfig '{"EndpointConfigName": "by-hand", "ProductionVariants": [{"VariantName": "AllTraffic",
    "ModelName": "by-hand", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}]}' >/dev/null
call sm CreateEndpoint '{"EndpointName": "multi-container", "EndpointConfigName": "by-hand"}' >/dev/null

spec=$T/a/mme.yaml
cp examples/multi-container.yaml "$spec"
rows=examples/data/known-cases.csv
answer() {
    "$MMECTL" invoke "$spec" --local --container screening --data "$rows" | tr '\n' ' '
}
before=$(answer)

{
    sed '/^  endpoint:/,$d' "$spec"
    printf '  models: [{name: screening, hyperparameters: {num_round: 2}}]\n  endpoint: {instance: {type: ml.m5.large}}\n'
} >"$T/a/multi.yaml"
import "$T/a/multi.yaml"
is_exit 6 "a multi-model spec does not take it over"
has_err "its model has several containers" "and says why"
has_err "^hint: .*write them into the spec" "and what helps"

import "$spec"
is_exit 0 "import"
has_out 'Plan: 1 to import, 2 to add, 0 to change, 0 to destroy' "the endpoint, with the models of its two containers"
has_out 'copied from s3://their-models/screening-v7/model.tar.gz' "each from its container"
has_out 'aws s3 rm s3://their-models/diagnosis-v7/model.tar.gz' "what stays is named, one by one"
lacks_out 'aws s3 rm --recursive' "and no folder that may hold other things"
has_err "the endpoint has container 'third', which the spec has not" "a container that will go is told"
lacks_err 'callers send TargetModel' "no TargetModel is talked of"
is "$(sent CreateTrainingJob)$(sent UpdateEndpoint)$(sent CreateModel)" 000 "nothing is trained, made or rolled"
mme plan "$spec"
lacks_out 'aws_sagemaker_training_job' "plan: no training"
mme apply "$spec"
is_exit 0 "apply"
as_planned "apply"
is "$(sent CreateTrainingJob) $(sent UpdateEndpoint)" "0 1" "nothing is trained; one roll"
is "$(answer)" "$before" "the same model answers under the same name"
is "$(things | grep -c 'by-hand')" 2 "their model and configuration stay"
mme plan "$spec" -detailed-exitcode
is_exit 0 "nothing is left to do"

# A multi-model endpoint is not taken over by a spec with containers.
call sm CreateModel "{\"ModelName\": \"mm\", \"ExecutionRoleArn\": \"$role\", \"PrimaryContainer\": {\"Image\": \"$image\",
    \"Mode\": \"MultiModel\", \"ModelDataUrl\": \"s3://their-models/\"}}" >/dev/null
call sm CreateEndpointConfig '{"EndpointConfigName": "mm", "ProductionVariants": [{"VariantName": "AllTraffic",
    "ModelName": "mm", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}]}' >/dev/null
call sm CreateEndpoint '{"EndpointName": "mm", "EndpointConfigName": "mm"}' >/dev/null
sed 's/name: multi-container$/name: mm/' "$spec" >"$T/a/mm.yaml"
import "$T/a/mm.yaml"
is_exit 6 "a spec with containers does not take over a multi-model endpoint"
has_err "its model has one container, and the spec has 'endpoint.containers'" "and says why"
done_testing
