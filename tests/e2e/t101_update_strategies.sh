#!/bin/sh
# How an endpoint moves to a new configuration: all at once, canary, linear, rolling; and back again when an alarm goes off.
. tests/e2e/lib.sh

fast_local
spec=$(copy_demo moves)
edit "$spec" '/^  endpoint:/,$s/count: 1}/count: 4}/'
mme apply "$spec"
is_exit 0 "apply"
is "$(grep -c DeploymentConfig "$T/trace")" 0 "a spec that says nothing about updates sends nothing about them"
alarm() { # NAME
    call alarms PutMetricAlarm "{\"AlarmName\": \"$1\", \"Namespace\": \"AWS/SageMaker\", \"MetricName\": \"Invocation5XXErrors\",
        \"Statistic\": \"Sum\", \"Period\": 60, \"EvaluationPeriods\": 1, \"Threshold\": 1, \"ComparisonOperator\": \"GreaterThanThreshold\"}" >/dev/null
}
set_alarm() { # NAME STATE
    call alarms SetAlarmState "{\"AlarmName\": \"$1\", \"StateValue\": \"$2\", \"StateReason\": \"a test\"}" >/dev/null
}
last() {
    call sm DescribeEndpoint '{"EndpointName": "moves"}' | jq -c "$1"
}
rounds=30
# moves NAME UPDATE WORDS DEPLOYMENT: with that block, a changed model rolls the endpoint in that way.
moves() {
    edit "$spec" '/^    update:/d; s/^  endpoint:/&\n    update: '"$2"'/'
    mme plan "$spec" -detailed-exitcode
    is_exit 0 "$1: the block alone is no difference"
    rounds=$((rounds + 1))
    edit "$spec" "s/num_round: $((rounds - 1))/num_round: $rounds/"
    mme plan "$spec"
    has_out "rolls once to new instances$3; the old ones serve until then" "$1: the plan says how"
    mme apply "$spec"
    is_exit 0 "$1: apply"
    is "$(sent UpdateEndpoint) $(last .LastDeploymentConfig)" "1 $4" "$1: is what SageMaker was told"
}
printf '    update: {}\n' >>"$spec"
moves "all at once" '{allAtOnce: {bake: 5m}, terminationWait: 1m}' ', all at once, watched for 5m' \
    '{"BlueGreenUpdatePolicy":{"TrafficRoutingConfiguration":{"Type":"ALL_AT_ONCE","WaitIntervalInSeconds":300},"TerminationWaitInSeconds":60}}'
moves "canary" '{canary: {percent: 10, bake: 10m}}' ', a canary of 10 % first, the rest 10m later' \
    '{"BlueGreenUpdatePolicy":{"TrafficRoutingConfiguration":{"Type":"CANARY","WaitIntervalInSeconds":600,"CanarySize":{"Type":"CAPACITY_PERCENT","Value":10}},"TerminationWaitInSeconds":0}}'
moves "linear" '{strategy: blue-green, linear: {instances: 1, interval: 90s}, maximumExecutionTimeout: 1h}' ', in steps of 1 instance, 90s apart' \
    '{"BlueGreenUpdatePolicy":{"TrafficRoutingConfiguration":{"Type":"LINEAR","WaitIntervalInSeconds":90,"LinearStepSize":{"Type":"INSTANCE_COUNT","Value":1}},"TerminationWaitInSeconds":0,"MaximumExecutionTimeoutInSeconds":3600}}'
moves "rolling" '{rolling: {percent: 25, interval: 1m, rollbackPercent: 50}}' ', in batches of 25 %, 1m apart' \
    '{"RollingUpdatePolicy":{"MaximumBatchSize":{"Type":"CAPACITY_PERCENT","Value":25},"WaitIntervalInSeconds":60,"RollbackMaximumBatchSize":{"Type":"CAPACITY_PERCENT","Value":50}}}'
alarm errors
moves "alarms" '{canary: {instances: 2, bake: 10m}, rollbackAlarms: [errors]}' ', a canary of 2 instances first, the rest 10m later' \
    '{"BlueGreenUpdatePolicy":{"TrafficRoutingConfiguration":{"Type":"CANARY","WaitIntervalInSeconds":600,"CanarySize":{"Type":"INSTANCE_COUNT","Value":2}},"TerminationWaitInSeconds":0},"AutoRollbackConfiguration":{"Alarms":[{"AlarmName":"errors"}]}}'

# An alarm that does not exist: said with its place, before anything is sent.
. tests/e2e/bad.sh
before=$(things)
cp "$spec" "$spec.good"
edit "$spec" "s/rollbackAlarms: \[errors\]/rollbackAlarms: [errors, errros]/; s/num_round: $rounds/num_round: 99/"
mme apply "$spec"
refused "an alarm that does not exist" 1 "alarm 'errros' does not exist in account 123456789012, us-east-1" "$spec:[0-9]+:[0-9]+" "rollbackAlarms names .*"
cp "$spec.good" "$spec"

# An alarm that goes off while the canary bakes.
"$MMECTL" local stop >/dev/null 2>&1
"$MMECTL" local start --delay all=0 --delay endpoint_baking_ms=60000 >"$T/start.log" 2>&1 || bail "restart"
eval "$("$MMECTL" local env | grep ENDPOINT_URL)"
serving=$(last .EndpointConfigName)
edit "$spec" "s/num_round: $rounds/num_round: $((rounds + 1))/"
"$MMECTL" apply "$spec" --local -auto-approve >"$T/out" 2>"$T/err" &
apply=$!
tries=0
until last '.PendingDeploymentSummary.ProductionVariants[0].VariantStatus[0].Status' | grep -q Baking; do
    tries=$((tries + 1))
    [ "$tries" -lt 200 ] || bail "the canary never baked: $(cat "$T/err")"
done
set_alarm errors ALARM
wait "$apply"
exit=$?
is_exit 7 "apply ends with 7 when an alarm goes off"
has_err 'SageMaker rolled the update of endpoint .moves. back: .*ALARM.*errors' "and says which"
has_err 'Updating: Baking' "its progress said what was going on"
is "$(last .EndpointConfigName) $(last .EndpointStatus)" "$serving \"InService\"" "the endpoint serves what it served"
mme plan "$spec"
has_out 'was tried and rolled back' "the plan knows that it was tried"
mme apply "$spec"
is_exit 7 "and apply does not try the same again"
is "$(sent UpdateEndpoint)" 0 "by itself"
run "$MMECTL" plan "$spec" --local --retry-failed
has_err "alarm 'errors' is in ALARM: SageMaker would roll the update back at once" "a plan warns of an alarm that is in ALARM already"
set_alarm errors OK
"$MMECTL" local stop >/dev/null 2>&1
"$MMECTL" local start --delay all=0 >"$T/start.log" 2>&1 || bail "restart"
eval "$("$MMECTL" local env | grep ENDPOINT_URL)"
mme apply "$spec" --retry-failed
is_exit 0 "with --retry-failed it goes through when the alarm is over"
isnt "$(last .EndpointConfigName)" "$serving" "and the endpoint has moved"
mme plan "$spec" -detailed-exitcode
is_exit 0 "nothing is left to do"

# AWS's other clients see the same alarms: rollback by alarm can be tried with aws-cli.
if command -v aws >/dev/null 2>&1; then
    ok "aws-cli makes an alarm" aws --endpoint-url "$AWS_ENDPOINT_URL" cloudwatch put-metric-alarm --alarm-name by-cli --metric-name ModelLatency --namespace AWS/SageMaker \
        --statistic Average --period 60 --evaluation-periods 1 --threshold 100000 --comparison-operator GreaterThanThreshold
    ok "aws-cli sets its state" aws --endpoint-url "$AWS_ENDPOINT_URL" cloudwatch set-alarm-state --alarm-name by-cli --state-value ALARM --state-reason test
    is "$(aws --endpoint-url "$AWS_ENDPOINT_URL" cloudwatch describe-alarms --alarm-names by-cli --query 'MetricAlarms[0].StateValue' --output text)" ALARM "and reads it"
fi
done_testing
