#!/bin/sh
# examples/regional.yaml from apply to destroy: a stack in each region, side by side; what is trained once is copied; a region
# that fails stops nobody and the next run finishes it; a region that comes is filled from the others, one that goes stays until
# it is destroyed by name.
. tests/e2e/lib.sh
. tests/e2e/bad.sh

fast_local
us=sagemaker-us-east-1-123456789012
eu=sagemaker-eu-west-1-123456789012
sa=sagemaker-sa-east-1-123456789012
mkdir "$T/r"
cp -r examples/data "$T/r/data"
cp examples/regional.yaml "$T/r/mme.yaml"
spec=$T/r/mme.yaml
tail -n 3 examples/data/breast-cancer-validation.csv | cut -d, -f2- >"$T/rows.csv"

trained() { # how many trainings the last run started
    grep -Ec 'mmectl_local_training.*Creating\.\.\.$' "$T/err"
}

# ---- one plan, with a section for each region ----

mme plan "$spec"
is_exit 0 "plan"
has_out '^Region us-east-1$' "a section for the first region"
has_out '^Region eu-west-1$' "and for the second"
has_out '^us-east-1: 6 to add, 0 to change, 0 to destroy\.$' "the first has two models"
has_out '^eu-west-1: 7 to add, 0 to change, 0 to destroy\.$' "the second has one more"
is "$(grep -c '^Plan: ' "$T/out")" 1 "one summary"
has_out '^Plan: 13 to add, 0 to change, 0 to destroy\.$' "of both"
is "$(grep -c 'trained once, in us-east-1' "$T/out")" 2 "two models come from the first region"
is "$(grep -c 'churn_eu.*will be created' "$T/out")" 2 "one is trained in the second"
mme plan "$spec" -json
is "$("$PYTHON" -I -S -c 'import json, sys
for plan in json.load(open(sys.argv[1])):
    print(plan["mmectl"]["region"], len(plan["resource_changes"]))' "$T/out" | tr '\n' ' ')" "us-east-1 8 eu-west-1 8 " "as JSON, one plan for each region"
mme plan "$spec" -format=markdown
has_out '^## Plan Result \(regional, us-east-1\)$' "as Markdown, a section for each"
has_out '^\*\*Plan: 13 to add, 0 to change, 0 to destroy\.\*\*$' "and the summary"

mv "$T/r/data" "$T/r/away"
mme plan "$spec"
is_exit 1 "data that is not there"
is "$(grep -c '^Error: ' "$T/err")" 1 "is told once for all regions"
mv "$T/r/away" "$T/r/data"

# ---- a region that fails ----

fault '{"operation": "PutObject", "kind": "error", "name": "'"$eu"'/regional/models/", "status": 403, "code": "AccessDenied", "message": "no", "times": 0}'
mme apply "$spec"
is_exit 3 "a region that fails makes it 'in part'"
is "$(trained)" 3 "three models are trained, each once"
has_err "^Error: region 'eu-west-1': " "the error names the region"
has_out '^us-east-1: 6 added, 0 changed, 0 destroyed$' "the other region is done"
has_out '^eu-west-1: .* failed' "this one is not"
has_out '^Apply incomplete: ' "and the whole is not complete"
is "$(count_things '^endpoint regional ')" 1 "one endpoint is there"
run "$MMECTL" invoke "$spec" --local --region us-east-1 --model churn --data "$T/rows.csv"
is_exit 0 "and answers"
call nofaults

mme plan "$spec"
has_out '^us-east-1: no changes' "nothing is left to do in the first region"
is "$(grep -c 'copied from us-east-1' "$T/out")" 2 "what it has is copied to the second"
mme apply "$spec"
is_exit 0 "the next run finishes it"
is "$(trained)" 1 "and trains only what no region has"
as_planned "two regions"
is "$(count_things '^endpoint regional ')" 2 "two endpoints"
before=$(things)
mme apply "$spec" -json
is_exit 0 "a run without a difference, as JSON"
ok "gives JSON, line by line" "$PYTHON" -I -S -c 'import json, sys
for line in open(sys.argv[1]):
    json.loads(line)' "$T/out"
mme apply "$spec"
is_exit 0 "a run without a difference"
has_out '^No changes\. Your infrastructure matches the configuration\.$' "says so once for all"
is "$(grep -c '^No changes' "$T/out")" 1 "indeed once"
is "$(stat_of mutating)" 0 "writes nothing"
same_things "and leaves everything as it is" "$before"
mme plan "$spec" -detailed-exitcode
is_exit 0 "no difference"
[ "$(stat_of requests)" -le 24 ] && pass "a plan without a difference sends at most 12 requests for each region" ||
    fail "a plan without a difference sends at most 12 requests for each region" "$(stat_of requests)"

# ---- the same models, in each region its own ----

mme status "$spec"
has_out '^Stack    regional in us-east-1' "status tells of the first"
has_out '^Stack    regional in eu-west-1' "and of the second"
is "$(grep -c '^churn ' "$T/out")" 2 "both serve churn"
is "$(grep -c '^churn_eu ' "$T/out")" 1 "one serves churn_eu"
is "$(call s3 get "$us/regional/models/$("$MMECTL" route churn -f "$spec" --local --region us-east-1)" | cksum)" \
    "$(AWS_REGION=eu-west-1 call s3 get "$eu/regional/models/$("$MMECTL" route churn -f "$spec" --local --region eu-west-1)" | cksum)" "the bytes are the same"
is "$("$MMECTL" invoke "$spec" --local --region us-east-1 --model churn --data "$T/rows.csv")" \
    "$("$MMECTL" invoke "$spec" --local --region eu-west-1 --model churn --data "$T/rows.csv")" "and so are the answers"
mme test "$spec"
is_exit 0 "every model of every region passes"
has_out '^5 models, 0 failed\.$' "five in all"
mme invoke "$spec" --model churn --data "$T/rows.csv"
is_exit 64 "one call is for one region"
has_err "'invoke' is about one endpoint, and stack 'regional' is in several regions" "the message says so"
has_err '^hint: .*--region=us-east-1' "and how to name it"
mme invoke "$spec" --model churn_eu --data "$T/rows.csv"
is_exit 0 "unless only one has the model"
run "$MMECTL" route churn_local -f "$spec" --local --key k
is_exit 0 "or the route"
run "$MMECTL" history -f "$spec" --local
is "$(grep -c '^Region ' "$T/out")" 2 "history has a section for each region"
run "$MMECTL" history churn_eu -f "$spec" --local
is "$(grep -c '^Region eu-west-1' "$T/out") $(grep -c '^Region ' "$T/out")" "1 1" "of a model, for those that have it"
run "$MMECTL" cost "$spec"
has_out '^regional in eu-west-1: 3 models on ' "cost tells of each"

# ---- a change, by saved plan ----

edit "$spec" 's/max_depth: 4, eta: 0.2/max_depth: 3, eta: 0.2/'
mme plan "$spec" -out="$T/plan"
is_exit 0 "a plan is saved"
run "$MMECTL" apply "$T/plan" --local
is_exit 0 "and carried out in both regions"
is "$(trained)" 1 "the changed model is trained once"
has_out '^Apply complete! Resources: 2 added, 0 changed, 0 destroyed\.$' "and published twice"
run "$MMECTL" apply "$T/plan" --local
is_exit 5 "once only"

run "$MMECTL" rollback churn -f "$spec" --local -auto-approve
is_exit 0 "a rollback is for every region"
is "$(grep -c '^Rollback complete!' "$T/out")" 1 "and told once"
run "$MMECTL" resume churn -f "$spec" --local
is_exit 0 "so is its end"
has_out '^us-east-1: Model .churn. is not held' "in the first"
has_out '^eu-west-1: Model .churn. is not held' "and in the second"
mme apply "$spec"
is_exit 0 "and apply goes on from there"
is "$(trained)" 0 "without training"

# ---- targets ----

edit "$spec" 's/max_depth: 2, eta: 0.3/max_depth: 2, eta: 0.35/'
mme plan "$spec" --target 'aws_s3_object.model["churn_eu"]' -out="$T/plan"
is_exit 0 "a target that only one region has"
has_err '^us-east-1: nothing is among the targets$' "leaves the other aside"
run "$MMECTL" apply "$T/plan" --local
is_exit 0 "also when it was saved"
has_out '^Apply complete! Resources: 1 added' "one model is changed"
mme plan "$spec" --target 'aws_s3_object.model["nobody"]'
is_exit 64 "a target that no region has is a mistake"

# ---- one region alone ----

edit "$spec" 's/max_depth: 5, eta: 0.1/max_depth: 5, eta: 0.12/'
mme apply "$spec" -json
is "$("$PYTHON" -I -S -c 'import json, sys
lines = [json.loads(line) for line in open(sys.argv[1])]
done = [line["region"] for line in lines if line["type"] == "apply_complete"]
sums = [line["changes"]["add"] for line in lines if line["type"] == "change_summary"]
print(sorted(set(done)), sums)' "$T/out")" "['eu-west-1', 'us-east-1'] [2, 2]" "events say where, and the sums are of both"
edit "$spec" 's/max_depth: 5, eta: 0.12/max_depth: 5, eta: 0.15/'
mme apply "$spec" --region eu-west-1
is_exit 0 "--region narrows to one"
lacks_out '^Region ' "without sections"
mme plan "$spec"
has_out '^us-east-1: 1 to add' "the other is still behind"
is "$(grep -c 'copied from eu-west-1' "$T/out")" 1 "and copies what the later region has"
mme apply "$spec"
is_exit 0 "it catches up"
is "$(trained)" 0 "without training"

# ---- a region comes, a region goes ----

edit "$spec" 's/regions: \[us-east-1, eu-west-1\]   /regions: [us-east-1, eu-west-1, sa-east-1]   /'
mme apply "$spec"
is_exit 0 "a region more"
is "$(trained)" 0 "is filled without training"
is "$(count_things '^endpoint regional ')" 3 "three endpoints"
edit "$spec" 's/, sa-east-1\]/]/'
mme plan "$spec" -detailed-exitcode
is_exit 0 "a region that is taken out keeps its stack"
mme status "$spec" --region sa-east-1
is_exit 1 "which is not the spec's any more"
has_err "region 'sa-east-1' of --region is not in 'regions'" "and the message says so"
has_err "^hint: .*mmectl destroy --region sa-east-1" "and how it is removed"
mme destroy "$spec" --region sa-east-1
is_exit 0 "destroy by name"
is "$(count_things '^endpoint regional ')" 2 "takes this one down"
is "$(AWS_REGION=sa-east-1 call s3 list "$sa" 2>/dev/null | grep -c regional)" 0 "with everything in it"

# ---- a guard, a fault before anything is done ----

fault '{"operation": "ListObjectsV2", "kind": "error", "name": "'"$us"'", "status": 403, "code": "AccessDenied", "message": "no", "times": 0}'
edit "$spec" 's/max_depth: 3, eta: 0.2/max_depth: 6, eta: 0.2/'
mme apply "$spec"
is_exit 3 "a region that cannot even be planned"
has_err "^Error: region 'us-east-1': " "is named"
has_out '^us-east-1: not done$' "and told of in the report"
has_out '^eu-west-1: 1 added, 0 changed, 1 destroyed$' "the other trains and publishes by itself"
call nofaults
mme apply "$spec"
is_exit 0 "later the first follows"
is "$(trained)" 0 "with what the other made"

# ---- the end ----

mme destroy "$spec"
is_exit 0 "destroy"
is "$(grep -c '^Destroy complete!' "$T/out")" 1 "one report"
is "$(count_things '^(endpoint|endpoint-config|model|object) .*regional')" 0 "nothing is left in any region"

# ---- on SageMaker: jobs in one region alone ----

edit "$spec" 's/backend: local .*/backend: sagemaker\n    instance: {type: ml.m5.large, count: 1}/'
mme apply "$spec"
is_exit 0 "with training jobs"
is "$(count_things '^training-job ')" 3 "one job for each model"
as_planned "copies of what jobs make are no jobs"
mme plan "$spec" -detailed-exitcode
is_exit 0 "and no difference afterwards"
edit "$spec" 's/max_depth: 6, eta: 0.2/max_depth: 4, eta: 0.25/'
job=$("$MMECTL" plan "$spec" --local -json | "$PYTHON" -I -S -c '
import json, sys
for plan in json.load(sys.stdin):
    for change in plan["resource_changes"]:
        if "training_job" in change["address"]:
            print(change["change"]["after"]["training_job_name"])')
fault '{"operation": "CreateTrainingJob", "kind": "fail", "name": "'"$job"'", "times": 0, "reason": "AlgorithmError: no"}'
mme apply "$spec"
is_exit 3 "a job that fails in the first region"
has_out '^us-east-1: 0 added, 0 changed, 0 destroyed, 1 failed' "fails there"
has_out '^eu-west-1: 2 added, 0 changed, 0 destroyed$' "the second trains it itself"
call nofaults
mme apply "$spec"
is_exit 0 "and the first takes it from there"
is "$(sent CreateTrainingJob)" 0 "without another job"
mme destroy "$spec"
is_exit 0 "destroy"
is "$(count_things '^(endpoint|endpoint-config|model|training-job|object) .*regional')" 0 "nothing is left of the jobs, either"
done_testing
