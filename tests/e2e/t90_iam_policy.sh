#!/bin/sh
# Everything mmectl does, under the policies that `mmectl iam-policy` prints: nothing is denied, and nothing is allowed that
# is never used. The stand-in judges each call as IAM does (engine/local/access.h).
. tests/e2e/lib.sh

start_local --delay all=0
bucket=iam-models
spec=$(copy_demo iam)
drop_model "$spec" model_aggressive
drop_model "$spec" model_balanced
edit "$spec" "s/bucket: \${bucket}.*/bucket: $bucket/; s/prefix: iam.*/prefix: team\/iam/"
# Instances that stay warm have to be given up before a job can be deleted.
edit "$spec" 's/^    maxRuntime:.*/&\n    keepAlive: 1h/'
# A model from elsewhere, too.
call s3 mb other || bail "mb other"
admin=$(env | sed -n "s/^\(AWS_[A-Z_]*\)=\(.*\)/export \1='\2'/p")
as_admin() { (unset AWS_SESSION_TOKEN && eval "$admin" && "$@"); }
"$MMECTL" apply examples/mme-demo.yaml --local -auto-approve >"$T/out" 2>&1 || bail "the demo: $(tail -5 "$T/out")"
call s3 get sagemaker-us-east-1-123456789012/"$(call s3 ls sagemaker-us-east-1-123456789012/mme-demo/models | head -n 1)" >"$T/model.tar.gz"
call s3 put other/given/model.tar.gz "$T/model.tar.gz" || bail "put"
edit "$spec" 's/^  models:/&\n    - {name: given, artifact: "s3:\/\/other\/given\/model.tar.gz"}/'

call alarms PutMetricAlarm '{"AlarmName": "errors", "Namespace": "AWS/SageMaker", "MetricName": "Invocation5XXErrors", "Statistic": "Sum",
    "Period": 60, "EvaluationPeriods": 1, "Threshold": 1, "ComparisonOperator": "GreaterThanThreshold"}' >/dev/null || bail "an alarm"
edit "$spec" 's/^  endpoint:/&\n    update: {allAtOnce: {bake: 1s}, rollbackAlarms: [errors]}/'
edit "$spec" 's/^  endpoint:/&\n    autoscaling: {min: 1, max: 4, targetInvocationsPerInstance: 1000}/'

# key NAME POLICY-FILE: a session whose policy that is.
key() {
    "$PYTHON" -I -S -c '
import json, sys
print(json.dumps({"access_key": "ASIA" + sys.argv[1].upper(), "secret_key": "secret", "session_token": "token",
                  "policy": json.load(open(sys.argv[2]))}))' "$1" "$2" >"$T/key"
    as_admin call key "$(cat "$T/key")" >/dev/null || bail "adding key $1"
}
# as NAME COMMAND...: runs it with that key.
use_key() {
    export AWS_ACCESS_KEY_ID="ASIA$(printf '%s' "$1" | tr a-z A-Z)" AWS_SECRET_ACCESS_KEY=secret AWS_SESSION_TOKEN=token
}
as() {
    use_key "$1"
    shift
    run "$@"
}
# nothing_denied KEY NAME
nothing_denied() {
    as_admin call used "$1" >"$T/used" || bail "used"
    is "$(jq -r '.used[] | select(.allowed | not) | "\(.action) on \(.resource)"' "$T/used")" "" "$2: nothing is denied"
}
# nothing_unused POLICY USED NAME [EXCEPT]: every action of every statement was allowed by it at least once; but
# sts:GetCallerIdentity, which AWS allows everybody and judges by no policy: it is named for whoever reads the policy.
# Parts are listed of uploads of more than 64 MiB alone: t84_resumed_upload.sh.
nothing_unused() {
    is "$(jq -r --slurpfile used "$2" '
        [$used[0].used[] | select(.allowed) | "\(.statement) \(.action)"] as $seen |
        .Statement[] | .Sid as $sid | .Action[] | "\($sid) \(.)" | select(. as $one | $seen | index($one) | not)' "$1" |
        grep -vxF -e 'AccountWide sts:GetCallerIdentity' -e 'Objects s3:ListMultipartUploadParts' ${4:+-e "$4"})" "" "$3: nothing is allowed that was never used"
}
works() {
    is_exit 0 "$*"
}

# restart [DELAY...]: the same world, at another pace and address.
restart() {
    "$MMECTL" local stop >/dev/null 2>&1
    "$MMECTL" local start --delay all=0 "$@" >"$T/start.log" 2>&1 || bail "restart: $(cat "$T/start.log")"
    eval "$("$MMECTL" local env | grep ENDPOINT_URL)"
    admin=$(printf '%s\n' "$admin" | grep -v ENDPOINT_URL; echo "export AWS_ENDPOINT_URL=$AWS_ENDPOINT_URL")
}

# ---- a whole life under the default policy ----
"$MMECTL" iam-policy "$spec" >"$T/all.json" || bail "iam-policy"
key all "$T/all.json"
apply() { as all "$MMECTL" apply "$spec" -auto-approve "$@"; }
as all "$MMECTL" plan "$spec"
works "plan of nothing"
apply -v
works "first apply, which makes the bucket, trains and follows the logs"
for command in plan status test; do
    as all "$MMECTL" $command "$spec"
    works "$command"
done
head -n 1 examples/data/breast-cancer-validation.csv | cut -d, -f2- >"$T/row"
as all "$MMECTL" invoke "$spec" --model model_fast --data "$T/row"
works "invoke"
as all "$MMECTL" route model_fast -f "$spec"
works "route"
edit "$spec" 's/num_round: 30/num_round: 31/'
apply
works "a changed model"
drop_model "$spec" model_deep
apply
works "a removed model"
edit "$spec" 's/targetModels: stable/targetModels: versioned/'
apply
works "another mode"
edit "$spec" 's/num_round: 31/num_round: 32/'
apply
works "a new version"
if "$MMECTL" help rollback >/dev/null 2>&1; then
    as all "$MMECTL" history -f "$spec" model_fast
    works "history"
    as all "$MMECTL" rollback model_fast -f "$spec" -auto-approve
    works "rollback"
    as all "$MMECTL" resume model_fast -f "$spec" -auto-approve
    works "resume"
    apply
    works "apply after resume"
fi
edit "$spec" 's/ml.m5.large, count: 1}$/ml.m5.xlarge, count: 1}/'
apply
works "other instances"
edit "$spec" 's/max: 4/max: 3/; s/Instance: 1000/Instance: 900/'
apply
works "another range to scale in"
edit "$spec" 's/tags: {project: [a-z-]*}/tags: {project: other}/'
apply
works "other tags"
as all "$MMECTL" doctor "$spec"
works "doctor"
lacks_out '^skipped' "which could look at everything"
as all "$MMECTL" gc "$spec" --delete -auto-approve
works "gc"
as_admin call fault '{"operation":"CreateTrainingJob","kind":"fail","reason":"InternalServerError: try again","times":1}'
edit "$spec" 's/num_round: 32/num_round: 33/'
apply
works "a job that failed and is tried again"
as all "$MMECTL" plan "$spec" -detailed-exitcode
works "and nothing is left to do"


# An apply that is killed while a job trains, and an upload that was never finished: destroy stops and aborts them. What was
# asked so far is kept, as a stand-in forgets it when it ends.
as_admin call used ASIAALL >"$T/used.1"
restart --delay training_starting_ms=60000 --delay training_downloading_ms=60000 # a warm pool starts at once
edit "$spec" 's/num_round: 33/num_round: 34/'
use_key all
"$MMECTL" apply "$spec" -auto-approve >"$T/killed" 2>&1 &
victim=$!
wait_for=0
until as_admin call things | grep -q 'training-job .* InProgress'; do
    wait_for=$((wait_for + 1))
    [ "$wait_for" -lt 1000 ] || bail "no job was started"
done
kill -9 "$victim"
as_admin "$PYTHON" -c '
import boto3, os, sys
s3 = boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
s3.create_multipart_upload(Bucket=sys.argv[1], Key="team/iam/models/half.tar.gz")' $bucket || bail "create_multipart_upload"
as all "$MMECTL" destroy "$spec" -auto-approve
works "destroy, with a job under way and an unfinished upload"
is "$(as_admin call things | grep -c -e "$bucket" -e ' iam-')" 0 "nothing of the stack is left, its bucket included"
nothing_denied ASIAALL "a whole life"

jq -s '{used: [.[].used[]]}' "$T/used.1" "$T/used" >"$T/used.all"
nothing_unused "$T/all.json" "$T/used.all" "a whole life"

# ---- one role for each job of a pipeline ----
restart
for use in plan apply destroy test invoke; do
    "$MMECTL" iam-policy "$spec" --for=$use >"$T/$use.json" || bail "iam-policy --for=$use"
    key $use "$T/$use.json"
done
for command in plan status; do
    as plan "$MMECTL" $command "$spec"
    works "--for=plan: $command of nothing"
done
nothing_denied ASIAPLAN "--for=plan"
as plan "$MMECTL" apply "$spec" -auto-approve
is_exit 1 "--for=plan: cannot apply"
has_err "the caller needs s3:CreateBucket on s3://$bucket" "and is told what it lacks"
as apply "$MMECTL" apply "$spec" -auto-approve
works "--for=apply: apply"
key plan2 "$T/plan.json"
for command in plan status; do
    as plan2 "$MMECTL" $command "$spec"
    works "--for=plan: $command of a stack"
done
nothing_denied ASIAPLAN2 "--for=plan"
edit "$spec" 's/num_round: 34/num_round: 35/'
as apply "$MMECTL" apply "$spec" -auto-approve
works "--for=apply: apply of a change"
as apply "$MMECTL" plan "$spec" -detailed-exitcode
works "--for=apply: plan"
nothing_denied ASIAAPPLY "--for=apply"
as test "$MMECTL" test "$spec"
works "--for=test: test"
nothing_denied ASIATEST "--for=test"
as invoke "$MMECTL" invoke "$spec" --model model_fast --data "$T/row"
works "--for=invoke: invoke"
as invoke "$MMECTL" route model_fast -f "$spec"
works "--for=invoke: route"
as apply "$MMECTL" destroy "$spec" -auto-approve
isnt "$exit" 0 "--for=apply: cannot destroy"
as destroy "$MMECTL" destroy "$spec" -auto-approve
works "--for=destroy: destroy"
nothing_denied ASIADESTROY "--for=destroy"

# The record that is not there: only who may list is told so.
as_admin call s3 mb $bucket || bail "mb $bucket"
as invoke "$MMECTL" route model_fast -f "$spec"
is_exit 1 "--for=invoke: a model that is not there"
has_err "model 'model_fast' is not published" "and is said to be so, not to be forbidden"
nothing_denied ASIAINVOKE "--for=invoke"
nothing_unused "$T/invoke.json" "$T/used" "--for=invoke"
as invoke "$MMECTL" apply "$spec" -auto-approve
isnt "$exit" 0 "--for=invoke: cannot apply"

# ---- trained here, into a bucket that is there ----
edit "$spec" "s/backend: sagemaker/backend: local/; s/bucket: $bucket/bucket: other/"
"$MMECTL" iam-policy "$spec" --bucket-exists >"$T/here.json" || bail "iam-policy"
is "$(grep -c -e TrainingJob\" -e CreateBucket -e DeleteBucket "$T/here.json")" 0 "nothing about jobs on SageMaker, nor about making the bucket"
key here "$T/here.json"
as here "$MMECTL" apply "$spec" -auto-approve
works "backend local: apply"
as here "$MMECTL" test "$spec"
works "backend local: test"
edit "$spec" 's/num_round: 35/num_round: 36/'
as here "$MMECTL" apply "$spec" -auto-approve
works "backend local: apply of a change"
as here "$MMECTL" destroy "$spec" -auto-approve
works "backend local: destroy"
nothing_denied ASIAHERE "backend local"

# ---- taking over, and letting go ----
as_admin "$PYTHON" tests/e2e/tutorial.py tutorial taken team=risk >"$T/out" 2>&1 || bail "the tutorial's scripts: $(tail -3 "$T/out")"
old=$(as_admin call sm DescribeModel "$(as_admin call things | sed -n 's/^model \(multi-model[^ ]*\) .*/{"ModelName":"\1"}/p')" |
    jq -r .PrimaryContainer.ModelDataUrl)
taken=$(copy_demo taken)
edit "$taken" 's/bucket: ""/bucket: tutorial/'
for use in import forget; do
    "$MMECTL" iam-policy "$taken" --for=$use --source="$old" >"$T/$use.json" || bail "iam-policy --for=$use"
    key $use "$T/$use.json"
done
as import "$MMECTL" import "$taken" -auto-approve
works "--for=import: import"
as import "$MMECTL" apply "$taken" -auto-approve
works "--for=import: and its first apply"
nothing_denied ASIAIMPORT "--for=import"
as forget "$MMECTL" forget aws_sagemaker_endpoint.this -f "$taken" -auto-approve
works "--for=forget: the endpoint"
as forget "$MMECTL" forget --all -f "$taken" -auto-approve
works "--for=forget: all"
nothing_denied ASIAFORGET "--for=forget"
is "$(as_admin call things | grep -c '^endpoint taken InService')" 1 "the endpoint serves on"
# A stack with a bucket of its own, whose tags go, too.
kept=$(copy_demo kept)
edit "$kept" 's/bucket: ""/bucket: kept-models/; s/backend: sagemaker/backend: local/'
"$MMECTL" iam-policy "$kept" --for=forget >"$T/kept.json" || bail "iam-policy --for=forget"
key kept "$T/kept.json"
as_admin "$MMECTL" apply "$kept" -auto-approve >"$T/out" 2>&1 || bail "kept: $(tail -3 "$T/out")"
as kept "$MMECTL" forget --all -f "$kept" -auto-approve
works "--for=forget: a stack with its bucket"
nothing_denied ASIAKEPT "--for=forget"
run "$MMECTL" iam-policy "$taken" --source=nowhere
is_exit 64 "a source that is no URI"
run "$MMECTL" iam-policy "$taken" --for=aply
is_exit 64 "a use that is none"
has_err "did you mean 'apply'" "with the nearest one"

# ---- the policy keeps to its stack ----
key fence "$T/all.json"
as fence call sm DeleteEndpoint '{"EndpointName":"mme-demo"}'
has_err 'AccessDenied' "another stack's endpoint cannot be deleted"
as fence call s3 get sagemaker-us-east-1-123456789012/mme-demo/control/stack.json
has_err 'AccessDenied' "another stack's record cannot be read"
done_testing
