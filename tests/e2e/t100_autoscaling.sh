#!/bin/sh
# An endpoint that scales with its load: registered, changed, drifted, scaled by hand, moved to other instances, and gone.
. tests/e2e/lib.sh

fast_local
spec=$(copy_demo scaled)
edit "$spec" 's/^  endpoint:/&\n    autoscaling: {min: 1, max: 4, targetInvocationsPerInstance: 1000, scaleOutCooldown: 1m}/'
keys='"ServiceNamespace": "sagemaker", "ResourceId": "endpoint/scaled/variant/AllTraffic",
      "ScalableDimension": "sagemaker:variant:DesiredInstanceCount"'
scaling() { # OPERATION [MEMBERS]
    call scaling "$1" "{$keys${2:+, $2}}"
}
targets() {
    call scaling DescribeScalableTargets '{"ServiceNamespace": "sagemaker"}' | jq -r '.ScalableTargets[] | "\(.ResourceId) \(.MinCapacity) \(.MaxCapacity)"'
}
policies() {
    call scaling DescribeScalingPolicies '{"ServiceNamespace": "sagemaker"}' |
        jq -r '.ScalingPolicies[] | .TargetTrackingScalingPolicyConfiguration | "\(.TargetValue) \(.ScaleInCooldown) \(.ScaleOutCooldown)"'
}
instances() {
    call sm DescribeEndpoint '{"EndpointName": "scaled"}' | jq -r '.ProductionVariants[0].CurrentInstanceCount'
}
# asked OPERATION: how many requests of that name the last `mme` sent to Application Auto Scaling.
asked() {
    grep -c -i "^> x-amz-target: AnyScaleFrontendService\.$1\$" "$T/trace"
}
nothing_left_to_do() {
    mme plan "$spec" -detailed-exitcode
    is_exit 0 "$1: nothing is left to do"
}

mme plan "$spec"
has_out '# aws_appautoscaling_target.this will be created' "the plan registers the endpoint"
has_out '# aws_appautoscaling_policy.this will be created' "and makes a policy"
mme apply "$spec"
is_exit 0 "apply"
as_planned "apply"
is "$(targets)" "endpoint/scaled/variant/AllTraffic 1 4" "the endpoint is a scalable target"
is "$(policies)" "1000 300 60" "with the policy of the spec"
nothing_left_to_do "apply"

# The range alone: no roll.
edit "$spec" 's/max: 4/max: 6/; s/targetInvocationsPerInstance: 1000/targetInvocationsPerInstance: 500/'
mme apply "$spec"
is_exit 0 "another range and target"
is "$(targets) $(policies)" "endpoint/scaled/variant/AllTraffic 1 6 500 300 60" "are set"
is "$(sent UpdateEndpoint) $(asked RegisterScalableTarget) $(asked PutScalingPolicy)" "0 1 1" "and the endpoint does not roll"

# Somebody's hand.
scaling RegisterScalableTarget '"MaxCapacity": 60' >/dev/null
mme plan "$spec"
has_out 'aws_appautoscaling_target.this has changed' "a range that somebody changed is told as drift"
has_out 'max_capacity = 60 -> 6' "and the plan puts it back"
mme apply "$spec"
nothing_left_to_do "drift"
scaling DeregisterScalableTarget >/dev/null
mme plan "$spec"
has_out 'aws_appautoscaling_target.this has been deleted' "so is a registration that somebody removed"
mme apply "$spec"
is_exit 0 "it is registered again"
is "$(targets) $(policies)" "endpoint/scaled/variant/AllTraffic 1 6 500 300 60" "as the spec says"

# The count that scaling made of it survives a roll, and a move to other instances.
call sm UpdateEndpointWeightsAndCapacities '{"EndpointName": "scaled", "DesiredWeightsAndCapacities": [{"VariantName": "AllTraffic", "DesiredInstanceCount": 3}]}' >/dev/null
is "$(instances)" 3 "scaled to three"
nothing_left_to_do "scaled by hand"
edit "$spec" 's/num_round: 30/num_round: 31/'
mme apply "$spec"
is_exit 0 "a changed model, with stable names"
is "$(sent UpdateEndpoint)" 1 "rolls the endpoint"
is "$(instances)" 3 "which keeps its three instances"
edit "$spec" '/^  endpoint:/,$s/ml\.m5\.large/ml.m5.xlarge/'
mme plan "$spec"
has_out '# aws_appautoscaling_target.this must be replaced' "another instance type takes the endpoint off autoscaling"
has_out 'deregistered while the endpoint moves' "and the plan says why"
mme apply "$spec"
is_exit 0 "other instances"
as_planned "other instances"
is "$(asked DeregisterScalableTarget) $(sent UpdateEndpoint) $(asked RegisterScalableTarget) $(asked PutScalingPolicy)" "1 1 1 1" "deregistered, updated, registered"
is "$(targets) $(policies) $(instances)" "endpoint/scaled/variant/AllTraffic 1 6 500 300 60 3" "and it scales as before, from three"
nothing_left_to_do "other instances"

# A move that SageMaker rolls back leaves it as it was.
fault '{"operation": "UpdateEndpoint", "kind": "rollback", "reason": "no ping", "times": 1}'
edit "$spec" '/^  endpoint:/,$s/ml\.m5\.xlarge/ml.c5.xlarge/'
mme apply "$spec"
is_exit 7 "an update that is rolled back"
is "$(targets) $(policies) $(instances)" "endpoint/scaled/variant/AllTraffic 1 6 500 300 60 3" "is on autoscaling again"
edit "$spec" '/^  endpoint:/,$s/ml\.c5\.xlarge/ml.m5.xlarge/'
mme apply "$spec"
nothing_left_to_do "back to what serves"

# Out of the spec, and in again.
cp "$spec" "$spec.scaled"
edit "$spec" '/autoscaling:/d'
mme apply "$spec"
is_exit 0 "out of the spec"
is "$(targets)$(policies) $(instances)" " 3" "nothing scales any more, the instances stay"
nothing_left_to_do "out of the spec"

# Somebody else's scaling of our endpoint is not ours to remove; but one metric has one policy.
scaling RegisterScalableTarget '"MinCapacity": 2, "MaxCapacity": 5' >/dev/null
scaling PutScalingPolicy '"PolicyName": "theirs", "PolicyType": "TargetTrackingScaling", "TargetTrackingScalingPolicyConfiguration":
    {"TargetValue": 70, "PredefinedMetricSpecification": {"PredefinedMetricType": "SageMakerVariantInvocationsPerInstance"}}' >/dev/null
nothing_left_to_do "somebody else's policy"
edit "$spec" '/^  endpoint:/,$s/ml\.m5\.xlarge/ml.m5.large/'
mme apply "$spec"
is_exit 0 "other instances under somebody else's policy"
is "$(targets) $(policies)" "endpoint/scaled/variant/AllTraffic 2 5 70 null null" "which scales them as before"
cp "$spec.scaled" "$spec"
mme plan "$spec"
is_exit 1 "the spec's own policy beside it"
has_err "scaled by policy 'theirs' already" "is refused"
scaling DeleteScalingPolicy '"PolicyName": "theirs"' >/dev/null
mme apply "$spec"
is_exit 0 "and taken when it is gone"

# Destroy takes what scales, also where the endpoint is gone already.
mme destroy "$spec"
is_exit 0 "destroy"
has_out 'Nothing of the stack is left' "leaves nothing"
is "$(count_things '^(scalable-target|alarm) ')" 0 "no target, no alarm of a policy"

done_testing
