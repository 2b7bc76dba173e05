#!/bin/sh
# multi-container-serial: what one container answers is what the next one reads. The modes of one stack, one after the other:
# multi-model, direct, serial, multi-model again. A pipeline without one of its models stays as it is.
. tests/e2e/lib.sh
. tests/e2e/bad.sh

fast_local
mkdir -p "$T/p"
cp -r examples/data "$T/p/data"
rows=examples/data/known-cases.csv
bucket=sagemaker-us-east-1-123456789012
spec=$T/p/mme.yaml

# A model of one feature, a score, from another stack: it makes a probability of it.
awk 'BEGIN {srand(7); for (i = 0; i < 400; i++) {s = rand(); print (rand() < s * s) "," s}}' >"$T/p/scores.csv"
cat >"$T/p/calibrate.yaml" <<'SPEC'
apiVersion: mmectl/v1
kind: MultiModelEndpoint
metadata: {name: calibrate}
spec:
  region: us-east-1
  role: arn:aws:iam::123456789012:role/SageMakerExecutionRole
  training:
    backend: local
    channels: {train: {source: scores.csv, contentType: text/csv}}
    hyperparameters: {objective: "binary:logistic", num_round: 10, max_depth: 2}
  models: [{name: calibrate}]
  endpoint: {instance: {type: ml.m5.large}}
SPEC
mme apply "$T/p/calibrate.yaml"
is_exit 0 "a model of scores"
artifact=s3://$bucket/$(call s3 ls "$bucket/calibrate/models/" | sed -n 's/ .*//;/calibrate--/p')

write_spec() { # MODE: with the same two models in each
    {
        sed -n '/^apiVersion/,/^  endpoint:/p' examples/multi-container.yaml | sed 's/name: multi-container/name: pipe/;/^  endpoint:/d'
        score='hyperparameters: {num_round: 25, max_depth: 2, eta: 0.3}'
        if [ "$1" = multi-model ]; then
            printf '  models:\n  - {name: score, %s}\n  - {name: calibrate, artifact: %s}\n' "$score" "$artifact"
            printf '  endpoint:\n    instance: {type: ml.m5.large}\n    targetModels: %s\n' "${2:-versioned}"
        else
            printf '  endpoint:\n    mode: %s\n    instance: {type: ml.m5.large}\n    containers:\n' "$1"
            printf '    - {name: score, image: builtin, %s}\n' "$score"
            printf '    - {name: calibrate, image: builtin, artifact: %s}\n' "$artifact"
        fi
    } >"$spec"
}

invoke() {
    "$MMECTL" invoke "$spec" --local --data "$@" | tr '\n' ' '
}

switched() { # NAME TRAINED
    is_exit 0 "$1: apply"
    as_planned "$1"
    is "$(sent CreateTrainingJob) $(sent UpdateEndpoint)" "$2 1" "$1: nothing is trained again, one roll"
    is "$(count_things '^endpoint-config pipe') $(count_things '^model pipe') $(count_things 'pipe/models/')" "1 1 2" "$1: nothing is left of the other mode"
    mme plan "$spec" -detailed-exitcode
    is_exit 0 "$1: nothing is left to do"
}

write_spec multi-model
mme apply "$spec"
is_exit 0 "multi-model: apply"
scores=$(invoke "$rows" --model score --accept text/csv)

write_spec multi-container-direct
mme plan "$spec"
has_out '- primary_container|primary_container' "the plan shows that the model is another"
mme apply "$spec"
switched direct 0
is "$(invoke "$rows" --container score | tr ' ' ',')" "$(printf '%s,' "$scores" | sed 's/ ,$/,/')" "direct: the same numbers, a line for each"
"$MMECTL" invoke "$spec" --local --container score --data "$rows" >"$T/scores.csv"
by_hand=$(invoke "$T/scores.csv" --container calibrate)

write_spec multi-container-serial
mme apply "$spec"
switched serial 0
is "$(invoke "$rows")" "$by_hand" "serial: the answer of one is the request of the next"
run "$MMECTL" test "$spec" --local
is_exit 0 "serial: test"
has_out '^score > calibrate +ok .* 0$' "serial: one row for all, as libxgboost answers in a row"
run "$MMECTL" status "$spec" --local
has_out '^score +ready +[0-9a-f]{16}' "serial: status"
lacks_out 'TARGET' "serial: without anything that a call could name"
run "$MMECTL" invoke "$spec" --local --container score --data "$rows"
is_exit 64 "serial: no container can be called alone"
has_err "^hint: leave it out" "serial: it says what is right"
printf 'not,a,row\n' >"$T/bad.csv"
run "$MMECTL" invoke "$spec" --local --data "$T/bad.csv"
has_err 'Received client error \(400\) from score with message' "serial: an error says which container it is from"
run "$MMECTL" invoke "$spec" --local --data "$rows" --accept application/json
has_out '^{"predictions": \[{"score": ' "serial: Accept is for the last one"

# The first answers in JSON, which the second does not read.
edit "$spec" 's/{name: score, image: builtin,/& environment: {SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT: application\/json},/'
mme apply "$spec"
is_exit 0 "serial: another environment"
run "$MMECTL" invoke "$spec" --local --data "$rows"
has_err 'Received client error \(415\) from calibrate' "serial: the content type is handed on"
run "$MMECTL" test "$spec" --local
is_exit 1 "serial: test fails"
has_err "^Error: pipeline 'score > calibrate'" "serial: and says of what"
write_spec multi-container-serial
mme apply "$spec"
is "$exit $(invoke "$rows")" "0 $by_hand" "serial: as it was"

# The order is the pipeline's, and a part of what is deployed.
"$PYTHON" -I -S - "$spec" <<'PY'
import sys
lines = open(sys.argv[1]).read().split("\n")
at = next(i for i, line in enumerate(lines) if "{name: score, image" in line)
lines[at], lines[at + 1] = lines[at + 1], lines[at]
open(sys.argv[1], "w").write("\n".join(lines))
PY
mme plan "$spec" -detailed-exitcode
is_exit 2 "serial: another order is a difference"
has_out 'container.0.container_hostname += "score" -> "calibrate"' "serial: which the plan shows"

# A new container whose training fails: nothing is deployed, and what was deployed serves on.
write_spec multi-container-serial
printf '    - {name: third, image: builtin, hyperparameters: {num_round: 1}}\n' >>"$spec"
fault '{"operation": "CreateTrainingJob", "kind": "fail", "times": 0, "reason": "AlgorithmError: planted"}'
mme apply "$spec"
is_exit 1 "serial: a new container without its model"
is "$(sent UpdateEndpoint) $(invoke "$rows")" "0 $by_hand" "serial: the pipeline serves on as it was"
call nofaults
mme plan "$spec"
has_out "container 'third' has no model to serve, and an endpoint needs all of its containers: it stays as it is" "serial: the plan says why"
mme apply "$spec"
is "$exit $(sent UpdateEndpoint) $(sent CreateModel)" "3 0 0" "serial: and apply again leaves it alone"
mme apply "$spec" --retry-failed
is_exit 0 "serial: with its model it is deployed"
is "$(sent UpdateEndpoint)" 1 "serial: by one roll"
write_spec multi-container-serial
mme apply "$spec"
is "$exit $(invoke "$rows") $(count_things 'pipe/models/')" "0 $by_hand 2" "serial: and goes again"

write_spec multi-model stable
mme apply "$spec"
switched "multi-model" 0
is "$(invoke "$rows" --model score --accept text/csv)" "$scores" "multi-model: the same numbers"

# ---- what is wrong is said before anything is sent ----
before=$(things)
bad() { # NAME SED-SCRIPT PLACE MESSAGE [HINT]
    write_spec multi-container-direct
    edit "$spec" "$2"
    mme plan "$spec"
    refused "$1" 1 "$4" "$spec:$3" "${5:-.+}"
}
write_spec multi-container-direct
n=$(sed -n '/containers:/=' "$spec")
first=$((n + 1))
second=$((n + 2))
bad "one container" '/name: calibrate/d' "$first:5" "'containers' must have 2 to 15 entries, not 1"
bad "two of one name" 's/name: calibrate/name: score/' "$second:14" "container 'score' is defined twice, first at .*:$first:14"
bad "no image" 's/{name: calibrate, image: builtin/{name: calibrate/' "$second:7" "missing 'image' in 'spec.endpoint.containers\[1\]'"
bad "no hostname" 's/name: calibrate/name: cali_brate/' "$second:14" "'cali_brate' is not valid as 'name'"
bad "models as well" 's/^  endpoint:/  models: [{name: more, artifact: m.tar.gz}]\n&/' "$((n - 3)):12" "'models' and 'endpoint.containers' exclude each other"
bad "in multi-model mode" 's/mode: multi-container-direct/mode: multi-model/' "$first:5" "'containers' need another 'endpoint.mode'"
bad "an artifact that is not there" "s|artifact: s3.*}|artifact: none.tar.gz}|" "$second:51" "model 'calibrate': reading '.*none.tar.gz': No such file or directory"
bad "an object that is not there" "s|artifact: s3.*}|artifact: s3://$bucket/none.tar.gz}|" "$second:51" "model 'calibrate': there is no object 's3://$bucket/none.tar.gz'"
write_spec multi-container-direct
for i in 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do
    printf '    - {name: c%s, image: builtin}\n' $i >>"$spec"
done
mme plan "$spec"
refused "sixteen containers" 1 "'containers' must have 2 to 15 entries, not 16" "$spec:$first:5"

# An image that cannot run here, and one that can since its model is XGBoost's.
write_spec multi-container-direct
edit "$spec" 's/{name: calibrate, image: builtin/{name: calibrate, image: 123456789012.dkr.ecr.us-east-1.amazonaws.com\/own:1/'
mme apply "$spec"
is_exit 0 "an image of one's own serves a model of XGBoost"
is "$("$MMECTL" invoke "$spec" --local --container calibrate --data "$T/scores.csv" | tr '\n' ' ')" "$by_hand" "as the builtin one does"
run "$MMECTL" test "$spec" --local --container score
is_exit 0 "test of the builtin one"
printf '    - {name: rules, image: "123456789012.dkr.ecr.us-east-1.amazonaws.com/rules:1"}\n' >>"$spec"
mme apply "$spec"
is_exit 1 "an image that brings all along"
has_err 'Container rules cannot run in the AWS stand-in: image .*rules:1 is not XGBoost' "is refused by the stand-in, clearly"
write_spec multi-container-direct
mme apply "$spec"
is_exit 0 "without it"

mme destroy "$spec"
is_exit 0 "destroy"
mme destroy "$T/p/calibrate.yaml"
is "$exit $(count_things '^(endpoint|endpoint-config|model|object) ')" "0 0" "nothing at all is left"
done_testing
