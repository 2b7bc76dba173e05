#!/bin/sh
# An update that SageMaker rolls back leaves the old config serving, and is not tried again until somebody asks for it.
. tests/e2e/lib.sh

fast_local
reason="The primary container for production variant AllTraffic did not pass the ping health check."

rolled_back() { # MODE SED-SCRIPT MODEL-THAT-CHANGES
    spec=$(copy_demo "back-$1")
    edit "$spec" "s/targetModels: stable.*/targetModels: $1 #/"
    mme apply "$spec"
    is_exit 0 "$1: apply"
    config=$(things | sed -n "s/^endpoint back-$1 InService \([^ ]*\) .*/\1/p")
    old=$(predict "$spec" model_fast)
    artifacts=$(call s3 ls "sagemaker-us-east-1-123456789012/back-$1/models/")

    edit "$spec" "$2"
    fault '{"operation": "UpdateEndpoint", "kind": "rollback", "times": 0, "reason": "'"$reason"'"}'
    mme apply "$spec"
    is_exit 7 "$1: a rollback has an exit status of its own"
    has_err "^Error: .*rolled the update of endpoint 'back-$1' back: .*ping health check" "$1: the reason is named"
    is "$(grep -c 'ping health check' "$T/err")" 1 "$1: once"
    is "$(sent UpdateEndpoint)" 1 "$1: it was tried once"
    is "$(count_things "^endpoint back-$1 InService $config ")" 1 "$1: the old config serves"
    is "$(predict "$spec" model_fast)" "$old" "$1: with the old predictions"
    printf '%s\n' "$artifacts" >"$T/want"
    call s3 ls "sagemaker-us-east-1-123456789012/back-$1/models/" >"$T/have"
    is "$(comm -23 "$T/want" "$T/have")" "" "$1: every artifact that it serves is still there"

    before=$(things)
    mme apply "$spec"
    is_exit 7 "$1: apply again says that it is not done"
    has_out '^No changes\. The endpoint stays as it is' "$1: the plan says so"
    has_err "was tried and rolled back" "$1: and why"
    has_err '^  hint: .*--retry-failed|retry-failed' "$1: and what to do"
    is "$(sent UpdateEndpoint) $(stat_of mutating)" "0 0" "$1: it is not tried again"
    same_things "$1: and nothing changes" "$before"

    call nofaults
    mme apply "$spec"
    is_exit 7 "$1: nor when it could work by now"
    is "$(sent UpdateEndpoint)" 0 "$1: without a request"
    mme apply "$spec" --retry-failed
    is_exit 0 "$1: --retry-failed tries it"
    is "$(sent UpdateEndpoint)" 1 "$1: once"
    is "$(count_things "^endpoint back-$1 InService $config ")" 0 "$1: another config serves"
    is "$(count_things "^endpoint-config $config ")" 0 "$1: the old one is gone"
    mme plan "$spec" -detailed-exitcode
    is_exit 0 "$1: and nothing is left to do"
}

rolled_back stable 's/eta: 0\.4/eta: 0.05/'
isnt "$(predict "$spec" model_fast)" "$old" "stable: the new prediction is served"
rolled_back versioned 's/instance: {type: ml\.m5\.large, count: 1}$/instance: {type: ml.m5.xlarge, count: 1}/'
is "$(predict "$spec" model_fast)" "$old" "versioned: another instance type predicts the same"

# A reason that may pass is tried again by the next apply.
edit "$spec" 's/ml\.m5\.xlarge/ml.m5.2xlarge/'
fault '{"operation": "UpdateEndpoint", "kind": "capacity"}'
mme apply "$spec"
is_exit 7 "capacity: rolled back"
mme apply "$spec"
is_exit 0 "capacity: the next apply tries again"
is "$(sent UpdateEndpoint)" 1 "capacity: once"

# Going back to what serves is no difference, and forgets the attempt.
edit "$spec" 's/ml\.m5\.2xlarge/ml.m5.4xlarge/'
fault '{"operation": "UpdateEndpoint", "kind": "rollback"}'
mme apply "$spec"
is_exit 7 "back again: rolled back"
edit "$spec" 's/ml\.m5\.4xlarge/ml.m5.2xlarge/'
mme apply "$spec"
is_exit 0 "the config that serves is wanted again"
is "$(sent UpdateEndpoint)" 0 "no update is needed"
is "$(count_things '^endpoint-config back-versioned')" 1 "the config that failed is gone"
mme plan "$spec" -detailed-exitcode
is_exit 0 "and nothing is left to do"
done_testing
