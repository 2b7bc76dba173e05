#!/bin/sh
# examples/multi-container.yaml, its whole life: each call names a container; one is changed, and the endpoint rolls to it; what
# somebody changes by hand is found and put right; rollback; gates, checks, one of them alone; destroy leaves nothing; the same in
# two regions. Pipelines: t57_pipeline.sh.
. tests/e2e/lib.sh

fast_local
mkdir -p "$T/mce"
cp -r examples/data "$T/mce/data"
spec=$T/mce/mme.yaml
cp examples/multi-container.yaml "$spec"
rows=examples/data/known-cases.csv

answer() { # CONTAINER
    "$MMECTL" invoke "$spec" --local --container "$1" --data "$rows" | tr '\n' ' '
}

mme apply "$spec"
is_exit 0 "apply"
has_out '^Plan: 10 to add' "a bucket, two data, two jobs, two artifacts, model, configuration, endpoint"
as_planned "apply"
has_out '\+ container_hostname = "screening"' "the plan shows the containers"
has_out '\+ mode = "Direct"' "and the mode"
is "$(sent CreateModel) $(sent CreateEndpoint)" "1 1" "one model with both containers, one endpoint"
mme plan "$spec" -detailed-exitcode
is_exit 0 "nothing is left to do"
lines=$(wc -l <"$rows")
screening=$(answer screening)
diagnosis=$(answer diagnosis)
is "$(printf '%s\n' "$screening" | wc -w)" "$lines" "one container answers each row, a line for each"
case $diagnosis in
'{"predictions": [{"score": '*) pass "the other as its environment says" ;;
*) fail "the other as its environment says" "$diagnosis" ;;
esac
run "$MMECTL" invoke "$spec" --local --container diagnosis --data "$rows" -json
has_out '"container": *"diagnosis"' "invoke -json says which"

run "$MMECTL" test "$spec" --local
is_exit 0 "test"
has_out '^screening +ok .* screening$' "test has a line for each container"
has_out '^diagnosis +ok .* 0 +diagnosis$' "the answers are libxgboost's"
has_out '^2 models, 0 failed' "and a sum"
run "$MMECTL" test "$spec" --local --container screening
has_out '^1 model, 0 failed' "test --container"
run "$MMECTL" status "$spec" --local
has_out '^screening +ready +screening +[0-9a-f]{16} .* yes$' "status: what a call names, its version, in memory from the start"
run "$MMECTL" status "$spec" --local -json
has_out '"mode": *"multi-container-direct"' "status -json says the mode"

# ---- what a call may name ----
run "$MMECTL" invoke "$spec" --local --data "$rows"
is_exit 64 "invoke needs a container"
has_err "^hint: there are: screening, diagnosis" "and lists them"
run "$MMECTL" invoke "$spec" --local --container screning --data "$rows"
is_exit 64 "one that is not there"
has_err "has no container 'screning'" "is said to be missing"
run "$MMECTL" invoke "$spec" --local --model screening --data "$rows"
is_exit 64 "--model is refused"
has_err "^hint: '--container=NAME' calls one of: screening, diagnosis" "with what is right"
run "$MMECTL" route screening -f "$spec" --local
is_exit 64 "route, too"
run "$MMECTL" invoke examples/mme-demo.yaml --local --container x --data "$rows"
is_exit 64 "--container is refused on a multi-model endpoint"
has_err "^hint: '--model=NAME' calls one of its models" "with what is right"

# ---- another client ----
cat >"$T/client.py" <<'PY'
import os
import sys
import boto3
from botocore.exceptions import ClientError
runtime = boto3.client("sagemaker-runtime", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
rows = open(sys.argv[1], "rb").read()
def call(**more):
    try:
        reply = runtime.invoke_endpoint(EndpointName="multi-container", ContentType="text/csv", Body=rows, **more)
        return reply["Body"].read().decode()
    except ClientError as error:
        return error.response["Error"]["Code"] + ": " + error.response["Error"]["Message"]
print(call(TargetContainerHostname="screening").replace("\n", " "))
print(call(TargetContainerHostname="nobody"))
print(call())
print(call(TargetContainerHostname="screening", TargetModel="x.tar.gz"))
PY
if "$PYTHON" -c 'import boto3' 2>/dev/null; then
    run "$PYTHON" "$T/client.py" "$rows"
    is "$(sed -n 1p "$T/out")" "$screening" "boto3 gets the same answer"
    has_out '^ValidationError: Target container hostname nobody is not found' "an unknown container is refused"
    has_out '^ValidationError: Request .* is missing a target container hostname header' "so is a call without one"
    has_out 'does not support target model header' "and a TargetModel"
else
    skip "boto3" "not installed"
fi

# ---- one container is changed ----
edit "$spec" 's/num_round: 100/num_round: 40/'
mme plan "$spec"
has_out '# aws_s3_object.model\["screening"\] will be updated' "the other goes along"
has_out 'Note: endpoint .* rolls once' "the plan says that the endpoint rolls"
mme apply "$spec"
is_exit 0 "apply"
as_planned "change"
is "$(sent CreateTrainingJob) $(sent CreateModel) $(sent CreateEndpointConfig) $(sent UpdateEndpoint)" "1 1 1 1" "one job, a new model and configuration, one roll"
isnt "$(answer diagnosis)" "$diagnosis" "the changed one answers differently"
is "$(answer screening)" "$screening" "the other one as before"
is "$(count_things '^endpoint-config ') $(count_things '^model ') $(count_things '/models/')" "1 1 2" "of the old ones nothing is left"
edit "$spec" 's/INVOCATIONS_ACCEPT: application.json/INVOCATIONS_ACCEPT: application\/jsonlines/'
mme apply "$spec"
is "$exit $(sent CreateTrainingJob) $(sent UpdateEndpoint)" "0 0 1" "its environment alone: nothing is trained, one roll"
has_out 'container.1.environment' "the plan says where"
diagnosis=$(answer diagnosis)
case $diagnosis in
'{"score": '*) pass "the new environment holds" ;;
*) fail "the new environment holds" "$diagnosis" ;;
esac

# ---- changed by hand ----
forge() { # SED-SCRIPT: the model, deleted and made anew a little differently
    model=$(things | sed -n 's/^model \([^ ]*\) .*/\1/p')
    call sm DescribeModel "{\"ModelName\": \"$model\"}" >"$T/described.json"
    arn=$(sed 's/.*"ModelArn": *"\([^"]*\)".*/\1/' "$T/described.json")
    call sm ListTags "{\"ResourceArn\": \"$arn\"}" >"$T/tags.json"
    "$PYTHON" -I -S -c '
import json, sys
model, tags = json.load(open(sys.argv[1])), json.load(open(sys.argv[2]))
for container in model["Containers"]:
    container.pop("ModelDataSource", None)
keep = ("ModelName", "Containers", "InferenceExecutionConfig", "ExecutionRoleArn")
print(json.dumps({**{key: model[key] for key in keep}, "Tags": tags["Tags"]}))' "$T/described.json" "$T/tags.json" | sed "$1" >"$T/forged.json"
    call sm DeleteModel "{\"ModelName\": \"$model\"}" >/dev/null
    call sm CreateModel "$(cat "$T/forged.json")" >/dev/null || bail "forging failed"
}
round=0
edit "$spec" 's/environment: {/&ROUND: "0", /'
for change in 's/jsonlines/json/' 's/"Direct"/"Serial"/' 's/"screening"/"other"/' 's/sagemaker-xgboost:1.7-1/sagemaker-xgboost:1.5-1/' \
    's/screening.tar.gz/diagnosis.tar.gz/'; do
    round=$((round + 1)) # what was put right once keeps a second name until the spec changes
    edit "$spec" "s/ROUND: \"[0-9]*\"/ROUND: \"$round\"/"
    mme apply "$spec"
    is_exit 0 "by hand, $change: as it should be"
    forge "$change"
    mme plan "$spec" -detailed-exitcode
    is_exit 2 "by hand, $change: the plan sees it"
    has_out 'changed outside|has changed' "by hand, $change: and says so"
    mme apply "$spec"
    is "$exit $(sent CreateTrainingJob) $(sent UpdateEndpoint)" "0 0 1" "by hand, $change: one roll puts it right"
    is "$(answer diagnosis)" "$diagnosis" "by hand, $change: it answers as before"
    mme plan "$spec" -detailed-exitcode
    is_exit 0 "by hand, $change: nothing is left to do"
done
object=$(call s3 ls sagemaker-us-east-1-123456789012/multi-container/models/ | sed -n 's/ .*//;/diagnosis.tar.gz/p')
call s3 rm "sagemaker-us-east-1-123456789012/$object"
mme plan "$spec" -detailed-exitcode
is_exit 2 "an artifact that is gone is missed"
mme apply "$spec"
is "$exit $(sent CreateTrainingJob)" "0 0" "and put back without training"
is "$(answer diagnosis)" "$diagnosis" "which answers as before"

# ---- rollback ----
run "$MMECTL" rollback diagnosis -f "$spec" --local -auto-approve --reason "the old one was better"
is_exit 0 "rollback of one container"
isnt "$(answer diagnosis)" "$diagnosis" "the older version answers"
is "$(answer screening)" "$screening" "the other container is as it was"
mme plan "$spec" -detailed-exitcode
is_exit 0 "apply respects the hold"
run "$MMECTL" resume diagnosis -f "$spec" --local
mme apply "$spec"
is "$exit $(answer diagnosis)" "0 $diagnosis" "resume and apply: the spec's version again"

# ---- one of them alone; a version that a gate holds back; a check ----
edit "$spec" 's/max_depth: 2, eta: 0.3/max_depth: 3, eta: 0.3/;s/max_depth: 6, eta: 0.1/max_depth: 5, eta: 0.1/'
cp "$spec" "$spec.both"
mme apply "$spec" --target 'aws_s3_object.model["screening"]'
is "$exit $(sent CreateTrainingJob) $(sent UpdateEndpoint) $(answer diagnosis)" "0 1 1 $diagnosis" "--target: the other container stays"
isnt "$(answer screening)" "$screening" "and this one is another"
screening=$(answer screening)
cat >>"$spec" <<'SPEC'
  gates:
    - {metric: "validation:auc", min: 1.01, models: [diagnosis]}
  checks:
    - {payload: data/known-cases.csv, expect: data/known-cases-golden.csv, tolerance: 0.5, models: [screening]}
SPEC
mme apply "$spec"
is "$exit $(sent CreateTrainingJob) $(sent UpdateEndpoint) $(answer diagnosis)" "3 1 0 $diagnosis" "a gate holds the other one back: nothing rolls"
has_err "^Warning: model 'diagnosis' is held by a gate: .* keeps serving" "which is said"
run "$MMECTL" test "$spec" --local
has_out '^screening +ok .* 1 +screening$' "the check passes, which test says"
mme plan "$spec" -detailed-exitcode
is_exit 0 "held is no difference"
cp "$spec.both" "$spec"
mme apply "$spec"
is "$exit $(sent CreateTrainingJob) $(sent UpdateEndpoint)" "0 0 1" "without the gate it is deployed, and not trained again"
diagnosis=$(answer diagnosis)

# ---- an update that SageMaker rolls back ----
mkdir "$T/pickle"
printf '\200\003}q\000.' >"$T/pickle/xgboost-model"
tar -C "$T/pickle" -czf "$T/mce/pickle.tar.gz" xgboost-model
cp "$spec" "$spec.good"
edit "$spec" 's/hyperparameters: {num_round: 25.*/artifact: pickle.tar.gz\n        allowPickle: true/'
mme apply "$spec"
is_exit 7 "a container that does not come up: SageMaker rolls back"
has_err 'The screening container for production variant AllTraffic did not pass the ping health check' "with its reason"
is "$(answer screening)" "$screening" "the old ones serve on"
cp "$spec.good" "$spec"
mme apply "$spec"
is "$exit $(answer screening)" "0 $screening" "the spec as it was: nothing is broken"

run "$MMECTL" doctor "$spec" --local
is_exit 0 "doctor finds nothing wrong"
run "$MMECTL" gc "$spec" --local
lacks_out 'aws_sagemaker_(model|endpoint)|aws_s3_object.model' "gc finds nothing that serves"
run "$MMECTL" iam-policy "$spec"
is_exit 0 "iam-policy"
mme destroy "$spec"
is_exit 0 "destroy"
has_out '^Nothing of the stack is left' "nothing is left"
is "$(count_things '^(endpoint|endpoint-config|model|object) ')" 0 "nothing at all"

# ---- in two regions, trained here: each has the image of its region ----
edit "$spec" 's/  region: us-east-1/  regions: [us-east-1, eu-west-1]/;s/^    algorithm:/    backend: local\n&/'
mme apply "$spec"
is_exit 0 "two regions"
is "$(count_things '^endpoint ') $(count_things '^model ')" "2 2" "a stack in each"
"$MMECTL" invoke "$spec" --local --region us-east-1 --container screening --data "$rows" >"$T/here"
"$MMECTL" invoke "$spec" --local --region eu-west-1 --container screening --data "$rows" >"$T/there"
ok "the same model in both" cmp "$T/here" "$T/there"
mme plan "$spec" -detailed-exitcode
is_exit 0 "two regions: nothing is left to do"
mme destroy "$spec"
is_exit 0 "two regions: destroy"
has_out '^Nothing of the stack is left' "two regions: nothing is left"
done_testing
