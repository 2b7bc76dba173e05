#!/bin/sh
# Training many on SageMaker: so many jobs at a time, on spot instances that are taken back, in warm pools, behind a quota; and
# what a plan says that it costs.
. tests/e2e/lib.sh

start_local --delay all=0 --delay training_starting_ms=150
jobs() { # STATE of SECONDARY, as the stand-in describes them
    call sm ListTrainingJobs '{"MaxResults":100}' | jq -r "[.TrainingJobSummaries[] | select($1)] | length"
}

# ---- spot ----
spec=$(copy_demo spot)
edit "$spec" 's/^    maxRuntime:.*/&\n    concurrency: 2\n    spot: {enabled: true, maxWait: 2h}/'
fault '{"operation": "CreateTrainingJob", "kind": "interrupt", "times": 2, "forMs": 2000}'
mme plan "$spec"
has_out '^training 5 jobs on ml\.m5\.large × 1: at most \$0\.[0-9]+ \(maxRuntime [0-9]+ s each\), less up to 90 % for spot$' "the plan says what it may cost"
mme apply "$spec"
is_exit 0 "apply, with two jobs interrupted"
has_err 'training_job.*Interrupted' "it says so"
is "$(count_things '^training-job .* Completed')" 5 "all are trained, each in its one job"
is "$(count_things '^training-job ')" 5 "no second attempts"
call sm DescribeTrainingJob "{\"TrainingJobName\":\"$(call sm ListTrainingJobs '{}' | jq -r '.TrainingJobSummaries[0].TrainingJobName')\"}" >"$T/job.json"
is "$(jq -r '.EnableManagedSpotTraining' "$T/job.json")" true "on spot instances"
ok "with checkpoints beside the output" grep -q '/training/spot-[^/]*/checkpoints"' "$T/job.json"
mme plan "$spec" -detailed-exitcode
is_exit 0 "nothing is left to do"

# The same models, trained on demand without an interruption, are the same bytes.
plain=$(copy_demo plain)
mme apply "$plain"
is_exit 0 "the same on demand"
digest() { # STACK MODEL
    call s3 get "sagemaker-us-east-1-123456789012/$(call s3 ls sagemaker-us-east-1-123456789012/"$1"/models | grep "$2" | head -n 1)" | sha256sum
}
is "$(digest spot model_deep)" "$(digest plain model_deep)" "a resumed model is the model"

# ---- metrics: SageMaker tells floats made of five decimals; 0.949999988079071 is 0.95 ----
run "$MMECTL" status "$plain" --local -json
is "$(jq -r '[.stacks[0].models[].metrics[] | tostring | test("^[01]([.][0-9]{1,5})?$")] | [length, all] | @csv' "$T/out")" "10,true" \
    "metrics are what the training said"
floats=$(call sm DescribeTrainingJob "{\"TrainingJobName\":\"$(call sm ListTrainingJobs '{}' | jq -r '.TrainingJobSummaries[0].TrainingJobName')\"}" |
    jq -r '[.FinalMetricDataList[].Value | tostring | length > 8] | any')
is "$floats" true "which the stand-in describes as SageMaker does"

# ---- the cost of a retraining, by the jobs before ----
edit "$plain" 's/eta: 0\.4/eta: 0.35/'
mme plan "$plain"
has_out '^training 1 job on ml\.m5\.large × 1: about \$0\.[0-9]+ if they take as long as before, at most' "what it took before"
run "$MMECTL" plan "$plain" --local -json
is "$(jq -r '.mmectl.training_cost | [.jobs, .spot, (.expected_usd < .max_usd)] | @csv' "$T/out")" "1,false,true" "as JSON"

# ---- waiting too long ends the job; the next apply goes on from its checkpoint ----
edit "$spec" 's/eta: 0\.4/eta: 0.3/'
fault '{"operation": "CreateTrainingJob", "kind": "interrupt", "forMs": 100000000}'
"$MMECTL" local stop >/dev/null 2>&1
start_local --delay all=0
edit "$spec" 's/maxWait: 2h/maxWait: 1s/; s/^    maxRuntime:.*/    maxRuntime: 1s/'
mme apply "$spec"
is_exit 1 "no spot instances for too long: nothing is applied"
has_err '^Error: .*MaxWaitTimeExceeded' "it says why"
has_err 'hint: .*spot\.maxWait' "and what helps"
edit "$spec" 's/maxWait: 1s/maxWait: 2h/; s/^    maxRuntime:.*/    maxRuntime: 1h/'
mme apply "$spec"
is_exit 0 "the next apply makes it"
mme destroy "$spec"
is_exit 0 "destroy"
is "$(call s3 ls sagemaker-us-east-1-123456789012/spot | wc -l)" 0 "takes the checkpoints, too"

# ---- warm pools ----
warm=$(copy_demo warm)
edit "$warm" 's/^    maxRuntime:.*/&\n    concurrency: 1\n    keepAlive: 10m/'
mme plan "$warm"
has_out 'and at most \$0\.[0-9]+ for warm pools$' "a pool costs something, too"
mme apply "$warm"
is_exit 0 "apply with a warm pool"
is "$(jobs '.WarmPoolStatus.Status == "Reused"') $(jobs '.WarmPoolStatus.Status == "Available"')" "4 1" "one job after the other, on the same instances"
mme destroy "$warm"
is_exit 0 "destroy gives the pool up"
is "$(jobs '.TrainingJobName | startswith("warm-")')" 0 "and deletes every job"
done_testing
