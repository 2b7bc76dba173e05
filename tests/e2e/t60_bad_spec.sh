#!/bin/sh
# A spec that is wrong is refused offline, at its place and with a hint, and the stack that is live stays as it is.
. tests/e2e/lib.sh
. tests/e2e/bad.sh

fast_local
cp -r examples/data "$T/data"
good=$T/mme.yaml
cat >"$good" <<'SPEC'
apiVersion: mmectl/v1
kind: MultiModelEndpoint
metadata:
  name: bad-spec
  tags: {team: risk}
variables: {rounds: "5"}
spec:
  region: us-east-1
  role: arn:aws:iam::123456789012:role/SageMaker
  training:
    instance: {type: ml.m5.large, count: 1}
    maxRuntime: 1h
    channels:
      train: {source: data/breast-cancer-validation.csv, contentType: text/csv}
    hyperparameters: {objective: "binary:logistic", num_round: "${rounds}"}
  models:
    - name: model_one
      hyperparameters: {max_depth: 2, eta: 0.3}
    - name: model_two
      hyperparameters: {max_depth: 3}
  endpoint:
    instance: {type: ml.m5.large, count: 1}
SPEC
mme apply "$good"
is_exit 0 "the spec without a fault deploys"
before=$(things)

# refuse NAME MESSAGE LINE:COLUMN HINT: $T/bad.yaml is refused before anything is asked of AWS.
refuse() {
    mme apply "$T/bad.yaml"
    refused "$1" 1 "$2" "$T/bad\\.yaml:$3" "${4:-}"
    [ "$(stat_of requests)" = 0 ] || fail "$1: offline" "$(lib_shown)"
}

# slip NAME SED-SCRIPT MESSAGE LINE:COLUMN HINT: the good spec with one change.
slip() {
    cp "$good" "$T/bad.yaml"
    edit "$T/bad.yaml" "$2"
    refuse "$1" "$3" "$4" "${5:-}"
}

# ---- the words ----

slip "unknown key" 's/maxRuntime/maxRuntme/' \
    "unknown key 'maxRuntme' in 'spec\.training'" 12:5 "did you mean 'maxRuntime'\?"
slip "a key in the wrong place" '22a\    tags: {a: b}' \
    "unknown key 'tags' in 'spec\.endpoint'" 23:5 "'tags' belongs in 'metadata'"
slip "wrong type: a number" '11s/count: 1/count: many/' \
    "'count' must be a whole number, not the string 'many'" 11:42 "'mmectl help spec spec\.training\.instance\.count' .*"
slip "wrong type: a list" 's/{team: risk}/[team, risk]/' \
    "'tags' must be a mapping of names to values, not a list" 5:9
slip "wrong type: quotes" '11s/count: 1/count: "1"/' \
    "'count' must be a whole number, not the string '1'" 11:42 "leave the quotes out"
slip "wrong type: a time" 's/1h$/3600/' \
    "'maxRuntime' must be a time such as 30s, 5m or 2h, not the number '3600'" 12:17 "write '3600s' for seconds"
slip "duplicate key" '8a\  region: eu-west-1' \
    "duplicate key 'region', first at .*/bad\.yaml:8:3" 9:3 "keep one of the two"
slip "duplicate model" 's/model_two/model_one/' \
    "model 'model_one' is defined twice, first at .*/bad\.yaml:17:13" 19:13 "give one of the two another name"
slip "missing role" '/role:/d' \
    "missing 'role' in 'spec'" 7:1 "for example 'role: arn:aws:iam::[0-9]+:role/[A-Za-z]+'"
slip "role of another account" '8a\  account: "210987654321"' \
    "role 'arn:aws:iam::123456789012:role/SageMaker' is of account 123456789012, but spec\.account at .*:9:12 is 210987654321" \
    10:9 "SageMaker can only assume a role of its own account"
slip "a variable that nobody declares" 's/\${rounds}/${round}/' \
    "variable 'round' is not declared" 15:64 "did you mean 'rounds'\?"
slip "no YAML" 's/{team: risk}/{team: risk/' \
    "not YAML: did not find expected ',' or '}' \(while parsing a flow mapping at line 5, column 9\)" 6:10 \
    "often the fault is on the line above.*"
slip "a tag that runs code" 's/{team: risk}/!!python\/object:os.system x/' \
    "unknown tag '!!python/object:os\.system'" 5:9 "known tags are .*"

# ---- hyperparameters, by the rules of AWS's container ----

slip "hyperparameter out of range" 's/eta: 0.3/eta: 1.3/' \
    "Hyperparameter eta: 1\.3 is not in \[0, 1\]" 18:44 "AWS's XGBoost container would fail .*"
slip "hyperparameter of the wrong type" 's/max_depth: 3/max_depth: deep/' \
    "Hyperparameter max_depth: .*" 20:36
slip "unknown hyperparameter" 's/eta: 0.3/etaa: 0.3/' \
    "Extraneous hyperparameter found: etaa" 18:39 "did you mean 'eta'\?"
slip "multi:softmax without num_class" 's/binary:logistic/multi:softmax/' \
    "Require input for parameter 'num_class' for multi-classification" 15:34
slip "no num_round" 's/, num_round: "\${rounds}"//' \
    "model 'model_one': Missing required hyperparameter: num_round" 17:7 "set it here, or .*"

# ---- gates and checks ----

gate() { # NAME GATE MESSAGE LINE:COLUMN HINT
    slip "$1" "15a\\  gates: [{$2}]" "$3" "$4" "${5:-}"
}
gate "a gate without a bound" 'metric: "train:logloss"' "the gate has neither 'min' nor 'max'" 16:11 "for example 'min: 0\.95'"
gate "a gate that nothing passes" 'metric: "train:logloss", min: 2, max: 1' "'min' 2 is above 'max' 1" 16:42
gate "a bound that is no number" 'metric: "train:logloss", min: high' "'min' must be a number, not the string 'high'" 16:42
gate "a gate without a metric" 'min: 1' "missing 'metric' in 'spec\.gates\[0\]'" 16:11
gate "a metric without a channel" 'metric: auc, min: 1' "'auc' is not valid as 'metric'" 16:20
gate "a metric of a channel that is not there" 'metric: "validation:logloss", min: 1' \
    "'validation:logloss' is never computed: there is no channel 'validation'" 16:20
gate "a metric that training does not compute" 'metric: "train:auc", min: 1' \
    "the training of model 'model_one' does not compute 'train:auc'" 16:20 "add 'auc' to its eval_metric"
gate "a gate for a model that is not there" 'metric: "train:logloss", max: 1, models: [model_one, model_tow]' \
    "there is no model 'model_tow'" 16:65
check() { # NAME CHECK MESSAGE LINE:COLUMN HINT
    slip "$1" "15a\\  checks: [{$2}]" "$3" "$4" "${5:-}"
}
check "a check without a payload" 'tolerance: 1' "missing 'payload' in 'spec\.checks\[0\]'" 16:12
check "a check with a payload in S3" 'payload: s3://b/k' "'s3://b/k' is not a local file" 16:22
check "a check for a model that is not there" 'payload: x.csv, models: [model_tow]' "there is no model 'model_tow'" 16:38

slip "a spot job that may not wait as long as it runs" '12a\    spot: {enabled: true, maxWait: 1m}' \
    "'maxWait' is 60 s, less than the [0-9]* s of 'maxRuntime'" 13:5
slip "spot and a warm pool" '12a\    keepAlive: 10m\n    spot: {enabled: true}' \
    "'spot' and 'keepAlive' exclude each other" 14:5 "AWS keeps no warm pools of spot instances; .*"
slip "a warm pool for longer than AWS keeps one" '12a\    keepAlive: 7h' \
    "'keepAlive' must be 0 to 21600 seconds, not 25200" 13:16
slip "no training job at a time" '12a\    concurrency: 0' "'concurrency' must be 1 to 1000, not 0" 13:18

# ---- parts of the language that exclude or need each other ----

slip "containers without their mode" '22a\    containers: [{name: a, image: builtin}, {name: b, image: builtin}]' \
    "'containers' need another 'endpoint.mode'" 23:17 "'multi-container-direct' or .*"
slip "a mode without its containers" '22a\    mode: multi-container-serial' \
    "missing 'containers' in 'spec.endpoint'" 23:11 "for example 'containers: .*"
slip "both region and regions" '8a\  regions: [eu-west-1]' \
    "a spec has either 'region' or 'regions'" 8:11 "keep one of the two"
slip "a region twice" 's/region: us-east-1/regions: [us-east-1, us-east-1]/' \
    "region 'us-east-1' is listed twice, first at .*" 8:24 "take one of the two out"
slip "one bucket for two regions" 's/region: us-east-1/regions: [us-east-1, eu-west-1]/; 9a\  storage: {bucket: models}' \
    "bucket 'models' can be in one region only" 10:21 "write \{region\} in its name.*"
slip "a model in a region that is none of the spec's" '20a\      regions: [eu-west-1]' \
    "region 'eu-west-1' is none of the spec's" 21:17 "the spec is for us-east-1; .*"
slip "a region without a model" 's/region: us-east-1/regions: [us-east-1, eu-west-1]/; 18a\      regions: [us-east-1]
20a\      regions: [us-east-1]' \
    "no model is left for region 'eu-west-1'" 8:24 "take the region out, .*"
slip "a region without an image" 's/region: us-east-1/regions: [us-east-1, us-east-9]/' \
    "no XGBoost image is known for region 'us-east-9'" 8:24 "name the image in .*"
slip "a key of another region" '9a\  storage: {kmsKey: "arn:aws:kms:eu-west-1:123456789012:key\/1234"}' \
    "key 'arn:aws:kms:eu-west-1:123456789012:key/1234' is not in region 'us-east-1'" 10:21 "an alias .*"

# ---- everything at once ----

cp "$good" "$T/bad.yaml"
edit "$T/bad.yaml" 's/maxRuntime/maxRuntme/; s/model_two/model_one/; s/eta: 0.3/eta: 7/'
run "$MMECTL" validate "$T/bad.yaml"
is_exit 1 "validate finds the same faults"
is "$(grep -c '^Error: ' "$T/err") $(grep -c '^hint: ' "$T/err")" "3 3" "all of them at once, each with a hint"
is "$(grep '^  --> ' "$T/err" | sed 's/.*yaml//' | tr '\n' ' ')" ":12:5 :18:44 :19:13 " "in the order of the file"
lacks_out . "and nothing on standard output"

# ---- a small file that stands for a large one ----

{
    printf 'a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n'
    for i in 1 2 3 4 5 6 7 8 9; do
        j=$((i - 1))
        printf 'a%s: &a%s [*a%s, *a%s, *a%s, *a%s, *a%s, *a%s, *a%s, *a%s, *a%s, *a%s]\n' $i $i $j $j $j $j $j $j $j $j $j $j
    done
} >"$T/bad.yaml"
refuse "alias bomb" "the file stands for more than 2000000 nodes" '[67]:[0-9]+' "aliases count as what they stand for"
figures=$(sed -n 's/^Requests: .*), \([0-9]*\)\.[0-9]* s CPU, \([0-9]*\)\.[0-9]* MiB$/\1 \2/p' "$T/err")
ok "alias bomb: refused fast (${figures% *} s) and small (${figures#* } MiB)" \
    test "${figures% *}" -lt 2 -a "${figures#* }" -lt 400
{
    i=0
    while [ $i -lt 100 ]; do
        printf '['
        i=$((i + 1))
    done
} >"$T/bad.yaml"
refuse "nested too deep" "nested deeper than 64 levels" 1:65

same_things "nothing of all this changed anything" "$before"
mme plan "$good" -detailed-exitcode
is_exit 0 "and the good spec still has nothing to do"
done_testing
