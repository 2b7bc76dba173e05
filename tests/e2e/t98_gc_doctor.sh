#!/bin/sh
# gc removes what nothing uses and nothing else; doctor finds each thing that can be wrong and changes nothing.
. tests/e2e/lib.sh

bucket=sagemaker-us-east-1-123456789012
fast_local
spec=$(copy_demo d)
drop_model "$spec" model_deep
drop_model "$spec" model_aggressive
drop_model "$spec" model_balanced
edit "$spec" 's/targetModels: stable/targetModels: versioned/'

gc() {
    rm -f "$T/trace"
    run "$MMECTL" gc "$spec" "$@" --local --stats --trace="$T/trace"
}
doctor() {
    rm -f "$T/trace"
    run "$MMECTL" doctor "$spec" "$@" --local --stats --trace="$T/trace"
}
finds() { # VERDICT CHECK TEXT [HINT]
    doctor
    is "$(stat_of mutating)" 0 "doctor, $2: changes nothing"
    has_out "^$1 +$2 +$3" "doctor, $2: $1"
    [ -z "${4:-}" ] || has_out "^ +hint: $4" "doctor, $2: says what helps"
    case $1 in
    fail) is_exit 1 "doctor, $2: ends with 1" ;;
    esac
}

# ---- gc ----

gc
is_exit 0 "gc of nothing"
mme apply "$spec"
gc
has_out '^No garbage' "a new stack has no garbage"
for eta in 0.5 0.6 0.7; do
    edit "$spec" "/model_fast/,/hyper/s/eta: 0\.[0-9]/eta: $eta/"
    mme apply "$spec"
done
answer=$(predict "$spec" model_fast)
cp "$spec" "$T/probe"
call s3 put "$bucket/d/control/probe" "$T/probe"
call s3 put "$bucket/d/models/theirs.tar.gz" "$T/probe"
call s3 put "$bucket/d/theirs.txt" "$T/probe"
before=$(things)
gc
is_exit 0 "gc"
is "$(stat_of mutating)" 0 "only looks"
same_things "and removes nothing" "$before"
has_out '^  # aws_sagemaker_training_job\.model\[.*\] will be destroyed' "jobs of former recipes"
has_out '^Plan: 0 to add, 0 to change, 7 to destroy\.$' "three jobs, what they wrote, and a probe"
gc -json
ok "and as JSON" "$PYTHON" -I -S -c 'import json, sys; d = json.load(open(sys.argv[1])); assert d["stacks"][0]["things"] == 7, d' "$T/out"
gc --delete
is_exit 0 "gc --delete"
has_out '^Collection complete! Resources: 7 destroyed\.$' "removes that"
things >"$T/after"
printf '%s\n' "$before" | comm -13 "$T/after" - 2>/dev/null | grep -vE '/d/training/|^training-job|/d/control/|^log-' >"$T/out"
is "$(cat "$T/out")" "" "and nothing else"
is "$(count_things '/d/training/|^training-job')" 4 "jobs and outputs of the spec's recipes stay"
gc --delete
has_out '^No garbage' "and is done"
mme plan "$spec" -detailed-exitcode
is_exit 0 "the stack is as the spec says"
is "$(predict "$spec" model_fast)" "$answer" "and answers"

# An apply that failed for the endpoint leaves a model and a configuration; gc takes them, not the ones in use.
cp "$spec" "$spec.good"
fault '{"operation": "UpdateEndpoint", "kind": "rollback", "reason": "ResourceLimitExceeded: The account-level service limit '"'ml.m5.xlarge for endpoint usage'"' is 0 Instances"}'
edit "$spec" '/^  endpoint:/,$s/ml.m5.large/ml.m5.xlarge/'
mme apply "$spec"
is_exit 7 "an update that SageMaker rolls back"
call nofaults
finds fail failed-config ".*ml\.m5\.xlarge for endpoint usage" "raise it under Service Quotas.*Quotas\[\?QuotaName=='ml\.m5\.xlarge for endpoint usage'\]"
finds warn failure ".*the account's quota"
gc --delete
has_out '^No garbage' "a configuration that the spec wants is none"
mv "$spec.good" "$spec"
live=$(things | grep -E '^endpoint ')
gc --delete
is_exit 0 "gc under the spec from before"
has_out 'aws_sagemaker_endpoint_configuration\.this\[' "the configuration that was tried is garbage now"
same_things "the endpoint has not moved" "$live" '^endpoint '
is "$(predict "$spec" model_fast)" "$answer" "and answers"

# ---- doctor ----

mme apply "$spec"
is_exit 0 "apply"
doctor
is_exit 0 "nothing is wrong"
lacks_out '^fail' "no check fails"
doctor -json
ok "as JSON" "$PYTHON" -I -S -c 'import json, sys; d = json.load(open(sys.argv[1])); assert d["stacks"][0]["failed"] == 0, d' "$T/out"

fault '{"operation": "GetCallerIdentity", "times": 0, "kind": "error", "status": 403, "code": "ExpiredToken", "message": "expired"}'
finds fail credentials ".*expired" ".*sign in again"
call nofaults
fault '{"operation": "GetRole", "times": 0, "kind": "error", "status": 404, "code": "NoSuchEntity", "message": "no such role"}'
finds fail role "there is no role" "make it"
call nofaults
fault '{"operation": "GetRole", "times": 0, "kind": "error", "status": 403, "code": "AccessDenied", "message": "no"}'
finds skipped role "could not check: "
is_exit 0 "what may not be asked is no failure"
call nofaults
mv "$T/d/data" "$T/d/elsewhere"
finds fail spec ".*breast-cancer-train"
mv "$T/d/elsewhere" "$T/d/data"
"$PYTHON" - "$AWS_ENDPOINT_URL" $bucket <<'EOS'
import sys
import boto3
s3 = boto3.client("s3", endpoint_url=sys.argv[1])
s3.delete_public_access_block(Bucket=sys.argv[2])
s3.delete_bucket_encryption(Bucket=sys.argv[2])
s3.put_bucket_versioning(Bucket=sys.argv[2], VersioningConfiguration={"Status": "Enabled"})
s3.put_bucket_lifecycle_configuration(Bucket=sys.argv[2], LifecycleConfiguration={"Rules": [{
    "ID": "uploads", "Status": "Enabled", "Filter": {"Prefix": ""}, "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 7}}]})
s3.create_multipart_upload(Bucket=sys.argv[2], Key="d/models/x.tar.gz")
EOS
finds warn public-access "public access is not blocked" "aws s3api put-public-access-block"
has_out '^warn +encryption ' "doctor: no encryption"
has_out '^warn +versioning +the bucket is versioned' "doctor: versioning"
has_out '^ok +lifecycle ' "doctor: a rule for uploads"
has_out '^warn +uploads +1$' "doctor: an unfinished upload"
gc --delete
has_out '^  # 1 unfinished upload will be aborted' "gc aborts it"
finds ok uploads none
printf '{"ID": "11111111-2222-3333-4444-555555555555", "Operation": "apply", "Who": "them@there", "Created": "now", "TTL": 120}' >"$T/lease"
call s3 put "$bucket/d/control/lease" "$T/lease"
call s3 put "$bucket/d/control/probe" "$T/probe"
finds warn lease "apply by them@there" ".*mmectl force-unlock 11111111-2222-3333-4444-555555555555"
before=$(things)
for command in "gc $spec --delete" "forget --all -f $spec -auto-approve"; do
    run "$MMECTL" $command --local --lock-timeout=0s
    is_exit 4 "another run is at work: ${command%% *}"
done
same_things "and nothing was changed" "$before"
call s3 rm "$bucket/d/control/lease"
gc --delete
is_exit 0 "gc once it is gone"
target=$("$MMECTL" route --local -f "$spec" model_fast)
call s3 get "$bucket/d/models/$target" >"$T/model.tar.gz"
call s3 put "$bucket/d/models/$target" "$T/probe"
finds fail artifacts "'model_fast': the artifact was overwritten" "apply puts back"
call s3 rm "$bucket/d/models/$target"
finds fail artifacts "'model_fast': the artifact is gone" "apply makes it anew"
has_out '^fail +targets ' "doctor: the endpoint cannot invoke it"
mme apply "$spec"
call s3 get "$bucket/d/control/stack.json" >"$T/stack.json"
call s3 put "$bucket/d/control/stack.json" "$T/probe"
finds fail record "it cannot be read" "apply writes it anew"
call s3 rm "$bucket/d/control/stack.json"
finds fail record "it is missing" "apply writes it anew"
call s3 put "$bucket/d/control/stack.json" "$T/stack.json"
fault '{"kind": "status", "name": "d", "status": "SystemUpdating", "forMs": 600000}'
finds warn endpoint "'d' is SystemUpdating"
has_out '^ok +progress +SystemUpdating for 0 min' "doctor: not stuck yet"
"$MMECTL" local stop >/dev/null
rm -rf "$MMECTL_HOME"

fast_local
mme apply "$spec"
config=$(things | sed -n 's/^endpoint-config \([^ ]*\) .*/\1/p')
call sm DeleteEndpointConfig "{\"EndpointConfigName\": \"$config\"}" >/dev/null
finds fail parts "the endpoint's configuration '$config' does not exist any more" "instances serve on"
mme apply "$spec"
fault '{"operation": "CreateTrainingJob", "kind": "fail", "reason": "AlgorithmError: framework error"}'
edit "$spec" '/model_fast/,/hyper/s/eta: 0\.[0-9]/eta: 0.15/'
mme apply "$spec"
is_exit 1 "a job fails"
call nofaults
finds fail training "1 failed; 'd-.*': AlgorithmError: framework error .the algorithm could not work" "read the job's log"
call sm DeleteEndpoint '{"EndpointName": "d"}' >/dev/null
tries=0
until ! call sm DescribeEndpoint '{"EndpointName": "d"}' >/dev/null 2>&1 || [ $tries -ge 100 ]; do tries=$((tries + 1)); done
finds fail endpoint "'d' does not exist, though models are published" "apply makes it"
edit "$spec" 's/^  region: us-east-1/  region: eu-west-1/'
finds ok bucket "'sagemaker-eu-west-1-123456789012' does not exist yet"
done_testing
