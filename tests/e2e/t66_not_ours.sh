#!/bin/sh
# What is not this stack's is never touched: prefixes, buckets, names and endpoints that are somebody else's stop the plan.
. tests/e2e/lib.sh
. tests/e2e/bad.sh

fast_local
bucket=sagemaker-us-east-1-123456789012
write_spec() { # STACK [PREFIX [BUCKET [ENDPOINT]]]
    spec=$T/$1.yaml
    cat >"$spec" <<SPEC
apiVersion: mmectl/v1
kind: MultiModelEndpoint
metadata:
  name: $1
spec:
  region: us-east-1
  role: arn:aws:iam::123456789012:role/SageMaker
  storage: {bucket: ${3:-$bucket}, prefix: ${2:-$1}}
  training:
    instance: {type: ml.m5.large, count: 1}
    channels:
      train: {source: data/breast-cancer-validation.csv, contentType: text/csv}
    hyperparameters: {objective: "binary:logistic", num_round: 2}
  models:
    - name: model_one
  endpoint:
    name: ${4:-$1}
    instance: {type: ml.m5.large, count: 1}
SPEC
}
cp -r examples/data "$T/data"

# every NAME EXIT MESSAGE PLACE HINT: plan, apply and destroy refuse alike.
every() {
    for command in plan apply destroy; do
        mme $command "$spec"
        refused "$1: $command" "$2" "$3" "$4" "$5"
    done
}

write_spec first deep/first
mme apply "$spec"
is_exit 0 "a stack deploys"
before=$(things)
home="s3://$bucket/deep/first"

# ---- prefixes ----

write_spec second deep/first
every "the same prefix" 1 "the prefix '$home' belongs to another stack, 'first'" "$T/second\\.yaml:8:[0-9]+" "choose another storage\.prefix; .*"
write_spec second deep/first/models
every "a prefix inside" 1 "the prefix '$home/models' lies inside another stack's, '$home'" "$T/second\\.yaml:8:[0-9]+" "choose a storage\.prefix outside of it"
write_spec second deep/first/a/b/c
every "a prefix deep inside" 1 "the prefix '$home/a/b/c' lies inside another stack's, '$home'" "$T/second\\.yaml:8:[0-9]+" "choose a storage\.prefix outside of it"
write_spec second deep
every "a prefix around" 1 "another stack lives inside the prefix 's3://$bucket/deep': 'deep/first/control/stack\.json'" "$T/second\\.yaml:8:[0-9]+" "choose a storage\.prefix that holds no other stack"
write_spec second deep/first-2
mme plan "$spec" -detailed-exitcode
is_exit 2 "a prefix that only begins alike is fine"

# ---- buckets ----

AWS_REGION=eu-west-1 call s3 mb far-away || bail "no bucket in another region"
before=$(things)
write_spec third third far-away
every "a bucket in another region" 1 "listing 's3://far-away/third/': ListObjectsV2 's3://far-away': the bucket is in region 'eu-west-1', not in 'us-east-1'" \
    "$T/third\\.yaml:8:21" "a multi-model endpoint reads only buckets of its own region: set region, or use another bucket"
write_spec third third elsewhere
key '{"access_key": "AKIASTRANGER", "secret_key": "s", "account": "210987654321"}'
AWS_ACCESS_KEY_ID=AKIASTRANGER AWS_SECRET_ACCESS_KEY=s call s3 mb elsewhere || bail "no bucket of a stranger"
before=$(things)
every "a bucket of another account" 1 ".*ListObjectsV2 's3://elsewhere': .*" "$T/third\\.yaml:8:21" ".*must belong to account 123456789012"

# ---- names in SageMaker ----

write_spec fourth
"$MMECTL" plan "$spec" --local -json >"$T/plan.json" || bail "no plan"
name_of() { # TYPE ATTRIBUTE
    "$PYTHON" -I -S -c '
import json, sys
for change in json.load(open(sys.argv[1]))["resource_changes"]:
    if change["type"] == sys.argv[2]:
        print(change["change"]["after"][sys.argv[3]])' "$T/plan.json" "$1" "$2"
}
model=$(name_of aws_sagemaker_model name)
config=$(name_of aws_sagemaker_endpoint_configuration name)
job=$(name_of aws_sagemaker_training_job training_job_name)
image=683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1
role=arn:aws:iam::123456789012:role/SageMaker
make_model() { # NAME TAGS
    call sm CreateModel "{\"ModelName\": \"$1\", \"ExecutionRoleArn\": \"$role\", \"Tags\": $2,
        \"PrimaryContainer\": {\"Image\": \"$image\", \"Mode\": \"MultiModel\", \"ModelDataUrl\": \"s3://$bucket/deep/first/models/\"}}" >/dev/null ||
        bail "making a model"
}
make_config() { # NAME MODEL
    call sm CreateEndpointConfig "{\"EndpointConfigName\": \"$1\", \"ProductionVariants\": [{\"VariantName\": \"AllTraffic\",
        \"ModelName\": \"$2\", \"InstanceType\": \"ml.m5.large\", \"InitialInstanceCount\": 1}]}" >/dev/null || bail "making a config"
}
refuse_name() { # NAME MESSAGE HINT: plan and apply refuse; destroy must leave it alone.
    before=$(things)
    for command in plan apply; do
        mme $command "$spec"
        refused "$1: $command" 1 "$2" "$T/fourth\\.yaml:[0-9]+:[0-9]+" "$3"
    done
    mme destroy "$spec"
    is_exit 0 "$1: destroy has nothing to do with it"
    same_things "$1: destroy leaves it alone" "$before"
}

make_model "$model" '[]'
refuse_name "a model without tags" "model '$model' exists and is not this stack's" "rename the stack, or delete that model"
call sm DeleteModel "{\"ModelName\": \"$model\"}" >/dev/null
make_model "$model" '[{"Key": "mmectl:uid", "Value": "otherone"}, {"Key": "mmectl:home", "Value": "s3://x/y"}]'
refuse_name "a model with another stack's tags" "model '$model' exists and is not this stack's" "rename the stack, or delete that model"
call sm DeleteModel "{\"ModelName\": \"$model\"}" >/dev/null

make_model somebodys-model '[]'
make_config "$config" somebodys-model
refuse_name "an endpoint configuration without tags" "endpoint configuration '$config' exists and is not this stack's" "rename the stack, or delete that endpoint configuration"
call sm DeleteEndpointConfig "{\"EndpointConfigName\": \"$config\"}" >/dev/null

call s3 put "$bucket/somebodys/train.csv" "$T/data/breast-cancer-validation.csv"
make_job() { # NAME TAGS
    call sm CreateTrainingJob "{\"TrainingJobName\": \"$1\", \"RoleArn\": \"$role\", \"Tags\": $2,
        \"AlgorithmSpecification\": {\"TrainingImage\": \"$image\", \"TrainingInputMode\": \"File\"},
        \"HyperParameters\": {\"num_round\": \"1\"},
        \"InputDataConfig\": [{\"ChannelName\": \"train\", \"ContentType\": \"text/csv\", \"DataSource\": {\"S3DataSource\":
            {\"S3DataType\": \"S3Prefix\", \"S3Uri\": \"s3://$bucket/somebodys/\", \"S3DataDistributionType\": \"FullyReplicated\"}}}],
        \"OutputDataConfig\": {\"S3OutputPath\": \"s3://$bucket/somebodys/out\"},
        \"ResourceConfig\": {\"InstanceType\": \"ml.m5.large\", \"InstanceCount\": 1, \"VolumeSizeInGB\": 5},
        \"StoppingCondition\": {\"MaxRuntimeInSeconds\": 60}}" >/dev/null || bail "making a training job"
    tries=0
    until call sm DescribeTrainingJob "{\"TrainingJobName\": \"$1\"}" | grep -q '"TrainingJobStatus": *"Completed"' || [ $tries -ge 300 ]; do
        tries=$((tries + 1))
    done
}
make_job "$job" '[]'
refuse_name "a training job without tags" "training job '$job' exists and is not this stack's" "rename the stack, or delete that training job"

# ---- endpoints ----

make_config somebodys-config somebodys-model
call sm CreateEndpoint '{"EndpointName": "shared", "EndpointConfigName": "somebodys-config"}' >/dev/null || bail "making an endpoint"
tries=0
until call sm DescribeEndpoint '{"EndpointName": "shared"}' | grep -q '"EndpointStatus": *"InService"' || [ $tries -ge 300 ]; do
    tries=$((tries + 1))
done
write_spec fifth "" "" shared
before=$(things)
every "an endpoint that nobody tagged" 1 "endpoint 'shared' exists and is not this stack's" "$T/fifth\\.yaml:16:3" "choose another endpoint\.name; it has no tag 'mmectl:uid', and 'mmectl import' takes it over"
write_spec fifth "" "" first
every "another stack's endpoint" 1 "endpoint 'first' exists and is not this stack's" "$T/fifth\\.yaml:16:3" "choose another endpoint\.name; it has another stack's tag 'mmectl:uid'"

same_things "and nothing of all this changed anything" "$before"
mme plan "$T/first.yaml" -detailed-exitcode
is_exit 0 "the stack that lives there has nothing to do"
done_testing
