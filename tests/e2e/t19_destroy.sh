#!/bin/sh
# destroy leaves the world as it was before the first apply, says so with counts, and never touches what is not ours.
. tests/e2e/lib.sh

fast_local
bucket=sagemaker-us-east-1-123456789012
image=683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1
role=arn:aws:iam::123456789012:role/SageMakerExecutionRole
# A log group that is not an endpoint's own is the account's: all training jobs share it.
ours='^(bucket|object|upload|training-job|model|endpoint-config|endpoint|log-group /aws/sagemaker/Endpoints)'

# ---- a world that is not empty ----
call s3 mb "$bucket"
call s3 mb elsewhere
echo foreign >"$T/foreign"
for key in readme.txt models/notes.txt models/strange.tar.gz data/other.csv control/other.json training/x/output/model.tar.gz; do
    call s3 put "$bucket/gone/$key" "$T/foreign"
done
call s3 put "$bucket/gone-too/models/model_fast.tar.gz" "$T/foreign"
call s3 put elsewhere/one/model.tar.gz "$T/foreign"
call sm CreateModel '{"ModelName": "gone-foreign-m", "ExecutionRoleArn": "'$role'", "PrimaryContainer": {"Image": "'$image'", "Mode": "MultiModel", "ModelDataUrl": "s3://elsewhere/one/"}}' >/dev/null
call sm CreateEndpointConfig '{"EndpointConfigName": "gone-foreign-c", "ProductionVariants": [{"VariantName": "AllTraffic", "ModelName": "gone-foreign-m", "InitialInstanceCount": 1, "InstanceType": "ml.m5.large"}]}' >/dev/null
call sm CreateEndpoint '{"EndpointName": "gone-foreign", "EndpointConfigName": "gone-foreign-c"}' >/dev/null
call sm DescribeEndpoint '{"EndpointName": "gone-foreign"}' >/dev/null
before=$(things)
is "$(printf '%s\n' "$before" | grep -c '^endpoint gone-foreign InService')" 1 "a foreign endpoint serves"

# ---- the whole life ----
spec=$(copy_demo gone)
mme plan "$spec"
has_out '^Note: [0-9]+ objects under the prefix are not ours and will be left alone$' "the plan says that there is something foreign"
mme apply "$spec"
is_exit 0 "apply"
kept() { # NAME: everything of before is still there
    things >"$T/now"
    printf '%s\n' "$before" >"$T/before"
    is "$(sort "$T/before" | comm -23 - "$T/now")" "" "$1: everything foreign is as it was"
}
kept apply
edit "$spec" 's/eta: 0\.4/eta: 0.04/'
drop_model "$spec" model_deep
mme apply "$spec"
is_exit 0 "change"
as_planned change
kept change

there=$(things | grep -Ec "$ours")
mme destroy "$spec"
is_exit 0 "destroy"
# Everything but the record, which is not counted.
gone=$((there - $(things | grep -Ec "$ours") - 1))
has_out "^Destroy complete! Resources: $gone destroyed\\.\$" "and says how much: all $gone things"
has_out "^Nothing of the stack is left; what is not ours was kept\.\$" "that nothing is left"
has_out '^Kept, because not ours: [0-9]+\.$' "and what was kept"
same_things "the world is what it was before" "$before" "$ours"
mme destroy "$spec"
is_exit 0 "destroy again"
has_out '^No changes\. No objects need to be destroyed\.$' "finds nothing"
has_out '^Destroy complete! Resources: 0 destroyed\.$' "and says so"
is "$(stat_of mutating)" 0 "without a mutating request"
same_things "the world is still what it was" "$before" "$ours"

# ---- versioned, with older versions ----
spec=$(copy_demo gone)
edit "$spec" 's/targetModels: stable/targetModels: versioned/'
mme apply "$spec"
edit "$spec" 's/eta: 0\.4/eta: 0.04/'
mme apply "$spec"
is_exit 0 "versioned: a second version"
mme destroy "$spec"
is_exit 0 "versioned: destroy"
same_things "versioned: the world is what it was before" "$before" "$ours"

# ---- a spec that has changed since: destroy goes by what exists ----
spec=$(copy_demo gone)
mme apply "$spec"
is_exit 0 "apply once more"
drop_model "$spec" model_deep
edit "$spec" 's/eta: 0\.4/eta: 0.04/;/^  endpoint:/,$s/ml\.m5\.large/ml.c5.large/;s/backend: sagemaker/backend: local/'
mme destroy "$spec"
is_exit 0 "destroy with a changed spec"
same_things "the world is what it was before" "$before" "$ours"
done_testing
