#!/bin/sh
# Routes that cannot be: each is a positioned error with a hint, before anything is sent.
. tests/e2e/lib.sh
. tests/e2e/bad.sh

fast_local
mkdir "$T/bad"
cp -r examples/data "$T/bad/data"
spec=$T/bad/mme.yaml
cp examples/ab-test.yaml "$spec"
mme apply "$spec"
is_exit 0 "a good one"
before=$(things)
line=$(grep -n 'split:' "$spec" | cut -d: -f1)

# bad NAME SED-SCRIPT MESSAGE PLACE [HINT]: plan, apply and validate refuse the edited spec.
bad() {
    cp examples/ab-test.yaml "$spec"
    edit "$spec" "$2"
    mme apply "$spec"
    refused "$1" 1 "$3" "$spec:$4" "${5:-.+}"
    run "$MMECTL" validate "$spec"
    is_exit 1 "$1: validate knows it, too"
}

weights="'split' takes whole numbers from 1 to 10000; a model that gets nothing is left out"
bad "a weight of zero" 's/champion: 90/champion: 0/' "'champion' must be 1 to 10000, not 0" "$line:25" "$weights"
bad "weights that are all zero" 's/champion: 90, challenger: 10/champion: 0, challenger: 0/' "'challenger' must be 1 to 10000, not 0" "$line:40" "$weights"
bad "a negative weight" 's/champion: 90/champion: -90/' "'champion' must be 1 to 10000, not -90" "$line:25" "$weights"
bad "a broken weight" 's/champion: 90/champion: 90.5/' "'champion' must be a whole number, not the number '90.5'" "$line:25" "$weights"
bad "a weight of words" 's/champion: 90/champion: most/' "'champion' must be a whole number, not the string 'most'" "$line:25" "$weights"
bad "a weight that is too large" 's/champion: 90/champion: 10001/' "'champion' must be 1 to 10000, not 10001" "$line:25" "$weights"
bad "a split of nothing" 's/split: {.*}/split: {}/' "'split' must have 1 to 100 entries, not 0" "$line:14"
bad "a split that is missing" '/split:/d' "missing 'split' in 'spec.routes\[0\]'" "$((line - 1)):7"
bad "a model that is missing" 's/champion: 90/champoin: 90/' "route 'churn' names model 'champoin', which the spec has not" "$line:15" "did you mean 'champion'\? .*"
bad "a shadow that is missing" 's/shadow: candidate/shadow: nobody/' "route 'churn' names model 'nobody', which the spec has not" "$((line + 1)):15"
bad "a shadow that answers" 's/shadow: candidate/shadow: champion/' "model 'champion' is the shadow of route 'churn' and in its split" "$((line + 1)):15"
bad "the name of a model" 's/- name: churn/- name: champion/' "route 'champion' has the name of a model, defined at $spec:[0-9]+:[0-9]+" "$((line - 1)):13"
bad "two routes of one name" "s/^  routes:/&\\n    - {name: churn, split: {champion: 1}}/" "route 'churn' is defined twice, first at $spec:$((line - 1)):14" "$line:13"
bad "a model twice in a split" 's/challenger: 10/champion: 10/' "duplicate key 'champion', first at $spec:$line:15" "$line:29"
bad "a name that no key of S3 takes" 's/- name: churn/- name: "ch urn"/' "'ch urn' is not valid as 'name'" "$((line - 1)):13"
bad "a route that is a word" 's/split: {.*}/split: champion/' "'split' must be a mapping of names to values, not the string 'champion'" "$line:14"
many=$(awk 'BEGIN {for (i = 0; i < 101; i++) printf "m%d: 1, ", i}')
bad "more models than a split takes" "s/split: {/&$many/" "'split' must have 1 to 100 entries, not 103" "$line:14"
variable="s/split: {.*/split:\n        champion: \${w}\n        challenger: 10/"
bad "a weight from a variable, of zero" "$variable;s/^variables:/&\n  w: 0/" "'champion' must be 1 to 10000, not 0" "$((line + 2)):19" "$weights"
cp examples/ab-test.yaml "$spec"
edit "$spec" "$variable;s/^variables:/&\n  w: 90/"
mme plan "$spec" -detailed-exitcode
is_exit 0 "a good weight from a variable is no difference"

# ---- the command line ----
cp examples/ab-test.yaml "$spec"
run "$MMECTL" route churn -f "$spec" --local --key ""
refused "an empty key" 64 "route 'churn' needs a key to choose a model by" "" ".*--key=.*"
run "$MMECTL" route churn -f "$spec" --local --key "$(awk 'BEGIN {for (i = 0; i < 5000; i++) printf "x"}')"
is_exit 64 "a key that is too long"
has_err "^Error: the key has 5000 bytes, at most 4096 are taken" "it says so"
run "$MMECTL" invoke "$spec" --local --model champion --key 1 --data /dev/null
is_exit 64 "a key for a model"
run "$MMECTL" test "$spec" --local --model champion --route churn
is_exit 64 "test of a model and a route"

# ---- a record that somebody broke ----
record=sagemaker-us-east-1-123456789012/ab-test/control/stack.json
call s3 get "$record" | sed 's/"champion": 90/"champion": "most"/; s/"challenger": 10/"challenger": -1/' >"$T/edited.json"
call s3 put "$record" "$T/edited.json"
run "$MMECTL" route churn -f "$spec" --local --key 1
is_exit 1 "a route without a weight"
has_err "^Error: no model of route 'churn' is published" "answers nobody"
run "$MMECTL" test "$spec" --local --route churn --calls 1
is_exit 1 "and test says so"
mme apply "$spec"
is_exit 0 "apply mends it"
run "$MMECTL" route churn -f "$spec" --local --key 1
is_exit 0 "then it answers"
done_testing
