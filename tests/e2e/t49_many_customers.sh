#!/bin/sh
# modelSets at size: a thousand customers from one file, a plan that can be read, one customer's change.
. tests/e2e/lib.sh

fast_local
mkdir -p "$T/x"
awk 'BEGIN {
    x = 7
    for (row = 0; row < 20000; row++) {
        sum = 0; line = ""
        for (col = 0; col < 5; col++) {
            x = (x * 69069 + 1) % 4294967296
            v = int(x / 4294967296 * 20000 - 10000) / 10000
            if (col < 2) sum += v
            line = line "," v
        }
        print "c" ((row * 619) % 1000) "," (sum > 0) line
    }
}' >"$T/x/customers.csv"
cat >"$T/x/spec.yaml" <<SPEC
apiVersion: mmectl/v1
kind: MultiModelEndpoint
metadata: {name: thousand}
spec:
  region: us-east-1
  role: arn:aws:iam::123456789012:role/SageMakerExecutionRole
  training:
    backend: local
    channels: {train: {source: customers.csv, contentType: text/csv}}
    hyperparameters: {objective: "binary:logistic", num_round: 3, max_depth: 2}
  modelSets:
    - {name: "customer-{key}", partition: {column: 0}}
  endpoint: {instance: {type: ml.m5.large}}
SPEC
spec=$T/x/spec.yaml

mme plan "$spec"
has_out '^Plan: 1004 to add' "a thousand models"
has_out '# aws_s3_object.model\["customer-c0"\] and 999 more will be created' "stand together"
has_out '# \(of set customer-\{key\}\)' "with the set they are of"
ok "the plan can be read: at most 80 lines" test "$(wc -l <"$T/out")" -le 80
mme plan "$spec" --full
is "$(grep -c '# aws_s3_object.model' "$T/out")" 1000 "--full lists all"
run "$MMECTL" plan "$spec" --local -json
is "$(grep -o 'aws_s3_object.model\[..customer-c[0-9]*' "$T/out" | sort -u | wc -l | tr -d ' ')" 1000 "so does -json"
mme apply "$spec"
is_exit 0 "apply"
is "$(count_things '/thousand/models/')" 1000 "a thousand artifacts"
before=$(things | grep '/models/' | grep -v '/customer-c500--')

row=$(grep -n '^c500,' "$T/x/customers.csv" | sed -n '3s/:.*//p')
edit "$T/x/customers.csv" "${row}s/^c500,[01],[-0-9.]*/c500,1,0.5/"
mme apply "$spec"
is_exit 0 "one customer's row changes"
has_out '^Apply complete! Resources: 1 added, 0 changed, 0 destroyed\.$' "one model is trained and published"
ok "at most 30 requests are sent" test "$(stat_of requests)" -le 30
is "$(things | grep '/models/' | grep -v '/customer-c500--')" "$before" "all others are what they were"
mme destroy "$spec"
is_exit 0 "destroy"
done_testing
