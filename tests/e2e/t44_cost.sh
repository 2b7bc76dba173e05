#!/bin/sh
# mmectl cost: endpoints side by side at the spec's size and at 10, 100 and 1,000 models, training, data, and which instance
# holds how many of them; from the spec alone, or from what is published.
. tests/e2e/lib.sh
# fast

# value FILTER NAME WANTED
value() {
    is "$(jq -r "$1" "$T/out")" "$3" "$2"
}

run "$MMECTL" cost examples/mme-demo.yaml
is_exit 0 "cost, without AWS"
has_out '^ +5 +0\.575 +0\.115 +0\.115 +419\.75 +83\.95 +83\.95 +335\.80 +80\.0$' "the demo: five endpoints, one MCE, one MME"
has_out '^ +1000 +115\.000 +7\.705 +0\.115 .* 99\.9$' "at 1,000 models"
has_out '^Training: 5 jobs on ml\.m5\.large' "training"
has_out '^Data processing: \$0\.016 per GB' "data processing"
has_out '^Storage: ' "storage"
has_out '^Cheapest that holds 100 % of the models with mmectl serve: ml\.t2\.medium' "the cheapest that holds all"
run "$MMECTL" cost examples/mme-demo.yaml -json
is_exit 0 "the same as JSON"
value '.stacks[0].hosting[0] | [(.separate_usd_per_hour * 1000 | round / 1000), .multi_container_usd_per_hour, .shared_usd_per_hour, .multi_container_endpoints] | @csv' \
    "hosting" "0.575,0.115,0.115,1"
value '[.stacks[0].hosting_at_scale[].multi_container_endpoints] | @csv' "multi-container endpoints at 10, 100, 1,000" "1,7,67"
value '.stacks[0].capacity.sizes_from.hyperparameters' "sizes are estimated" 5
value '.stacks[0].data_processing.calls_per_month' "calls" 1000000
value '.stacks[0].capacity.cheapest.serve' "cheapest" ml.t2.medium

# Many models, of full trees: a share of them.
mkdir "$T/many"
cat >"$T/many/mme.yaml" <<EOF
apiVersion: mmectl/v1
kind: MultiModelEndpoint
metadata: {name: many}
spec:
  region: us-east-1
  role: arn:aws:iam::123456789012:role/SageMakerExecutionRole
  training:
    instance: {type: ml.m5.large}
    maxRuntime: 10m
    spot: {enabled: true}
    channels: {train: {source: $PWD/examples/data/breast-cancer-train.csv, contentType: text/csv}}
    hyperparameters: {objective: "binary:logistic", num_round: 100, max_depth: 6}
  modelSets:
    - name: m-{a}-{b}
      matrix: {a: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9], b: [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]}
  endpoint: {instance: {type: ml.m5.large, count: 1}}
EOF
cheapest() { # SHARE CONTAINER
    run "$MMECTL" cost "$T/many/mme.yaml" -json --resident="$1"
    jq -r ".stacks[0].capacity.cheapest.$2" "$T/out"
}
is "$(cheapest 10 aws) $(cheapest 40% aws) $(cheapest 100% aws)" "ml.t2.medium ml.t2.large ml.r5.large" "more models, more memory"
is "$(cheapest 100% serve)" ml.t2.medium "one process holds them all"
run "$MMECTL" cost "$T/many/mme.yaml" --resident 40
has_out '^Cheapest that holds 40 % .*AWS.s image: ml\.t2\.large, \$0\.111/h each$' "as text"
has_out '^ +on spot instances: up to 90 % less' "spot"
run "$MMECTL" cost "$T/many/mme.yaml" --calls 3000000 --call-bytes 1000000 -json
value '.stacks[0].data_processing.usd_per_month * 100 | round / 100' "data of 3 million calls of a megabyte" 44.7

# Instances that come and go.
mkdir "$T/scaled"
sed 's/^\(    \)targetModels:/\1autoscaling: {min: 1, max: 4, targetInvocationsPerInstance: 500}\n&/; s|source: data|source: '"$PWD"'/examples/data|' \
    examples/mme-demo.yaml >"$T/scaled/mme.yaml"
run "$MMECTL" cost "$T/scaled/mme.yaml"
is_exit 0 "of an endpoint that scales"
has_out '^Autoscaling: 1 to 4 instances, \$0\.115/h to \$0\.460/h' "between what and what"

# Containers are all loaded.
run "$MMECTL" cost examples/multi-container.yaml
is_exit 0 "of a multi-container endpoint"
has_out "^Memory: 2 containers take about 0\\.6 of ml\\.m5\\.large's 8 GiB, all of them at all times" "what its containers take"
has_out '^Cheapest that holds them: ml\.t2\.medium' "and where they fit"
lacks_out 'HOLDS' "nothing is loaded on demand"

for bad in 0 101 x% 12.5; do
    run "$MMECTL" cost examples/mme-demo.yaml --resident "$bad"
    is_exit 64 "--resident $bad is refused"
done
has_err "^Error: --resident is a share of the models, 1% to 100%, not '12.5'" "with what it is"

# From what is published.
fast_local
run "$MMECTL" cost examples/mme-demo.yaml --local --live -json
is_exit 0 "--live before anything is there"
value '.stacks[0].capacity.sizes_from | [.published, .hyperparameters] | @csv' "still estimates" "0,5"
"$MMECTL" apply examples/mme-demo.yaml --local -auto-approve >/dev/null 2>&1 || bail "apply"
run "$MMECTL" cost examples/mme-demo.yaml --local --live -json
is_exit 0 "--live of what is published"
value '.stacks[0].capacity.sizes_from | [.published, .hyperparameters] | @csv' "the models' own sizes" "5,0"
ok "are smaller than the largest they could be" test "$(jq '.stacks[0].capacity.mean_model_bytes' "$T/out")" -lt 291000
ok "and stored" test "$(jq '.stacks[0].storage.published_bytes' "$T/out")" -gt 1000
done_testing
