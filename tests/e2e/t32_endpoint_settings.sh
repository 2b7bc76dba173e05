#!/bin/sh
# What a change of the endpoint's settings replaces: instances a config, the container a model and a config, tags nothing.
. tests/e2e/lib.sh

fast_local
spec=$(copy_demo set)
mme apply "$spec"
is_exit 0 "apply"
answer=$(predict "$spec" model_fast)
artifacts=$(things | grep /models/)

config() {
    things | sed -n 's/^endpoint set InService \([^ ]*\) .*/\1/p'
}
model() {
    things | sed -n 's/^model \([^ ]*\) .*/\1/p'
}

# changes NAME CREATEMODEL CREATECONFIG UPDATE: what the last apply sent, and that all is well afterwards.
changes() {
    is_exit 0 "$1"
    as_planned "$1"
    is "$(sent CreateModel) $(sent CreateEndpointConfig) $(sent UpdateEndpoint)" "$2 $3 $4" "$1: replaces what it must"
    is "$(sent CreateTrainingJob)" 0 "$1: trains nothing"
    is "$(count_things '^endpoint-config ') $(count_things '^model ')" "1 1" "$1: leaves one config and one model"
    is "$(predict "$spec" model_fast)" "$answer" "$1: the same prediction"
    mme plan "$spec" -detailed-exitcode
    is_exit 0 "$1: nothing is left to do"
}

described() { # OPERATION NAME-MEMBER NAME
    call sm "$1" "{\"$2\": \"$3\"}"
}

edit "$spec" '/^  endpoint:/,$s/ml\.m5\.large/ml.m5.xlarge/'
mme plan "$spec"
has_out '# aws_sagemaker_endpoint_configuration.this must be replaced' "the plan replaces the config"
has_out '# aws_sagemaker_endpoint.this will be updated in-place' "and updates the endpoint"
has_out 'rolls once to new instances' "and says that it rolls"
has_out 'ml\.m5\.xlarge' "and to what"
mme apply "$spec"
changes "instance type" 0 1 1
is "$(described DescribeEndpointConfig EndpointConfigName "$(config)" | grep -c 'ml\.m5\.xlarge')" 1 "instance type: SageMaker knows"

edit "$spec" '/^  endpoint:/,$s/count: 1/count: 2/'
mme apply "$spec"
changes "instance count" 0 1 1
is "$(described DescribeEndpoint EndpointName set | grep -Ec '"(Current|Desired)InstanceCount": ?2')" 1 "instance count: two run"

printf '    container: {environment: {SAGEMAKER_NUM_MODEL_WORKERS: "1"}}\n' >>"$spec"
mme apply "$spec"
changes "environment" 1 1 1
is "$(described DescribeModel ModelName "$(model)" | grep -c 'SAGEMAKER_NUM_MODEL_WORKERS')" 1 "environment: SageMaker knows"

printf '    modelCache: disabled\n' >>"$spec"
mme apply "$spec"
changes "modelCache" 1 1 1
is "$(described DescribeModel ModelName "$(model)" | grep -Ec '"ModelCacheSetting": ?"Disabled"')" 1 "modelCache: SageMaker knows"

before=$(things | grep -E '^(object|training-job) ' | grep -v /control/)
name=$(config)
edit "$spec" 's/tags: {project: mme-demo}/tags: {project: other, team: risk}/'
mme plan "$spec"
lacks_out 'must be replaced' "tags: the plan replaces nothing"
mme apply "$spec"
changes "tags" 0 0 0
is "$(config)" "$name" "tags: the same config serves"
arn=$(described DescribeEndpoint EndpointName set | sed 's/.*"EndpointArn": *"\([^"]*\)".*/\1/')
is "$(call sm ListTags "{\"ResourceArn\": \"$arn\"}" | grep -c '"other".*"risk"\|"risk".*"other"')" 1 "tags: the endpoint has them"
same_things "tags: objects and jobs are untouched" "$before" '^(object s3://[^/]*/set/(data|models|training)|training-job) '
same_things "the artifacts were never touched by any of this" "$artifacts" /models/
done_testing
