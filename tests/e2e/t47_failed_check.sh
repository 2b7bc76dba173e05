#!/bin/sh
# A check against golden predictions that fails, its whole life: with versioned names what was made is called, held back and
# kept, the record goes on naming the version before, and corrected predictions publish it without training; with stable names
# the endpoint has rolled by then: it is told, and a rollback goes back.
. tests/e2e/lib.sh

fast_local
bucket=sagemaker-us-east-1-123456789012
cut -d, -f2- examples/data/breast-cancer-validation.csv | head -n 20 >"$T/rows.csv"

# stack NAME MODE: examples/daily-retrain.yaml without its gates, one model of it checked.
stack() {
    mkdir -p "$T/$1"
    cp -r examples/data "$T/$1/data"
    sed "s/^\( *name: *\)daily-retrain/\1$1/; s/targetModels: versioned/targetModels: $2/
        /^ *tolerance:/s/.*/&\n      models: [churn]/; /^  gates:/,/^\$/d" examples/daily-retrain.yaml >"$T/$1/mme.yaml"
    name=$1
    spec=$T/$1/mme.yaml
    golden=$T/$1/data/known-cases-golden.csv
}

new_data() { # N: another part of the example's rows
    awk -v n="$1" 'NR % n' examples/data/breast-cancer-train.csv >"$T/$name/data/breast-cancer-train.csv"
}

# The golden predictions of a person who took one class for the other.
spoil_golden() {
    awk '{print 1 - $1}' "$golden" >"$golden.new" && mv "$golden.new" "$golden"
}

mend_golden() {
    cp examples/data/known-cases-golden.csv "$golden"
}

answers() {
    "$MMECTL" invoke -f "$spec" --local --model churn --data "$T/rows.csv"
}

version() { # STATE: of churn
    run "$MMECTL" history churn -f "$spec" --local
    awk -v state="$1" 'NR > 1 && $3 == state {print $2}' "$T/out" | head -n 1
}

lies_under() { # FINGERPRINT
    things | grep -o "$name/[a-z]*/churn--$1.tar.gz" | sort -u | tr '\n' ' '
}

# What the last run trained.
trained() {
    grep -c '^mmectl_local_training.*: Creation complete' "$T/err"
}

recorded() { # the version of churn that the record names
    call s3 get "$bucket/$name/control/stack.json" >"$T/record" || bail "there is no record"
    "$PYTHON" -I -S -c 'import json,sys; print(json.load(open(sys.argv[1]))["models"]["churn"]["live"][:16])' "$T/record"
}

# ---- versioned: nobody reaches it ----

stack checked versioned
mme apply "$spec"
is_exit 0 "versioned: the first version passes"
has_err '^checks: 1 of 1 model passed' "versioned: one model is checked"
monday=$(answers)
v1=$(version live)
spoil_golden
mme apply "$spec"
is_exit 0 "versioned: other golden predictions alone are no difference"
is "$(stat_of mutating)" 0 "versioned: what is published is not called again"

new_data 5
mme apply "$spec"
is_exit 3 "versioned: what does not answer as expected is not published"
has_err "^Warning: model 'churn' is held by a check: .*: version [0-9a-f]{16} is not published; $v1 keeps serving" \
    "versioned: it says why, and what serves"
is "$(trained)" 2 "versioned: both models were trained"
is "$(recorded)" "$v1" "versioned: the record names the version before"
is "$(answers)" "$monday" "versioned: which answers"
v2=$("$PYTHON" -I -S -c 'import json,sys; print(json.load(open(sys.argv[1]))["held"]["churn"]["fp"][:16])' "$T/record")
is "$(lies_under "$v2")" "checked/versions/churn--$v2.tar.gz " "versioned: what was made is out of the endpoint's reach"

is "$(version live)" "$v1" "versioned: history says so, too"
run "$MMECTL" rollback churn --to "$v2" -f "$spec" --local -auto-approve
is_exit 6 "versioned: it is nothing to go back to"

mme plan "$spec" -detailed-exitcode
is_exit 0 "versioned: held back is no difference"
has_out "^Note: model 'churn' is held by a check" "versioned: the plan says why"
mme apply "$spec"
is "$exit $(stat_of mutating) $(trained)" "0 0 0" "versioned: the same check is not made twice"

mend_golden
mme apply "$spec"
is_exit 0 "versioned: corrected predictions publish it"
has_err '^checks: 1 of 1 model passed' "versioned: it was called once more"
is "$(trained)" 0 "versioned: nothing is trained for that"
is "$(recorded)" "$v2" "versioned: the record names it"
is "$(lies_under "$v2")" "checked/models/churn--$v2.tar.gz " "versioned: it lies where the endpoint reads, and nowhere else"
isnt "$(answers)" "$monday" "versioned: and answers"
mme plan "$spec" -detailed-exitcode
is_exit 0 "versioned: and that is all"
lacks_out 'held by' "versioned: nothing is held any more"
mme destroy "$spec"
is_exit 0 "versioned: destroy"

# ---- nothing to serve before: every model of a first deploy fails ----

stack first versioned
edit "$spec" '/models: \[churn\]/d'
spoil_golden
mme apply "$spec"
is_exit 3 "first: nothing passes"
has_err '^checks: 0 of 2 models passed' "first: both are called"
is "$(things | grep -c "s3://$bucket/first/models/")" 0 "first: nothing is left where the endpoint reads"
is "$(things | grep -c "s3://$bucket/first/versions/")" 2 "first: both wait beside it"
mme plan "$spec" -detailed-exitcode
is_exit 0 "first: held back is no difference"
mend_golden
mme apply "$spec"
is_exit 0 "first: corrected predictions publish both"
is "$(trained)" 0 "first: nothing is trained for that"
is "$(things | grep -c "s3://$bucket/first/models/")" 2 "first: both are published"
mme destroy "$spec"
is_exit 0 "first: destroy"

# ---- stable: the endpoint rolls first ----

stack rolled stable
mme apply "$spec"
is_exit 0 "stable: the first version passes"
monday=$(answers)
v1=$(version live)
new_data 5
spoil_golden
mme apply "$spec"
is_exit 3 "stable: it is a failure all the same"
has_err "model 'churn' is published and does not pass its check: " "stable: it says that callers reach it"
has_err "'mmectl rollback churn' goes back to the version before" "stable: and what to do"
v2=$(recorded)
isnt "$v2" "$v1" "stable: the record names what the endpoint serves"
tuesday=$(answers)
isnt "$tuesday" "$monday" "stable: which answers"
run "$MMECTL" rollback churn -f "$spec" --local -auto-approve --reason "its check fails"
is_exit 0 "stable: rollback"
is "$(answers) $(recorded)" "$monday $v1" "stable: the version before serves again"
mme apply "$spec"
is_exit 0 "stable: it is held by hand"
is "$(answers)" "$monday" "stable: and stays"

run "$MMECTL" resume churn -f "$spec" --local
mend_golden
mme apply "$spec"
is_exit 0 "stable: corrected predictions let it pass"
has_err '^checks: [12] of [12] models? passed' "stable: it was called"
is "$(trained)" 0 "stable: nothing is trained for that"
is "$(answers) $(recorded)" "$tuesday $v2" "stable: it is what was made before"
mme plan "$spec" -detailed-exitcode
is_exit 0 "stable: and that is all"
mme destroy "$spec"
is_exit 0 "stable: destroy"

done_testing
