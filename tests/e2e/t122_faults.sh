#!/bin/sh
# Faults as users plant them: what boto3 sees of each kind is what AWS would answer, and mmectl gets where it wanted to.
. tests/e2e/lib.sh
unset MMECTL_LOCAL_FAULT MMECTL_LOCAL_LATENCY
fast_local

# sees RULE SERVICE METHOD [JSON] WANT NAME: what one call of boto3 without retries makes of it.
sees() {
    "$MMECTL" local fault clear >/dev/null
    "$MMECTL" local fault add "$1" >/dev/null || bail "no fault '$1'"
    if [ $# = 5 ]; then
        is "$("$PYTHON" tests/e2e/faults.py call "$2" "$3")" "$4" "$5"
    else
        is "$("$PYTHON" tests/e2e/faults.py call "$2" "$3" "$4")" "$5" "$6"
    fi
}
names() { # of the models that exist
    "$MMECTL" local fault clear >/dev/null
    call sm ListModels | jq -r '.Models[].ModelName' | sort | tr '\n' ' '
}
model() {
    echo '{"ModelName": "'"$1"'", "ExecutionRoleArn": "arn:aws:iam::123456789012:role/r", "PrimaryContainer": {"Image":
        "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-xgboost:1.7-1"}}'
}

# ---- what another client sees ----
sees throttle sagemaker list_models "ThrottlingException 400" "throttle: SageMaker"
sees throttle s3 list_buckets "SlowDown 503" "throttle: S3"
sees throttle sts get_caller_identity "Throttling 400" "throttle: STS"
sees throttle,operation=DescribeAlarms cloudwatch describe_alarms "Throttling 400" "throttle: CloudWatch"
sees 500 sagemaker list_models "InternalFailure 500" "500: SageMaker"
sees 500 s3 list_buckets "InternalError 500" "500: S3"
sees 503 sagemaker list_models "ServiceUnavailable 503" "503: SageMaker"
sees 503 s3 list_buckets "ServiceUnavailable 503" "503: S3"
sees expired-token sagemaker list_models "ExpiredTokenException 403" "expired-token: SageMaker"
sees expired-token s3 list_buckets "ExpiredToken 400" "expired-token: S3"
sees expired-token sts get_caller_identity "ExpiredToken 403" "expired-token: STS"
sees 'error,status=403,code=OptInRequired,message=short and stout' sagemaker list_models "OptInRequired 403" "error: what was asked for"
sees reset-before sagemaker create_model "$(model before)" "ConnectionClosedError" "reset-before: no answer"
is "$(names)" "" "reset-before: nothing was done"
sees reset-after sagemaker create_model "$(model after)" "ConnectionClosedError" "reset-after: no answer"
is "$(names)" "after " "reset-after: it was done"
sees truncate,operation=ListBuckets s3 list_buckets "broken: ResponseParserError" "truncate: half an answer"
"$MMECTL" local fault add truncate,operation=CreateModel >/dev/null
"$PYTHON" tests/e2e/faults.py call sagemaker create_model "$(model half)" >/dev/null # boto3 takes half a document
is "$(names)" "after half " "truncate: it was done"
sees slow,ms=4000 sagemaker list_models "ReadTimeoutError" "slow: later than the client waits"
sees slow,ms=100 sagemaker list_models "done" "slow: within its time"
sees clock-skew sagemaker list_models "InvalidSignatureException 403" "clock-skew: SageMaker"
sees clock-skew,ms=-1200000 sagemaker list_models "InvalidSignatureException 403" "clock-skew: behind"
sees clock-skew s3 list_buckets "RequestTimeTooSkewed 403" "clock-skew: S3"
sees clock-skew,ms=60000 s3 list_buckets "done" "clock-skew: a minute is allowed"
sees throttle,operation=ListModels sagemaker list_endpoints "done" "operation: the others are not hit"
sees 'throttle,operation=List*' sagemaker list_endpoints "ThrottlingException 400" "operation: by its beginning"
sees 'throttle,name=other' sagemaker create_model "$(model third)" "done" "name: another subject is not hit"
head -c 100000 /dev/zero >"$T/zeros"
call s3 mb bytes-bucket
call s3 put bytes-bucket/zeros "$T/zeros"
sees truncate,operation=GetObject s3 get_object '{"Bucket": "bytes-bucket", "Key": "zeros"}' "ResponseStreamingError" \
    "truncate: half an object"

# ---- chance has a seed ----
chance() {
    "$MMECTL" local fault clear >/dev/null
    "$MMECTL" local fault add "throttle,operation=ListModels,probability=0.3$1" >"$T/out"
    "$PYTHON" tests/e2e/faults.py calls 40 sagemaker list_models
}
first=$(chance ,seed=7)
is "$(chance ,seed=7)" "$first" "the same seed hits the same calls"
isnt "$(chance ,seed=8)" "$first" "another one others"
drawn=$(chance '')
seed=$(sed -n 's/.*,seed=\([0-9]*\) .*/\1/p' "$T/out")
is "$(chance ",seed=$seed")" "$drawn" "a seed that was chosen is shown, and replays"
hits=$(printf '%s' "$first" | tr -d . | wc -c)
ok "about three in ten" test "$hits" -ge 4 -a "$hits" -le 22
run "$MMECTL" local fault list --json
is "$(jq -r '.faults[0] | "\(.seed) \(.seen) \(.fired)"' "$T/out")" "$seed 40 $(printf '%s' "$drawn" | tr -d . | wc -c)" \
    "what it did is counted"

# ---- mmectl gets there ----
converges() { # NAME RULE...
    name=$1
    shift
    spec=$(copy_demo "$name")
    "$MMECTL" local fault clear >/dev/null
    "$MMECTL" local fault add "$@" >/dev/null || bail "no fault: $*"
    mme apply "$spec"
    is_exit 0 "$name: mmectl applies in spite of $*"
    "$MMECTL" local fault list --json >"$T/faults"
    ok "$name: it was hit" jq -e '[.faults[].fired] | add > 0' "$T/faults"
    "$MMECTL" local fault clear >/dev/null
    mme plan "$spec"
    has_out '^No changes\.' "$name: and nothing is missing"
    mme destroy "$spec"
    is_exit 0 "$name: destroy"
}
converges throttled throttle,every=9
converges failing 500,every=8 503,every=11
converges reset reset-before,every=7 reset-after,every=10
converges halved truncate,every=9
converges slowed slow,ms=30
converges skewed clock-skew
converges short capacity,operation=CreateTrainingJob
converges mixed throttle,probability=0.05,seed=1 500,probability=0.05,seed=2 reset-after,probability=0.05,seed=3

spec=$(copy_demo expired)
"$MMECTL" local fault add expired-token,nth=5 >/dev/null
mme apply "$spec"
is_exit 1 "an expired token ends the run"
has_err 'expired' "and is called by its name"
mme apply "$spec"
is_exit 0 "the next one gets there"
"$MMECTL" local fault add silent-rollback >/dev/null
edit "$spec" 's/^\( *instance: {type: \)ml.m5.large, count: 1}/\1ml.m5.xlarge, count: 1}/'
mme apply "$spec"
is_exit 7 "a silent rollback has an exit status of its own"
has_err '^Error: .*rolled the update of endpoint' "and is told"
"$MMECTL" local fault add rollback,reason='no ping' >/dev/null
mme apply "$spec" --retry-failed
has_err 'rolled the update of endpoint .* back: no ping' "one with a reason tells it"

# ---- rules that are wrong ----
refused() { # RULE REGEX NAME
    run "$MMECTL" local fault add "$1"
    is_exit 64 "$3: refused"
    has_err "^Error: fault '.*': $2" "$3: the message"
}
"$MMECTL" local fault clear >/dev/null
refused trottle "'trottle' is not a kind of fault" "unknown kind"
has_err "^hint: did you mean 'throttle'\\?" "unknown kind: the hint"
refused throttle,operation=PutObjct "the stand-in has no operation 'PutObjct'" "unknown operation"
refused capacity,operation=PutObject "a fault of kind 'capacity' cannot hit 'PutObject'" "impossible operation"
refused slow,ms=soon "'ms' of a fault must be a number of milliseconds" "no number"
refused slow,ms=-1 "'ms' of a fault must be 0 or more for 'slow'" "before it was asked"
refused slow,nth=1,every=2 "'nth' and 'every' of a fault exclude each other" "contradiction"
refused slow,nth=0 "'nth' of a fault must be a whole number of 1 or more" "the zeroth call"
refused slow,probability=1.5 "'probability' of a fault must be above 0 and not above 1" "more than certain"
refused slow,seed=1 "'seed' of a fault needs 'probability'" "seed of nothing"
refused throttle,reason=x "a fault of kind 'throttle' takes no 'reason'" "parameter of another kind"
refused throttle,colour=red "a fault has no parameter 'colour'" "unknown parameter"
refused throttle,times=1,times=2 "'times' of a fault is given twice" "twice"
refused throttle,oops "a fault is KIND\\[,NAME=VALUE\\]..., not 'throttle,oops'" "no value"
refused '{"kind": "error", "status": 200}' "'status' of a fault must be an HTTP status from 400 to 599" "JSON"
refused '{"kind": ' "the fault's JSON: " "broken JSON"
run "$MMECTL" local fault add throttle trottle
is_exit 64 "one wrong rule of two"
run "$MMECTL" local fault
has_out '^The stand-in answers at once and without faults\.$' "nothing was planted"
run "$MMECTL" local fault drop
is_exit 64 "an unknown verb"

# ---- at a start, and by the environment ----
run "$MMECTL" local start --fault throttle
is_exit 1 "one that runs takes none at a start"
has_err "^hint: 'mmectl local fault add RULE' changes one that runs" "with what to do"
"$MMECTL" local fault add 500,operation=ListModels >/dev/null
stop_local
run "$MMECTL" local start --fault trottle
is_exit 64 "a wrong rule keeps it from starting"
run "$MMECTL" local start --fault throttle,operation=ListModels,probability=0.5 --fault slow,ms=1
is_exit 0 "a start with rules"
has_out '^  fault: throttle,operation=ListModels,probability=0.5,seed=[0-9]+ \(hit 0 of 0\)$' "shows them with the seed"
has_out '^  fault: 500,operation=ListModels \(hit 0 of 0\)$' "one that was added outlives a restart"
stop_local
MMECTL_LOCAL_FAULT='throttle,operation=ListModels; slow,ms=2,nth=1' MMECTL_LOCAL_LATENCY=3ms \
    run "$MMECTL" plan "$spec" --local
has_err '^  fault: slow,nth=1,ms=2 ' "rules from the environment are shown when --local starts it"
has_err '^  latency: 3ms$' "and the latency"
run "$MMECTL" local fault list
lacks_out 'probability' "those of the start before are gone"
done_testing
