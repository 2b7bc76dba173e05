#!/bin/sh
# What machines read: plan -json, the event stream of apply and destroy, and the documents of the other commands.
. tests/e2e/lib.sh

fast_local
spec=$(copy_demo json)

# valid FORMAT NAME: what the last run printed is JSON of that kind.
valid() {
    ok "$2" "$PYTHON" -I -S tests/e2e/json_check.py "$1" "$T/out"
}

# field EXPRESSION: of the last run's document d, or of its events e.
field() {
    "$PYTHON" -I -S -c '
import json, sys
text = open(sys.argv[1]).read()
try:
    d = json.loads(text)
except ValueError:
    e = [json.loads(line) for line in text.splitlines()]
print(eval(sys.argv[2]))' "$T/out" "$1"
}

mme plan "$spec" -json -detailed-exitcode
is_exit 2 "plan -json: the exit status is the plan's"
valid plan "plan -json: of everything"
is "$(field '[d["mmectl"]["summary"][k] for k in ("add", "change", "destroy")]')" "[16, 0, 0]" "plan -json: 16 to add"
is "$(field 'sorted({c["type"] for c in d["resource_changes"]})')" \
    "['aws_s3_bucket', 'aws_s3_object', 'aws_sagemaker_endpoint', 'aws_sagemaker_endpoint_configuration', 'aws_sagemaker_model', 'aws_sagemaker_training_job']" \
    "plan -json: Terraform's types"
is "$(field 'd["applyable"], d["errored"]')" "(True, False)" "plan -json: can be applied"

mme apply "$spec" -json
is_exit 0 "apply -json"
valid stream "apply -json: a stream of events"
is "$(field '[e for e in e if e["type"] == "change_summary"][-1]["changes"]["add"]')" 16 "apply -json: 16 added"
is "$(field 'len([e for e in e if e["type"] == "apply_complete"])')" 16 "apply -json: 16 events of completion"
is "$(field 'e[-1]["mmectl"]["stats"]["mutating"] > 16')" True "apply -json: --stats is an event"
is "$(grep -vc '^Requests: ' "$T/err")" 0 "apply -json: nothing on standard error"
mme plan "$spec" -json -detailed-exitcode
is_exit 0 "plan -json: nothing to do"
valid plan "plan -json: of nothing"
is "$(field 'd["applyable"]')" False "plan -json: nothing to apply"

for command in status cost test; do
    mme "$command" "$spec" -json
    is_exit 0 "$command -json"
    valid document "$command -json: a document with a format_version"
done
run "$MMECTL" local status -json
valid document "local status -json"
run "$MMECTL" schema
is "$(field 'd["$schema"]')" "https://json-schema.org/draft/2020-12/schema" "schema is JSON Schema 2020-12"

edit "$spec" 's/eta: 0\.4/eta: 0.04/'
drop_model "$spec" model_deep
mme plan "$spec" -json
valid plan "plan -json: of replacements and removals"
mme apply "$spec" -json
is_exit 0 "apply -json of replacements"
valid stream "apply -json: of replacements"

# A failure is in the stream, and in the exit status.
edit "$spec" 's/eta: 0\.3}/eta: 0.33}/;s/eta: 0\.1}/eta: 0.11}/'
fault '{"operation": "CreateTrainingJob", "kind": "fail", "reason": "AlgorithmError: no"}'
mme apply "$spec" -json
is_exit 3 "apply -json: one of two fails"
valid stream "apply -json: of a failure"
is "$(field 'len([e for e in e if e["type"] == "apply_errored"])')" 1 "apply -json: one event of failure"
is "$(field '"AlgorithmError" in [e for e in e if e["type"] == "diagnostic"][0]["diagnostic"]["summary"] + str([e for e in e if e["type"] == "diagnostic"][0]["diagnostic"].get("detail"))')" True \
    "apply -json: a diagnostic with the reason"
mme plan "$spec" -json
valid plan "plan -json: with a model that is left out"
is "$(field '["left out" in w["message"] for w in d["mmectl"]["warnings"]]')" "[True]" "plan -json: the warning is in the document"

mme destroy "$spec" -json
is_exit 0 "destroy -json"
valid stream "destroy -json"

run "$MMECTL" apply "$spec" --local -json
is_exit 1 "apply -json without -auto-approve has nobody to ask"
has_err 'auto-approve' "and says what to do"
done_testing
