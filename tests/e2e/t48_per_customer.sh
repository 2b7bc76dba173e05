#!/bin/sh
# modelSets: examples/per-customer.yaml from the first plan to the last request, trained here and on SageMaker; and a
# matrix.
. tests/e2e/lib.sh

fast_local
mkdir -p "$T/x"
cp -r examples/data "$T/x/data"
cp examples/per-customer.yaml "$T/x/spec.yaml"
spec=$T/x/spec.yaml
csv=$T/x/data/customers-train.csv
umlaut=customer-Mu00fcller___Su00f6hne
models="$umlaut customer-acme customer-globex customer-hooli customer-initech"

run "$MMECTL" validate "$spec"
has_out 'per-customer: 5 models' "validate counts the customers offline"
run "$MMECTL" cost "$spec"
has_out '^per-customer: 5 models' "cost, too"
mme plan "$spec"
has_out '^Plan: 9 to add, 0 to change, 0 to destroy\.$' "five models, and what they need"
has_out "1 value below minRows \\(20\\) left out: 'started-yesterday' \\(7\\)" "who has too few rows is named"
has_out "'Müller & Söhne' is $umlaut" "so is who is renamed"
mme apply "$spec"
is_exit 0 "apply"
as_planned "apply"
is "$(call things | sed -n 's/.*\/models\/\(.*\)--.*/\1/p' | sort | tr '\n' ' ')" "$models " "one artifact for each"
mme plan "$spec" -detailed-exitcode
is_exit 0 "nothing is left to do"
run "$MMECTL" test "$spec" --local
is_exit 0 "every model answers as libxgboost does"
has_out '5 models, 0 failed' "all five were called"

# A customer's model is the one of that customer's rows, in a file of their own.
for name in acme globex; do
    sed -n "s/^$name,//p" "$csv" >"$T/x/data/$name-train.csv"
    sed -n "s/^$name,//p" "$T/x/data/customers-validation.csv" >"$T/x/data/$name-validation.csv"
    sed "s/name: per-customer/name: only-$name/; s/customers-/$name-/; /modelSets:/,/^\$/d" "$spec" |
        sed "s/^  endpoint:/  models:\\n    - {name: one, hyperparameters: {num_round: 30, max_depth: 3, eta: 0.4}}\\n  endpoint:/" >"$T/x/$name.yaml"
    mme apply "$T/x/$name.yaml"
    is_exit 0 "$name alone, in a spec of its own"
    tail -n 3 "$T/x/data/$name-validation.csv" | cut -d, -f2- >"$T/x/rows.csv"
    is "$("$MMECTL" invoke "$spec" --local --model "customer-$name" --data "$T/x/rows.csv")" \
        "$("$MMECTL" invoke "$T/x/$name.yaml" --local --model one --data "$T/x/rows.csv")" "it predicts the same"
done

others() { # NAME: the artifacts of all but one
    things | grep '/per-customer/models/' | grep -v "/$1--"
}

# One row changes, in order only, is new, goes: that customer's model alone.
before=$(others customer-hooli)
row=$(grep -n '^hooli,' "$csv" | sed -n '2s/:.*//p')
edit "$csv" "${row}s/^hooli,[01],[0-9.]*/hooli,1,1.5/"
mme apply "$spec"
is_exit 0 "a row of hooli's changes"
has_out '^Apply complete! Resources: 1 added, 0 changed, 0 destroyed\.$' "one model is made"
is "$(others customer-hooli)" "$before" "all others are what they were"
ok "at most 30 requests are sent" test "$(stat_of requests)" -le 30
mme rollback customer-hooli -f "$spec" -auto-approve
is_exit 0 "hooli goes back to the version before"
mv "$csv" "$csv.away"
run "$MMECTL" history -f "$spec" --local customer-hooli
is_exit 0 "history needs no data"
run "$MMECTL" resume customer-hooli -f "$spec" --local
is_exit 0 "nor does resume"
mme plan "$spec"
is_exit 1 "a plan does"
has_err "spec.yaml:[0-9]+:[0-9]+" "and says where the spec names it"
mv "$csv.away" "$csv"
mme apply "$spec"
is_exit 0 "with the data, apply publishes hooli's new version again"

sort -t, -k1,1 -s "$csv" >"$csv.sorted"
mv "$csv.sorted" "$csv"
mme plan "$spec" -detailed-exitcode
is_exit 0 "the order of the customers does not matter"
sed -n 's/^acme,/newcomer,/p' "$csv" | head -n 25 >>"$csv"
mme apply "$spec"
has_out '^Apply complete! Resources: 1 added, 0 changed, 0 destroyed\.$' "a new customer gets a model"
has_out '1 model without validation rows' "and the plan says what it lacks"
edit "$csv" '/^newcomer,/d'
mme apply "$spec"
has_out '^Apply complete! Resources: 0 added, 0 changed, 1 destroyed\.$' "a customer who is gone loses it"
has_out 'of set customer-|customer-newcomer' "it is named"

# The same fingerprints with training jobs: nothing is trained again; then one customer's data is one object and one job.
edit "$spec" 's/backend: local .*/backend: sagemaker/'
mme apply "$spec"
is_exit 0 "switch to training jobs"
is "$(sent CreateTrainingJob)" 0 "nothing is trained again"
is "$(count_things '/per-customer/data/')" 10 "each customer's channels are objects of their own"
edit "$csv" "$(grep -n '^initech,' "$csv" | sed -n '1s/:.*//p')s/^initech,[01]/initech,1/; $(grep -n '^initech,' "$csv" | sed -n '2s/:.*//p')s/^initech,[01]/initech,0/; $(grep -n '^initech,' "$csv" | sed -n '3s/:.*//p')s/^initech,[01],[0-9.]*/initech,1,2.5/"
mme apply "$spec"
is_exit 0 "a customer's rows change"
is "$(sent CreateTrainingJob)" 1 "one job"
has_out 'Resources: 3 added, 0 changed, 1 destroyed' "one object of data, one job, one artifact; the old data goes"
mme plan "$spec" -detailed-exitcode
is_exit 0 "nothing is left to do"

rm "$csv"
mme destroy "$spec"
is_exit 0 "destroy needs no data"
is "$(count_things 'per-customer')" 0 "nothing of the stack is left"

# Data in S3: every plan reads it there, once, and each customer has the fingerprint of the same rows in a file.
cp examples/data/customers-train.csv "$csv"
edit "$spec" 's/backend: sagemaker/backend: local/'
sed 's/name: per-customer/name: remote/; s/data\/customers-train.csv/s3:\/\/source\/in\//; s/data\/customers-validation.csv/s3:\/\/source\/v.csv/' \
    "$spec" >"$T/x/remote.yaml"
call s3 mb source
call s3 put source/in/customers.csv "$csv"
call s3 put source/v.csv "$T/x/data/customers-validation.csv"
run "$MMECTL" validate "$T/x/remote.yaml"
has_out 'remote: 0 models and those of partitions in S3' "validate reads nothing in S3"
mme apply "$T/x/remote.yaml"
is_exit 0 "apply with data in S3"
remote=$(things | sed -n 's/.*\/remote\/models\/\(.*\)\.tar.*/\1/p' | sort)
mme apply "$spec"
is_exit 0 "apply with the same in files"
is "$(things | sed -n 's/.*\/per-customer\/models\/\(.*\)\.tar.*/\1/p' | sort)" "$remote" "the same names and fingerprints"
mme destroy "$T/x/remote.yaml"
is_exit 0 "destroy"
mme destroy "$spec"
is_exit 0 "destroy"

# A matrix: each combination is a model; sources, hyperparameters and descriptions know its values.
cat >"$T/x/matrix.yaml" <<SPEC
apiVersion: mmectl/v1
kind: MultiModelEndpoint
metadata: {name: matrix}
spec:
  region: us-east-1
  role: arn:aws:iam::123456789012:role/SageMakerExecutionRole
  training:
    backend: local
    hyperparameters: {objective: "binary:logistic", num_round: 5}
  modelSets:
    - name: churn-{who}-{depth}
      matrix: {who: [acme, globex], depth: [2, 4]}
      channels: {train: {source: "data/{who}-train.csv", contentType: text/csv}}
      hyperparameters: {max_depth: "{depth}"}
  endpoint: {instance: {type: ml.m5.large}}
SPEC
mme apply "$T/x/matrix.yaml"
is_exit 0 "apply of a matrix"
is "$(call things | sed -n 's/.*\/matrix\/models\/\(.*\)--.*/\1/p' | sort | tr '\n' ' ')" \
    "churn-acme-2 churn-acme-4 churn-globex-2 churn-globex-4 " "one model for each combination"
edit "$T/x/data/globex-train.csv" '1s/^[01],[0-9.]*/1,3.5/'
mme apply "$T/x/matrix.yaml"
has_out '^Apply complete! Resources: 2 added, 0 changed, 0 destroyed\.$' "a region's data changes its models alone"
run "$MMECTL" test "$T/x/matrix.yaml" --local
is_exit 0 "all of them answer"
mme destroy "$T/x/matrix.yaml"
is_exit 0 "destroy"
done_testing
