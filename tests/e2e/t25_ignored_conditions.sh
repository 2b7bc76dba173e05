#!/bin/sh
# An S3 that takes If-Match and If-None-Match and ignores them: found out once, said once, and looked at before writing.
. tests/e2e/lib.sh

fast_local
call settings '{"s3IgnoresConditions": "true"}'
spec=$(copy_demo loose)
mme apply "$spec"
is_exit 0 "the demo is deployed"
has_err "Warning: this S3 ignores conditional requests" "with a warning"
is "$(grep -c 'ignores conditional requests' "$T/err")" 1 "said once"
has_err "never run two applies of this stack at once" "and what follows from it"
bucket=sagemaker-us-east-1-123456789012
is "$(call s3 get "$bucket/loose/control/stack.json" | grep -c '"putIfNoneMatch": false')" 1 "the record remembers it"
is "$(call s3 ls "$bucket/loose/control/" | grep -c probe)" 0 "the probe is gone"

# A later run writes behind a look: what somebody put there meanwhile is not overwritten.
mme plan "$spec"
is_exit 0 "a plan is empty"
edit "$spec" "s/eta: 0.4/eta: 0.35/"
mme apply "$spec"
is_exit 0 "a change is applied"
lacks_err "ignores conditional requests" "without asking again"
mme destroy "$spec"
is_exit 0 "and torn down"
is "$(call s3 ls "$bucket/loose/" | grep -c .)" 0 "nothing is left"

# On an S3 that checks conditions, nothing is said, and the record says so.
call settings '{"s3IgnoresConditions": null}'
mme apply "$spec"
is_exit 0 "on an S3 that checks conditions"
lacks_err "ignores conditional requests" "there is no warning"
is "$(call s3 get "$bucket/loose/control/stack.json" | grep -c '"putIfNoneMatch": true')" 1 "and the record says that it does"
done_testing
