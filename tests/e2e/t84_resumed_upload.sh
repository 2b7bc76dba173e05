#!/bin/sh
# A large upload that is killed, interrupted or broken off in the middle is gone on with: the next run sends the parts that
# are missing and no other. What is gone on with no more, gc and destroy abort.
. tests/e2e/lib.sh

bucket=sagemaker-us-east-1-123456789012
fast_local
spec=$T/large.yaml

# An archive of more than 64 MiB, so five parts: a hidden file beside the model, which containers skip, counts.
"$MMECTL" apply examples/mme-demo.yaml --local -auto-approve >/dev/null 2>&1 || bail "the demo cannot be applied"
trained=$(things | sed -n "s|^object s3://$bucket/\([^ ]*/models/[^ ]*model_fast[^ ]*\) .*|\1|p" | head -n 1)
call s3 get "$bucket/$trained" >"$T/small.tar.gz" || bail "no trained model '$trained'"
"$MMECTL" local reset >/dev/null 2>&1 || bail "local reset"

# large SEED: packs the model and 66 MiB of ballast, other ones for another seed.
large() {
    "$PYTHON" -I -S -c '
import io, random, sys, tarfile
model = tarfile.open(sys.argv[1]).extractfile("xgboost-model").read()
with tarfile.open(sys.argv[2], "w:gz", compresslevel=0) as out:
    for name, data in (("xgboost-model", model), (".ballast", random.Random(int(sys.argv[3])).randbytes(66 << 20))):
        info = tarfile.TarInfo(name)
        info.size = len(data)
        out.addfile(info, io.BytesIO(data))' "$T/small.tar.gz" "$T/large.tar.gz" "$1" || bail "no large archive"
}
large 1
cat >"$spec" <<EOF
apiVersion: mmectl/v1
kind: MultiModelEndpoint
metadata: {name: large}
spec:
  region: us-east-1
  role: arn:aws:iam::123456789012:role/SageMakerExecutionRole
  endpoint:
    targetModels: versioned
    instance: {type: ml.m5.large, count: 1}
  models:
    - name: big
      artifact: large.tar.gz
EOF

# uploads: how many unfinished ones there are; parts: how many parts they hold.
uploads() {
    call s3 uploads "$bucket" | wc -l | tr -d ' '
}
parts() {
    call s3 parts "$bucket" | wc -l | tr -d ' '
}
# sent_parts: the UploadPart requests of the last mme.
sent_parts() {
    grep -c '^> PUT .*partNumber=' "$T/trace"
}
# Of the parts, two are taken and the others told to come back later, for as long as it is wanted.
two_parts_only() {
    set --
    for nth in 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30; do
        set -- "$@" '{"operation":"UploadPart","kind":"error","status":503,"code":"SlowDown","message":"slow down","nth":'$nth'}'
    done
    fault "$@"
}
# begin: an apply in the background, once it has two parts in S3.
begin() {
    two_parts_only
    AWS_MAX_ATTEMPTS=20 "$MMECTL" apply "$spec" --local -auto-approve >"$T/begun" 2>&1 &
    background=$!
    tries=0
    until [ "$(parts)" = 2 ]; do
        tries=$((tries + 1))
        [ "$tries" -lt 300 ] || bail "no two parts: $(cat "$T/begun")"
        sleep 0.1
    done
}

begin
kill -9 "$background"
wait "$background" 2>/dev/null
call nofaults
is "$(uploads) $(parts)" "1 2" "killed: two parts of one upload are left"
mme apply "$spec"
is_exit 0 "the same command again"
is "$(sent_parts)" 3 "sends the three that were missing"
is "$(uploads)" 0 "and nothing is left unfinished"
call s3 get "$bucket/$(things | sed -n "s|^object s3://$bucket/\(large/models/[^ ]*\) .*|\1|p")" >"$T/published"
ok "what was published is the file" cmp "$T/published" "$T/large.tar.gz"
mme plan "$spec" -detailed-exitcode
is_exit 0 "nothing is left to do"

# Interrupted, and broken off.
large 2
begin
kill -INT "$background"
wait "$background"
is $? 130 "interrupted: says so"
call nofaults
is "$(uploads) $(parts)" "1 2" "interrupted: the parts stay"
two_parts_only
run env AWS_MAX_ATTEMPTS=1 "$MMECTL" apply "$spec" --local -auto-approve
is_exit 1 "broken off: says so"
call nofaults
is "$(uploads) $(parts)" "1 4" "broken off: two more parts are there"
mme apply "$spec"
is_exit 0 "the same command again"
is "$(sent_parts)" 1 "sends the one that was missing"

# Another file by then: its upload is another one. Of the first, gc makes an end.
large 3
begin
kill -9 "$background"
wait "$background" 2>/dev/null
call nofaults
large 4
mme apply "$spec"
is_exit 0 "with another file"
is "$(sent_parts)" 5 "all of it is sent"
is "$(uploads)" 1 "what was begun before is another object's"
run "$MMECTL" gc "$spec" --local --delete -auto-approve
is_exit 0 "gc"
is "$(uploads)" 0 "aborts it"

# Refused: nothing is left.
large 5
fault '{"operation":"CompleteMultipartUpload","kind":"error","status":403,"code":"AccessDenied","message":"no"}'
mme apply "$spec"
is_exit 1 "refused at its end"
is "$(uploads)" 0 "leaves no upload"
done_testing
