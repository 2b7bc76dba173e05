#!/bin/sh
# What an endpoint cannot be asked for: each fault at its place, with a hint, before anything is asked of AWS.
. tests/e2e/lib.sh
. tests/e2e/bad.sh

fast_local
good=$(copy_demo wrong)
mme apply "$good"
is_exit 0 "the spec without a fault deploys"
before=$(things)
line=$(($(grep -n '^  endpoint:' "$good" | cut -d: -f1) + 1))

# refuse NAME LINE-OF-ENDPOINT MESSAGE COLUMN [HINT]
refuse() {
    cp "$good" "${good%/*}/bad.yaml"
    edit "${good%/*}/bad.yaml" "s|^  endpoint:|&\n    $2|"
    mme apply "${good%/*}/bad.yaml"
    refused "$1" 1 "$3" "${good%/*}/bad\\.yaml:$line:$4" "${5:-}"
}
scaling() {
    echo "autoscaling: {min: $1, max: $2, targetInvocationsPerInstance: $3}"
}
refuse "min above max" "$(scaling 3 2 100)" "'autoscaling' has 'min' 3 above 'max' 2" 5
refuse "max 0" "$(scaling 1 0 100)" "'max' must be 1 to 1000, not 0" 32
refuse "target 0" "$(scaling 1 2 0)" "'targetInvocationsPerInstance' must be 1 to 1000000000, not 0" 65
refuse "a canary of 60 %" 'update: {canary: {percent: 60, bake: 1m}}' "'percent' must be 1 to 50, not 60" 32
refuse "canary and linear together" 'update: {canary: {percent: 10, bake: 1m}, linear: {percent: 20, interval: 1m}}' "'canary' and 'linear' exclude each other" 47
refuse "a rolling batch of 4 %" 'update: {rolling: {percent: 4, interval: 1m}}' "'percent' must be 5 to 50, not 4" 33
refuse "a rolling batch of 51 %" 'update: {rolling: {percent: 51, interval: 1m}}' "'percent' must be 5 to 50, not 51" 33
refuse "two hours of baking" 'update: {canary: {percent: 10, bake: 2h}}' "'bake' must be 0 to 3600 seconds, not 7200" 42
refuse "half of one instance" 'update: {canary: {instances: 1, bake: 1m}}' "'canary' takes 1 of 1 instance" 34
refuse "more waiting than time" 'update: {linear: {percent: 10, interval: 1h}, maximumExecutionTimeout: 8h}' "'maximumExecutionTimeout' is 28800 s, and the update waits for 36000 s in all" 5
refuse "a capture of 0 %" 'dataCapture: {percent: 0, destination: "s3://records/x"}' "'percent' must be 1 to 100, not 0" 28
refuse "a capture of 101 %" 'dataCapture: {percent: 101, destination: "s3://records/x"}' "'percent' must be 1 to 100, not 101" 28
refuse "a capture to a folder here" 'dataCapture: {percent: 10, destination: records}' "'records' is not valid as 'destination'" 45
refuse "subnets without security groups" 'vpc: {subnets: [subnet-0a]}' "missing 'securityGroups' in 'spec.endpoint.vpc'" 5
refuse "a retention that CloudWatch does not know" 'logs: {retentionDays: 10}' "CloudWatch cannot keep logs for 10 days" 27 "the next longer time that it knows is 14 days"
refuse "half a day of logs" 'logs: {retentionDays: 1.5}' "'retentionDays' must be a whole number" 27
refuse "a strategy without its block" 'update: {strategy: rolling}' "'strategy: rolling' needs 'rolling'" 24
refuse "a KMS key with blanks" 'kmsKey: my key' "'my key' is not valid as 'kmsKey'" 13
refuse "an alarm that does not exist" 'update: {allAtOnce: {bake: 1m}, rollbackAlarms: [nobody]}' "alarm 'nobody' does not exist in account 123456789012, us-east-1" 54

# Local disks have no size to choose.
cp "$good" "${good%/*}/bad.yaml"
edit "${good%/*}/bad.yaml" '/^  endpoint:/,$s/ml.m5.large, count: 1}/ml.m5d.large, count: 1, volumeSizeInGB: 50}/'
mme apply "${good%/*}/bad.yaml"
refused "a disk size for a type with a local disk" 1 "'volumeSizeInGB' is not for 'ml.m5d.large'" ".*/bad\\.yaml:[0-9]+:[0-9]+" "the type has a local disk.*"

# What only AWS can tell: the stand-in says it as AWS does.
refused_by() { # NAME SERVICE OPERATION BODY REGEX
    if call "$2" "$3" "$4" >"$T/out" 2>"$T/err"; then
        fail "$1" "it was accepted: $(cat "$T/out")"
    else
        has_err "$5" "$1"
    fi
}
keys='"ServiceNamespace": "sagemaker", "ScalableDimension": "sagemaker:variant:DesiredInstanceCount"'
own="$keys, \"ResourceId\": \"endpoint/wrong/variant/AllTraffic\""
refused_by "a range upside down" scaling RegisterScalableTarget "{$own, \"MinCapacity\": 4, \"MaxCapacity\": 2}" 'Maximum capacity cannot be less than minimum capacity'
refused_by "no variant" scaling RegisterScalableTarget "{$keys, \"ResourceId\": \"endpoint/wrong/variant/Other\", \"MinCapacity\": 1, \"MaxCapacity\": 2}" 'Could not find variant'
refused_by "no target" scaling PutScalingPolicy "{$own, \"PolicyName\": \"p\"}" 'ObjectNotFoundException.*No scalable target registered'
refused_by "another service" scaling RegisterScalableTarget '{"ServiceNamespace": "ecs", "ScalableDimension": "ecs:service:DesiredCount", "ResourceId": "service/a/b"}' 'Unsupported service namespace'
refused_by "both policies" sm UpdateEndpoint "{\"EndpointName\": \"wrong\", \"EndpointConfigName\": \"$(things | sed -n 's/^endpoint-config \([^ ]*\) .*/\1/p')\",
    \"DeploymentConfig\": {\"BlueGreenUpdatePolicy\": {\"TrafficRoutingConfiguration\": {\"Type\": \"ALL_AT_ONCE\", \"WaitIntervalInSeconds\": 0}},
    \"RollingUpdatePolicy\": {\"MaximumBatchSize\": {\"Type\": \"CAPACITY_PERCENT\", \"Value\": 20}, \"WaitIntervalInSeconds\": 0}}}" 'Only one of BlueGreenUpdatePolicy and RollingUpdatePolicy'
done_testing
