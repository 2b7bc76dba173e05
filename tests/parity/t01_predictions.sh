#!/bin/sh
# Predictions through the endpoint equal libxgboost's own on all 569 rows for all five models, bit for bit as float32.
. tests/e2e/lib.sh

spec=examples/mme-demo.yaml
run "$MMECTL" local start --delay=all=0
is_exit 0 "the stand-in starts"
run "$MMECTL" apply "$spec" --local -auto-approve
is_exit 0 "the demo is deployed"
eval "$("$MMECTL" local env 2>/dev/null)"
cat examples/data/breast-cancer-train.csv examples/data/breast-cancer-validation.csv >"$T/rows.csv"
cut -d, -f2- "$T/rows.csv" >"$T/features.csv"
is "$(wc -l <"$T/features.csv" | tr -d ' ')" 569 "all 569 rows are asked for"
for model in model_conservative model_balanced model_aggressive model_deep model_fast; do
    run "$MMECTL" invoke --local -f "$spec" --model "$model" --accept application/json --data "$T/features.csv"
    python3 - "$T/out" >"$T/served" <<'P'
import json, struct, sys
for score in json.load(open(sys.argv[1])):
    print("%08x" % struct.unpack("<I", struct.pack("<f", score))[0])
P
    /usr/bin/python3 - "$model" "$T/model.tar.gz" <<'P'
import boto3, os, sys
s3 = boto3.client("s3", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
bucket = "sagemaker-us-east-1-123456789012"
keys = [o["Key"] for o in s3.list_objects_v2(Bucket=bucket, Prefix="mme-demo/models/")["Contents"]]
s3.download_file(bucket, next(k for k in keys if k.endswith("/%s.tar.gz" % sys.argv[1])), sys.argv[2])
P
    tar -xzf "$T/model.tar.gz" -C "$T" xgboost-model
    OMP_NUM_THREADS=1 "$BUILD/tests/parity/predict" "$T/xgboost-model" "$T/rows.csv" 30 >"$T/oracle"
    is "$(wc -l <"$T/oracle" | tr -d ' ')" 569 "$model: libxgboost scores every row"
    if cmp -s "$T/served" "$T/oracle"; then
        pass "$model: 569 predictions equal libxgboost's bit for bit"
    else
        fail "$model: 569 predictions equal libxgboost's bit for bit" "$(diff "$T/served" "$T/oracle" | head -5)"
    fi
done
done_testing
