#!/bin/sh
# `mmectl serve` keeps the multi-model container's contract, call by call, on models that were trained here.
. tests/e2e/lib.sh

run "$MMECTL" serve --port 70000
is_exit 64 "a port that does not exist is refused"
has_err "there is no port 70000"
run env SAGEMAKER_BIND_TO_PORT=http "$MMECTL" serve
is_exit 64 "SAGEMAKER_BIND_TO_PORT has to be a port"
has_err "SAGEMAKER_BIND_TO_PORT has to be a port, not 'http'"
run env MAX_CONTENT_LENGTH=-1 "$MMECTL" serve --port 0
is_exit 64 "MAX_CONTENT_LENGTH has to be a number"
run "$MMECTL" serve --port 0 --model-dir "$T/none"
is_exit 1 "a model that is not there ends it"
has_err "opening '$T/none'"

# The demo's models, and what the stand-in's endpoint says to the same rows.
fast_local
spec=$(copy_demo serve)
sed -i 's/backend: sagemaker/backend: local/' "$spec"
run "$MMECTL" apply "$spec" --local -auto-approve
is_exit 0 "the demo's models are trained"
mkdir "$T/models"
cut -d, -f2- examples/data/breast-cancer-validation.csv | head -n 50 >"$T/rows.csv"
bucket=sagemaker-us-east-1-123456789012
for key in $(call s3 ls "$bucket/serve/models/"); do
    name=$(basename "$key" .tar.gz)
    call s3 get "$bucket/$key" >"$T/models/$name.tar.gz"
    call invoke serve "$name.tar.gz" "$T/rows.csv" >"$T/models/$name.answer"
done
stop_local
is "$(find "$T/models" -name '*.answer' -size +100c | wc -l)" 5 "five models, five answers"

"$PYTHON" -S -B tests/e2e/serve.py "$MMECTL" "$T" >"$T/serve.tap" 2>&1
while IFS= read -r line; do
    case $line in
        'ok '*) pass "${line#ok - }" ;;
        'not ok '*) fail "${line#not ok - }" ;;
        *) note "$line" ;;
    esac
done <"$T/serve.tap"
grep -q '^done$' "$T/serve.tap" && pass "the contract was gone through to its end" || fail "it ended early"

done_testing
