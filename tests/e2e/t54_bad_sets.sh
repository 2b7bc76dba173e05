#!/bin/sh
# What modelSets can get wrong: each a fault at its place, before anything is sent.
. tests/e2e/lib.sh

fast_local
mkdir -p "$T/x"
printf 'a,1,2,3\na,0,1,3\nb,1,5,4\nb,0,5,5\n' >"$T/x/good.csv"
spec=$T/x/spec.yaml

write() { # a spec whose set starts in line 12
    cat >"$spec" <<SPEC
apiVersion: mmectl/v1
kind: MultiModelEndpoint
metadata: {name: sets}
spec:
  region: us-east-1
  role: arn:aws:iam::123456789012:role/SageMakerExecutionRole
  training:
    backend: local
    channels: {train: {source: good.csv, contentType: text/csv}}
    hyperparameters: {objective: "binary:logistic", num_round: 2}
  modelSets:
    - name: customer-{key}
      partition: {column: 0}
  endpoint: {instance: {type: ml.m5.large}}
SPEC
}

# slip NAME SED-SCRIPT LINE:COLUMN REGEX: the spec, changed, is refused there and so.
slip() {
    write
    edit "$spec" "$2"
    mme apply "$spec"
    is_exit 1 "$1: refused"
    has_err "$4" "$1: says what"
    has_err "spec.yaml:$3\$" "$1: says where"
    is "$(stat_of mutating)" 0 "$1: nothing is sent that changes something"
}

# data NAME TEXT LINE:COLUMN REGEX: the same with the file's content.
data() {
    printf '%b' "$2" >"$T/x/bad.csv"
    slip "$1" 's/good\.csv/bad.csv/' "$3" "$4"
}

write
mme plan "$spec"
is_exit 0 "the spec is good as it stands"

slip "no place in the name" 's/{key}/x/' 12:13 "name 'customer-x' lacks '\\{key\\}'"
slip "unknown place" 's/customer-{key}/customer-{key}-{regin}/' 12:13 "'\\{regin\\}' stands for nothing"
slip "unknown channel" 's/{column: 0}/{channel: test, column: 0}/' 13:28 "no channel 'test'"
slip "column out of range" 's/column: 0/column: 4/' 13:7 "no column 4: 'good.csv' has 4 columns"
slip "negative column" 's/column: 0/column: -1/' 13:27 "'column' must be 0 to"
slip "no column" 's/{column: 0}/{channel: train}/' 13:7 "missing 'column'"
slip "neither partition nor matrix" '/partition:/d' 12:7 "neither 'partition' nor 'matrix'"
slip "both" 's/partition: .*/&\n      matrix: {a: [1]}/' 12:7 "either 'partition' or 'matrix'"
slip "no value has so many rows" 's/partition: .*/&\n      minRows: 3/' 13:7 "makes no model: no value has 3 rows"
slip "a name of a model's" 's/  modelSets:/  models: [{name: customer-a}]\n&/' 13:13 "makes model 'customer-a', which is defined already"
slip "places in the hyperparameters of a partition" 's/partition: .*/&\n      hyperparameters: {eta: "{key}"}/' 14:30 "cannot stand in the hyperparameters of a partition"
slip "libsvm" 's/contentType: text.csv/contentType: text\/libsvm/' 9:55 "which a partition cannot part"
slip "no file" 's/good.csv/none.csv/' 9:32 "channel 'train': reading '.*none.csv'"
slip "a matrix without values" 's/partition: .*/matrix: {a: []}/; s/{key}/{a}/' 13:19 "'a' is empty"
slip "a matrix that misses in the name" 's/partition: .*/matrix: {key: [1], b: [2, 3]}/' 12:13 "lacks '\\{b\\}'"
slip "a value that is no name" 's/partition: .*/matrix: {key: [a b]}/' 12:13 "'customer-a b' is not valid as the name of a model"
slip "two equal values" 's/partition: .*/matrix: {key: [a, a]}/' 12:13 "model 'customer-a' is defined twice"
seq -s, 1 101 >"$T/x/seq"
slip "10,201 combinations" "s/customer-{key}/c-{a}-{b}/; s/partition: .*/matrix: {a: [$(cat "$T/x/seq")], b: [$(cat "$T/x/seq")]}/" 12:7 \
    "at most 10000 models"

data "an empty file" '' 13:7 "'bad.csv' is empty"
data "two values of one name" 'a b,1,2\na b,0,1\na/b,1,2\na/b,0,3\n' 12:13 "values 'a b' and 'a/b' of column 0 both make model 'customer-a_b'"
data "a header" 'who,label,x\na,1,2\n' 9:32 "row 1 is a header: column 2 is 'label'"
data "no number" 'a,1,2\nb,1,z\n' 9:32 "row 2, column 3: 'z' is not a number"
data "ragged" 'a,1,2\nb,1\n' 9:32 "row 2 has 2 values, the first row has 3"
data "an open quote" '"a,1,2\n' 9:32 "row 1, column 1: the quote is not closed"
data "nothing but the column" 'a,1\nb,0\n' 13:7 "row 1 has 2 values"
awk 'BEGIN { for (i = 0; i <= 10000; i++) print "c" i ",1,2" }' >"$T/x/bad.csv"
slip "10,001 customers" 's/good.csv/bad.csv/' 13:7 "10001 models, which are 10001 in all; a stack with model sets has at most 10000"
done_testing
