#!/bin/sh
# Fifteen hundred models with an older version each: what a plan costs, what the record only spares, and what is printed.
. tests/e2e/lib.sh

fast_local
models=1500
bucket=sagemaker-us-east-1-123456789012
record=$bucket/many/control/stack.json

# make_models VERSION: artifacts that are told apart by a few bytes, and the spec.
make_models() {
    "$PYTHON" -I -S - "$T/many" "$models" "$1" <<'EOS' || bail "no artifacts"
import gzip, io, os, sys, tarfile
folder, count, version = sys.argv[1], int(sys.argv[2]), sys.argv[3]
os.makedirs(folder, exist_ok=True)
names = ["m%04d" % i for i in range(count)]
for name in names:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as tar:
        data = b"binf" + bytes(100) + ("%s %s" % (name, version)).encode().ljust(100, b"\0")
        info = tarfile.TarInfo("xgboost-model")
        info.size = len(data)
        tar.addfile(info, io.BytesIO(data))
    with open(os.path.join(folder, name + ".tar.gz"), "wb") as file:
        file.write(gzip.compress(out.getvalue(), 1, mtime=0))
with open(os.path.join(folder, "mme.yaml"), "w") as file:
    file.write("apiVersion: mmectl/v1\nkind: MultiModelEndpoint\nmetadata: {name: many}\nspec:\n  region: us-east-1\n"
               "  role: arn:aws:iam::123456789012:role/SageMakerExecutionRole\n"
               "  endpoint: {targetModels: versioned, instance: {type: ml.m5.large, count: 1}}\n  models:\n")
    for name in names:
        file.write("    - {name: %s, artifact: %s.tar.gz}\n" % (name, name))
EOS
}

spec=$T/many/mme.yaml
for version in 1 2; do
    make_models "$version"
    mme apply "$spec"
    is_exit 0 "version $version of $models models is published"
done
is "$(call things | grep -c "object s3://$bucket/many/models/")" $((2 * models)) "both versions of each are there"

# 11 + a page for each thousand + 2.
limit=$((11 + (2 * models + 1 + 999) / 1000 + 2))
mme plan "$spec"
is_exit 0 "a plan finds nothing to do"
has_out '^No changes' "and says so"
few=$(stat_of requests)
ok "a plan takes at most $limit requests ($few)" test "$few" -le "$limit"
mme apply "$spec"
is_exit 0 "an apply finds nothing to do"
ok "an apply without changes takes no more than a plan" test "$(stat_of requests)" -le "$few"

# What is printed of many does not grow with them.
make_models 3
mme plan "$spec"
is_exit 0 "a plan of many changes"
has_out "^Plan: $models to add" "it counts them"
ok "it is collapsed" test "$(wc -l <"$T/out")" -lt 120
run "$MMECTL" plan "$spec" --local -json
is_exit 0 "the same as JSON"
ok "which is JSON, with every model in it" "$PYTHON" -I -S -c '
import json, sys
plan = json.load(open(sys.argv[1]))
made = [c for c in plan["resource_changes"] if c["change"]["actions"] == ["create"]]
sys.exit(len(made) != int(sys.argv[2]))' "$T/out" "$models"
make_models 2

# One object written over, one that is nobody's: one request more, and one model to make good.
printf 'theirs' >"$T/theirs"
call s3 put "$bucket/many/models/zz/theirs" "$T/theirs"
mme plan "$spec"
has_out '^No changes' "what is not ours changes nothing"
ok "and costs nothing" test "$(stat_of requests)" -le "$limit"
target=$("$MMECTL" route --local -f "$spec" m0700)
call s3 put "$bucket/many/models/$target" "$T/theirs"
mme plan "$spec"
has_out '^Plan: 1 to add, 0 to change, 1 to destroy' "an artifact that was written over is made good"
ok "at the cost of one look" test "$(stat_of requests)" -le $((limit + 1))
mme apply "$spec"
is_exit 0 "and is"

# Without the record nothing is looked at one by one, and nothing is to do.
call s3 rm "$record"
mme plan "$spec"
is_exit 0 "a plan without the record"
has_out '^Plan: 0 to add, 0 to change, 0 to destroy' "finds what exists as it was"
ok "within the same requests" test "$(stat_of requests)" -le $((limit + 1))
printf '{"format": 1, "uid"' >"$T/broken"
call s3 put "$record" "$T/broken"
mme plan "$spec"
is_exit 0 "a plan with a broken record"
has_out '^Plan: 0 to add, 0 to change, 0 to destroy' "finds what exists as it was, too"
done_testing
