#!/bin/sh
# Everything else an endpoint can be asked for: recorded calls, a VPC, keys, isolation, timeouts, disks, and how long its logs
# are kept. Each is planned, sent, and gone again; what SageMaker cannot change is replaced.
. tests/e2e/lib.sh

fast_local
spec=$(copy_demo full)
mme apply "$spec"
is_exit 0 "apply"
config() {
    call sm DescribeEndpointConfig "{\"EndpointConfigName\": \"$(things | sed -n 's/^endpoint full InService \([^ ]*\) .*/\1/p')\"}" | jq -c "$1"
}
model() {
    call sm DescribeModel "{\"ModelName\": \"$(things | sed -n 's/^model \([^ ]*\) .*/\1/p')\"}" | jq -c "$1"
}
endpoint() {
    call sm DescribeEndpoint '{"EndpointName": "full"}' | jq -c "$1"
}
bare="$(config 'del(.CreationTime, .EndpointConfigArn)') $(model 'del(.CreationTime, .ModelArn)')"

# changes NAME LINE CREATEMODEL CREATECONFIG SHOWN: puts a line into `endpoint`; the plan shows it, apply replaces what it must.
changes() {
    edit "$spec" "s|^  endpoint:|&\n    $2|"
    mme plan "$spec"
    has_out "$5" "$1: the plan shows it"
    mme apply "$spec"
    is_exit 0 "$1: apply"
    as_planned "$1"
    is "$(sent CreateModel) $(sent CreateEndpointConfig) $(sent UpdateEndpoint) $(sent CreateTrainingJob)" "$3 $4 $4 0" "$1: replaces what it must"
    is "$(count_things '^endpoint-config ') $(count_things '^model ')" "1 1" "$1: leaves one config and one model"
    mme plan "$spec" -detailed-exitcode
    is_exit 0 "$1: nothing is left to do"
}
changes "data capture" 'dataCapture: {percent: 10, destination: "s3://records/full", kmsKey: alias/records}' 0 1 'destination_s3_uri'
is "$(config .DataCaptureConfig)" '{"EnableCapture":true,"InitialSamplingPercentage":10,"DestinationS3Uri":"s3://records/full","KmsKeyId":"alias/records","CaptureOptions":[{"CaptureMode":"Input"},{"CaptureMode":"Output"}],"CaptureContentTypeHeader":{"CsvContentTypes":["text/csv"],"JsonContentTypes":["application/json"]}}' "data capture: is what was asked for"
is "$(endpoint .DataCaptureConfig.CurrentSamplingPercentage)" 10 "data capture: the endpoint records"
edit "$spec" 's/percent: 10/percent: 50, mode: input/'
mme plan "$spec"
has_out 'initial_sampling_percentage *= 10 -> 50' "data capture: another share is told"
mme apply "$spec"
is "$(endpoint .DataCaptureConfig.CurrentSamplingPercentage) $(config .DataCaptureConfig.CaptureOptions)" '50 [{"CaptureMode":"Input"}]' "data capture: and taken over, though the counts are retained"
changes "VPC" 'vpc: {subnets: [subnet-0a, subnet-0b], securityGroups: [sg-01]}' 1 1 'vpc_config'
is "$(model .VpcConfig)" '{"SecurityGroupIds":["sg-01"],"Subnets":["subnet-0a","subnet-0b"]}' "VPC: is where the container runs"
changes "KMS key" 'kmsKey: arn:aws:kms:us-east-1:123456789012:key/1234' 0 1 'kms_key_arn'
is "$(config .KmsKeyId)" '"arn:aws:kms:us-east-1:123456789012:key/1234"' "KMS key: encrypts the disks"
changes "network isolation" 'networkIsolation: true' 1 1 'enable_network_isolation'
is "$(model .EnableNetworkIsolation)" true "network isolation: is on"
changes "startup" 'startup: {healthCheckTimeout: 10m, modelDownloadTimeout: 20m}' 0 1 'container_startup_health_check_timeout_in_seconds'
edit "$spec" '/^  endpoint:/,$s/count: 1}/count: 1, volumeSizeInGB: 50}/'
mme apply "$spec"
is_exit 0 "volume size"
is "$(config '.ProductionVariants[0] | [.VolumeSizeInGB, .ModelDataDownloadTimeoutInSeconds, .ContainerStartupHealthCheckTimeoutInSeconds]')" '[50,1200,600]' "startup and volume size: are what was asked for"

# The execution role needs more for these.
"$MMECTL" iam-policy "$spec" --role >"$T/role.json"
is "$(jq -r '.. | objects | select(.Sid == "WriteRecords") | .Resource[]' "$T/role.json")" "arn:aws:s3:::records/full*" "the role's policy lets it write records"
is "$(jq -r '[.. | objects | select(.Sid) | .Action[]] | map(select(test("^ec2:CreateNetworkInterface$|^kms:Decrypt$"))) | sort | join(" ")' "$T/role.json")" \
    "ec2:CreateNetworkInterface kms:Decrypt" "use the keys, and join the network"

# Logs: before the first line is written, and without a roll.
group() {
    call logs DescribeLogGroups '{"logGroupNamePrefix": "/aws/sagemaker/Endpoints/full"}' | jq -c '.logGroups[0].retentionInDays'
}
logs_changes() { # NAME DAYS SHOWN
    mme plan "$spec"
    has_out "$3" "$1: the plan says so"
    mme apply "$spec"
    is_exit 0 "$1: apply"
    is "$(sent UpdateEndpoint) $(group)" "0 $2" "$1: is set, without a roll"
    mme plan "$spec" -detailed-exitcode
    is_exit 0 "$1: nothing is left to do"
}
is "$(group)" null "SageMaker's log group keeps its lines for good"
edit "$spec" 's|^  endpoint:|&\n    logs: {retentionDays: 14}|'
logs_changes "retention" 14 '# aws_cloudwatch_log_group.endpoint will be updated in-place'
call logs PutRetentionPolicy '{"logGroupName": "/aws/sagemaker/Endpoints/full", "retentionInDays": 365}' >/dev/null
logs_changes "retention that somebody changed" 14 'retention_in_days = 365 -> 14'
call logs DeleteLogGroup '{"logGroupName": "/aws/sagemaker/Endpoints/full"}' >/dev/null
logs_changes "a group that is gone" 14 '# aws_cloudwatch_log_group.endpoint will be created'

# All of it taken out again.
edit "$spec" '/^    \(dataCapture\|vpc\|kmsKey\|networkIsolation\|startup\|logs\):/d'
edit "$spec" 's/, volumeSizeInGB: 50//'
mme apply "$spec"
is_exit 0 "all of it taken out"
is "$(config 'del(.CreationTime, .EndpointConfigArn)') $(model 'del(.CreationTime, .ModelArn)')" "$bare" "config and model are as they were"
is "$(endpoint .DataCaptureConfig)" null "and nothing is recorded"

# A new endpoint has its log group before it logs, and destroy takes the group.
mme destroy "$spec"
is_exit 0 "destroy"
edit "$spec" 's|^  endpoint:|&\n    logs: {retentionDays: 1}|'
mme apply "$spec"
is_exit 0 "a new endpoint with its retention"
is "$(group)" 1 "is kept for a day from its first line"
mme destroy "$spec"
is_exit 0 "destroy again"
is "$(count_things '^log-group /aws/sagemaker/Endpoints')" 0 "and the group is gone"
done_testing
