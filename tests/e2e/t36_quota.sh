#!/bin/sh
# Fewer instances than models: the jobs queue behind our own, and nothing queues behind a job that is lost.
. tests/e2e/lib.sh

start_local --delay all=0 --delay training_starting_ms=200
call settings '{"quota.ml.m5.large for training job usage": "2"}'
spec=$(copy_demo quota)
mme apply "$spec"
is_exit 0 "apply with room for two jobs at a time"
has_err 'training_job.*Queued' "the others queue"
is "$(count_things '^training-job .* Completed')" 5 "and all five are trained"
is "$(count_things '^training-job ')" 5 "once each"
mme plan "$spec" -detailed-exitcode
is_exit 0 "nothing is left to do"

# The account has room for none: an error, not a wait without an end.
call settings '{"quota.ml.m5.large for training job usage": "0"}'
edit "$spec" 's/eta: 0\.4/eta: 0.04/'
mme apply "$spec"
is_exit 1 "room for none is an error"
has_err '^Error: .*model_fast' "that names the model"
has_err 'hint: .*Service Quotas' "and what to do"

# Two jobs hold the quota, and what became of them cannot be found out.
call settings '{"quota.ml.m5.large for training job usage": "2"}'
lost=$(copy_demo lost)
fault '{"operation": "DescribeTrainingJob", "kind": "error", "status": 400, "code": "ValidationException", "message": "Requested resource not found.", "times": 0}'
mme apply "$lost"
is_exit 3 "jobs that cannot be followed end as failures"
has_err '^Error: .*following training job' "and say so"
call nofaults
mme apply "$lost"
is_exit 0 "the next apply finishes"
is "$(count_things '^training-job lost-')" 5 "with the jobs that were started, and no second ones"
done_testing
