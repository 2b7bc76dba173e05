#!/bin/sh
# protect: true on the endpoint or on a model: neither goes by accident, and the way through is named.
. tests/e2e/lib.sh

run "$MMECTL" local start --delay=all=0
is_exit 0 "the stand-in starts"
mkdir "$T/spec"
cp -r examples/data "$T/spec/data"
spec=$T/spec/mme.yaml
sed 's/^  endpoint:$/  endpoint:\n    protect: true/' examples/mme-demo.yaml >"$spec"
run "$MMECTL" apply "$spec" --local -auto-approve
is_exit 0 "a protected endpoint is deployed"
# Leaving it out of the file is not enough: the live tag says so.
run "$MMECTL" destroy examples/mme-demo.yaml --local -auto-approve
is_exit 6 "destroy refuses a protected stack"
has_err "stack 'mme-demo' is protected: its endpoint has 'protect: true'" "and says what protects it"
has_err "hint: add --allow-destroy=mme-demo" "and how to do it all the same"
run "$MMECTL" destroy "$spec" --local -auto-approve --allow-destroy=other
is_exit 6 "another stack's name does not help"
run "$MMECTL" destroy "$spec" --local -auto-approve --allow-destroy=mme-demo
is_exit 0 "its own name does"

sed 's/^    - name: model_fast.*/&\n      protect: true/' examples/mme-demo.yaml >"$spec"
run "$MMECTL" apply "$spec" --local -auto-approve
is_exit 0 "a protected model is deployed"
awk '/- name: model_fast/ { skip = 1; next } /^  [a-z]/ || /- name:/ { skip = 0 } !skip' examples/mme-demo.yaml >"$T/spec/less.yaml"
run "$MMECTL" plan "$T/spec/less.yaml" --local
is_exit 0 "a plan without the protected model is shown"
has_err "^Warning: model 'model_fast' is protected and is not in the spec any more" "with a warning"
run "$MMECTL" apply "$T/spec/less.yaml" --local -auto-approve
is_exit 6 "and refused by apply"
has_err "^Error: model 'model_fast' is protected and is not in the spec any more" "which says which model"
run "$MMECTL" apply examples/mme-demo.yaml --local -auto-approve
is_exit 0 "taking 'protect' out of the spec is applied"
run "$MMECTL" apply "$T/spec/less.yaml" --local -auto-approve
is_exit 0 "and then the model may go"
has_out "^Apply complete! Resources: 0 added, 0 changed, 1 destroyed." "alone"
done_testing
