#!/bin/sh
# examples/daily-retrain.yaml, its whole life: new data is a new version behind the same name; bad data is held back by a gate
# while the old version serves; another gate publishes what was made without training it; rollback, resume; destroy. Trained in
# mmectl, and by training jobs. Checks that fail, and stable names: t47_failed_check.sh.
. tests/e2e/lib.sh

fast_local

# daily NAME: a copy of the example as stack NAME, with data of its own.
daily() {
    mkdir -p "$T/$1"
    cp -r examples/data "$T/$1/data"
    sed "s/^\( *name: *\)daily-retrain/\1$1/" examples/daily-retrain.yaml >"$T/$1/mme.yaml"
    spec=$T/$1/mme.yaml
    data=$T/$1/data/breast-cancer-train.csv
}

# The label against what it was: every second row says the opposite, so nothing can be learnt from it.
spoil() {
    awk -F, -v OFS=, 'NR % 2 {$1 = 1 - $1} {print}' "$data" >"$data.new" && mv "$data.new" "$data"
}

answers() {
    "$MMECTL" invoke -f "$spec" --local --model churn --data "$T/rows.csv"
}

version() {
    run "$MMECTL" history churn -f "$spec" --local
    awk -v state="$1" 'NR > 1 && $3 == state {print $2}' "$T/out" | head -n 1
}

# Where the artifacts of a version lie: the endpoint reaches models/ alone.
lies_under() { # FINGERPRINT
    things | grep -o "[a-z]*/churn--$1.tar.gz" | sort -u | tr '\n' ' '
}

# How many models the last run trained, by jobs or by itself.
trained() {
    if [ "$jobs" = yes ]; then
        sent CreateTrainingJob
    else
        grep -c '^mmectl_local_training.*: Creation complete' "$T/err"
    fi
}

cut -d, -f2- examples/data/breast-cancer-validation.csv | head -n 20 >"$T/rows.csv"

life() { # STACK: of $spec
    note "---- $1, training jobs: $jobs"
    mme apply "$spec"
    is_exit 0 "$1: the first night"
    has_err '^checks: 2 of 2 models passed' "$1: both were called before they were published"
    monday=$(answers)
    v1=$(version live)
    mme apply "$spec"
    is "$(stat_of mutating)" 0 "$1: nothing new, nothing done"

    # ---- new data ----
    sed -n '1,$p' examples/data/breast-cancer-train.csv | awk 'NR % 5' >"$data"
    mme plan "$spec"
    has_out 'published with validation:auc at least 0.95, validation:logloss at most 0.3' "$1: the plan says what is asked for"
    mme apply "$spec"
    is_exit 0 "$1: new data is published"
    is "$(trained)" 2 "$1: both models were trained"
    v2=$(version live)
    isnt "$v2" "$v1" "$1: it is another version"
    tuesday=$(answers)
    isnt "$tuesday" "$monday" "$1: which answers differently"

    # ---- bad data ----
    spoil
    before=$(things | grep -E '^(endpoint|endpoint-config|model) ')
    mme apply "$spec"
    is_exit 3 "$1: bad data is not published"
    has_err "^Warning: model 'churn' is held by a gate: validation:auc 0[.][0-9]+ is below 0.95 \(gate at .*mme.yaml:[0-9]+:7\), validation:logloss [0-9.]+ is above 0.3 \(gate at .*\): version [0-9a-f]{16} is not published; $v2 keeps serving" \
        "$1: it says why, and what serves"
    is "$(answers)" "$tuesday" "$1: yesterday's version keeps serving"
    same_things "$1: endpoint, config and model are the same" "$before" '^(endpoint|endpoint-config|model) '
    run "$MMECTL" history churn -f "$spec" --local -json
    bad=$("$PYTHON" -I -S -c 'import json,sys
v=json.load(open(sys.argv[1]))["stacks"][0]["models"][0]["versions"]
h=[x for x in v if x["held_back"]]
print(h[0]["version"][:16] if len(h) == 1 and "is below 0.95" in h[0]["reason"] and h[0]["metrics"]["validation:auc"] < 0.95 else v)' "$T/out")
    is "$(lies_under "$bad")" "versions/churn--$bad.tar.gz " "$1: what was made waits beside the folder that the endpoint reads"

    # ---- the next plan knows ----
    mme plan "$spec" -detailed-exitcode
    is_exit 0 "$1: held back is no difference"
    has_out '^No changes' "$1: the plan is empty"
    has_out "^Note: model 'churn' is held by a gate: validation:auc" "$1: and says why"
    mme apply "$spec"
    is_exit 0 "$1: the same data again is not judged again"
    is "$(trained) $(stat_of mutating)" "0 0" "$1: nothing is trained, nothing is sent"
    run "$MMECTL" plan "$spec" --local -json
    ok "$1: plan -json has it" "$PYTHON" -I -S -c 'import json,sys
h=json.load(open(sys.argv[1]))["mmectl"]["held"]
assert [x["model"] for x in h] == ["churn", "churn_fast"], h
assert all(x["by"] == "gate" and x["serving"] for x in h), h' "$T/out"
    run "$MMECTL" plan "$spec" --local -format=markdown
    has_out "held by a gate: validation:auc" "$1: and so has the comment"
    run "$MMECTL" status "$spec" --local
    has_out "^model 'churn' is held by a gate: validation:auc .* $v2 keeps serving" "$1: and so has status"
    run "$MMECTL" status "$spec" --local -json
    is "$(jq -r '.stacks[0].held | [.[] | .model + " by " + .by] | join(", ")' "$T/out")" "churn by gate, churn_fast by gate" \
        "$1: also as JSON"
    run "$MMECTL" rollback churn --to "$bad" -f "$spec" --local -auto-approve
    is_exit 6 "$1: what is held back is nothing to go back to"
    has_err "is held back and was never published" "$1: it says so"
    is "$(answers)" "$tuesday" "$1: yesterday's version keeps serving"

    # ---- without the record ----
    call s3 rm "$bucket/$1/control/stack.json" || bail "the record cannot be removed"
    mme plan "$spec"
    has_out "^Note: model 'churn' is held by a gate: validation:auc" "$1: the version itself knows its metrics"
    lacks_out 'will be created' "$1: nothing is trained for that"
    mme apply "$spec"
    is "$(answers)" "$tuesday" "$1: yesterday's version keeps serving without the record, too"

    # ---- another gate ----
    edit "$spec" 's/min: 0.95/min: 0.01/; s/max: 0.3,/max: 30,/; s/tolerance: 0.4/tolerance: 1/'
    mme apply "$spec"
    is_exit 0 "$1: another gate publishes it"
    is "$(trained)" 0 "$1: without training it again"
    is "$(version live)" "$bad" "$1: it is what was made before"
    isnt "$(answers)" "$tuesday" "$1: and answers"

    # ---- going back ----
    run "$MMECTL" rollback churn -f "$spec" --local -auto-approve --reason "bad data"
    is_exit 0 "$1: rollback"
    is "$(answers)" "$tuesday" "$1: yesterday's version again"
    mme apply "$spec"
    is_exit 0 "$1: the next apply leaves it alone"
    is "$(answers)" "$tuesday" "$1: it is held by hand"
    run "$MMECTL" resume churn -f "$spec" --local
    cp examples/data/breast-cancer-train.csv "$data"
    edit "$spec" 's/min: 0.01/min: 0.95/; s/max: 30,/max: 0.3,/; s/tolerance: 1/tolerance: 0.4/'
    mme apply "$spec"
    is_exit 0 "$1: good data again"
    is "$(answers)" "$monday" "$1: the same data gives the same version"
    mme plan "$spec" -detailed-exitcode
    is_exit 0 "$1: and that is all"
    lacks_out 'held by' "$1: nothing is held any more"

    # ---- test makes the checks, too ----
    run "$MMECTL" test "$spec" --local --calls 1
    is_exit 0 "$1: test"
    has_out '^churn  .* 1  churn--' "$1: with the check that it passes"
    edit "$spec" 's/tolerance: 0.4/tolerance: 1e-9/'
    run "$MMECTL" test "$spec" --local --calls 1
    is_exit 1 "$1: golden predictions that are not met fail the test"
    has_err "^Error: model 'churn': a check fails: 'data/known-cases.csv' row [1-6]: the endpoint answers" "$1: which says where"
    run "$MMECTL" test "$spec" --local --calls 1 -json
    is "$(jq -r '[.failed, .stacks[0].models[0].checks] | @csv' "$T/out")" "2,0" "$1: also as JSON"
    mme destroy "$spec"
    is_exit 0 "$1: destroy"
}

bucket=sagemaker-us-east-1-123456789012
jobs=no
daily here
life here

jobs=yes
daily jobs
edit "$spec" 's/backend: local /backend: sagemaker /'
life jobs

done_testing
