#!/bin/sh
# storage.kmsKey: everything that is written is encrypted with it, by mmectl and by training; ETags, which are no digests
# then, are still followed; another key changes nothing that exists; who may use it is in the policies.
. tests/e2e/lib.sh

fast_local
# Each object under the prefix with the key it is encrypted with, without the content's part of its name.
cat >"$T/keys.py" <<'PY'
import os
import sys

import boto3

s3 = boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
bucket = sys.argv[1]
rule = s3.get_bucket_encryption(Bucket=bucket)["ServerSideEncryptionConfiguration"]["Rules"][0]
default = rule["ApplyServerSideEncryptionByDefault"]
print("bucket", default["SSEAlgorithm"], default.get("KMSMasterKeyID"), rule.get("BucketKeyEnabled"))
for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
    for item in page.get("Contents", []):
        head = s3.head_object(Bucket=bucket, Key=item["Key"])
        print(item["Key"], head["ServerSideEncryption"], head.get("SSEKMSKeyId"))
PY
keys() {
    "$PYTHON" "$T/keys.py" own-models || bail "cannot look at the bucket"
}
count_keys() { # REGEX
    keys | grep -c -E "$1"
}

spec=$(copy_demo sealed)
edit "$spec" '/^  storage:/,/^  [a-z]*:$/{/^    \(bucket\|prefix\):/d}; /^  storage:/d'
edit "$spec" 's|^spec:|&\n  storage: {bucket: own-models, kmsKey: alias/models}|'
mme plan "$spec"
has_out 'kms_key *= "alias/models"' "the plan shows the bucket's key"
mme apply "$spec"
is_exit 0 "apply"
as_planned "apply"
is "$(keys | sed -n 1p)" "bucket aws:kms alias/models True" "the bucket is made with it, and a bucket key"
is "$(count_keys '/(data|models)/.* aws:kms .*alias/models$')" 7 "data and models are encrypted with it"
is "$(count_keys '/training/.* aws:kms .*alias/models$')" "$(keys | grep -c '/training/')" "so is what training puts out"
is "$(count_keys '/control/stack.json aws:kms .*alias/models$')" 1 "so is the stack's record"
is "$(keys | sed 1d | grep -v -c 'aws:kms .*alias/models$')" 0 "nothing is left out"
mme plan "$spec" -detailed-exitcode
is_exit 0 "nothing is left to do"
run "$MMECTL" test "$spec"
is_exit 0 "the models answer"

edit "$spec" 's|alias/models|alias/other|'
mme plan "$spec" -detailed-exitcode
is_exit 0 "another key: what exists keeps its own"
edit "$spec" '0,/eta: 0.3}/s/eta: 0.3}/eta: 0.31}/'
mme apply "$spec"
is_exit 0 "another key: apply of one changed model"
is "$(sent CreateTrainingJob)" 1 "another key: trains that model alone"
is "$(count_keys '/models/.*alias/other$') $(count_keys '/data/.*alias/models$')" "5 2" "another key: encrypts what is written from now on"

# One who may not use the key is told so by S3 and KMS; the policies name both sides.
"$MMECTL" iam-policy "$spec" >"$T/policy.json"
is "$(jq -c '[.. | objects | select(.Sid == "ObjectKey")] | .[0] | [.Action, .Resource, .Condition]' "$T/policy.json")" \
    '[["kms:Decrypt","kms:GenerateDataKey"],["arn:aws:kms:us-east-1:123456789012:key/*"],{"ForAnyValue:StringEquals":{"kms:ResourceAliases":["alias/other"]}}]' \
    "mmectl's policy lets it use the key, and no other"
"$MMECTL" iam-policy "$spec" --role >"$T/role.json"
is "$(jq -r '[.. | objects | select(.Sid == "ObjectKey")] | .[0].Action | join(" ")' "$T/role.json")" "kms:Decrypt kms:GenerateDataKey" \
    "the execution role's, too"

run "$MMECTL" destroy "$spec" -auto-approve
is_exit 0 "destroy"
is "$(things | grep -v '^log-group ')" "" "leaves nothing"
done_testing
