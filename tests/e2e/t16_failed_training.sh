#!/bin/sh
# One variant that cannot be trained leaves the others deployed; whether the next apply tries again depends on why.
. tests/e2e/lib.sh

fast_local
spec=$(copy_demo fail)
job=$(job_of "$spec" model_deep)
isnt "$job" "" "the job has a name before it exists"

# ---- capacity: worth another try ----
fault '{"operation": "CreateTrainingJob", "kind": "capacity", "name": "'"$job"'", "times": 0}'
mme apply "$spec"
is_exit 3 "one of five fails: applied in part"
has_err '^Error: .*model_deep.*CapacityError' "the message names the model and SageMaker's reason"
is "$(sent CreateTrainingJob)" 7 "five jobs were started, the one without capacity three times"
is "$(count_things '/models/[0-9a-f]{10}/model_[a-z]+\.tar\.gz')" 4 "four models are published"
is "$(count_things '^endpoint fail InService ')" 1 "the endpoint serves"
for model in conservative balanced aggressive fast; do
    isnt "$(predict "$spec" "model_$model")" "" "model_$model answers"
done
mme plan "$spec" -detailed-exitcode
is_exit 2 "the plan says that something is left to do"
has_out '^Plan: 2 to add, 0 to change, 0 to destroy\.$' "a job and an artifact"

call nofaults
before=$(things | grep '/models/')
mme apply "$spec"
is_exit 0 "the next apply finishes"
is "$(sent CreateTrainingJob) $(sent UpdateEndpoint)" "1 0" "with one job, and without a roll"
isnt "$(predict "$spec" model_deep)" "" "model_deep answers"
is "$(things | grep '/models/' | grep -v model_deep)" "$before" "the other four were not touched"
mme plan "$spec" -detailed-exitcode
is_exit 0 "nothing is left to do"

# ---- a changed variant that fails keeps its old content ----
old=$(predict "$spec" model_deep)
fast=$(predict "$spec" model_fast)
edit "$spec" 's/max_depth: 8, eta: 0\.2/max_depth: 8, eta: 0.02/;s/eta: 0\.4/eta: 0.04/'
job=$(job_of "$spec" model_deep)
fault '{"operation": "CreateTrainingJob", "kind": "fail", "name": "'"$job"'", "times": 0,
    "reason": "AlgorithmError: framework error, exit code: 1"}'
mme apply "$spec"
is_exit 3 "one of two changed ones fails"
has_err '^Error: .*model_deep.*AlgorithmError' "with its reason"
is "$(predict "$spec" model_deep)" "$old" "it keeps what it had"
isnt "$(predict "$spec" model_fast)" "$fast" "the other one is new"

# ---- AlgorithmError: the same again would fail again ----
call nofaults
before=$(things)
mme apply "$spec"
is_exit 3 "the next apply leaves it out"
has_err "^Warning: model 'model_deep' is left out: .*AlgorithmError" "with a warning"
has_err 'retry-failed' "and what to do"
is "$(sent CreateTrainingJob) $(stat_of mutating)" "0 0" "and sends nothing that changes"
has_out '^No changes\. 1 model is left out' "the plan says so"
lacks_out '^No changes\. Your infrastructure matches' "it does not claim that all is well"
same_things "the world stays as it is" "$before"
mme apply "$spec" --retry-failed
is_exit 0 "--retry-failed tries again"
is "$(sent CreateTrainingJob)" 1 "one job"
is "$(count_things "^training-job $job(-2)? ")" 2 "under the next name"
isnt "$(predict "$spec" model_deep)" "$old" "and its content is served"
mme plan "$spec" -detailed-exitcode
is_exit 0 "nothing is left to do"

# ---- another setting that does not count for the content is a reason to try again ----
edit "$spec" 's/max_depth: 8, eta: 0\.02/max_depth: 8, eta: 0.07/'
fault '{"operation": "CreateTrainingJob", "kind": "fail", "reason": "ClientError: Out of memory"}'
mme apply "$spec"
is_exit 1 "nothing but that one failed: an error, and nothing was applied"
is "$(grep -c 'ClientError: Out of memory' "$T/err")" 1 "said once"
edit "$spec" '/^  training:/,/^  models:/s/ml\.m5\.large/ml.m5.xlarge/'
mme apply "$spec"
is_exit 0 "a larger instance is tried without asking"
is "$(sent CreateTrainingJob)" 1 "for that one model alone"

# ---- everything fails at first: nothing to serve, nothing half made ----
all=$(copy_demo none)
fault '{"operation": "CreateTrainingJob", "kind": "fail", "times": 5, "reason": "AlgorithmError: no"}'
mme apply "$all"
is_exit 3 "all five fail"
is "$(count_things '^(endpoint|endpoint-config|model) none')" 0 "no endpoint is made"
mme apply "$all" --retry-failed
is_exit 0 "and all is made once they work"

# ---- a first endpoint that fails is deleted and made anew ----
first=$(copy_demo first)
fault '{"operation": "CreateEndpoint", "kind": "fail", "times": 2, "reason": "The container did not pass the ping health check."}'
mme apply "$first"
is_exit 3 "the endpoint fails, and fails again"
is "$(sent CreateEndpoint) $(sent DeleteEndpoint)" "2 1" "it was made anew once"
has_err '^Error: .*ping health check' "the reason is named"
mme plan "$first"
has_out '# aws_sagemaker_endpoint.this must be replaced' "the plan replaces it"
mme apply "$first"
is_exit 0 "the next apply does"
as_planned "the next apply"
isnt "$(predict "$first" model_deep)" "" "and it serves"
done_testing
