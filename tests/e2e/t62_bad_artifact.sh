#!/bin/sh
# An artifact that the endpoint could not load, or that could harm who unpacks it, is refused before anything is sent.
. tests/e2e/lib.sh
. tests/e2e/bad.sh

fast_local
call s3 mb own-models
"$PYTHON" -I -S tests/e2e/artifacts.py "$T" || bail "no artifacts"
for name in two_files binary; do
    call s3 put own-models/$name.tar.gz "$T/$name.tar.gz"
done
spec=$T/mme.yaml
write_spec() { # VERSION ARTIFACT [MORE]
    cat >"$spec" <<SPEC
apiVersion: mmectl/v1
kind: MultiModelEndpoint
metadata: {name: bad-artifact}
spec:
  region: us-east-1
  role: arn:aws:iam::123456789012:role/SageMaker
  training:
    algorithm: {version: "$1"}
  models:
    - name: own
      artifact: $2
      ${3:-}
  endpoint:
    instance: {type: ml.m5.large, count: 1}
SPEC
}
place="$T/mme\\.yaml:1[01]:[0-9]+"
pack_it="an artifact holds one file, the model: tar czf .*"
before=$(things)

bad() { # FILE MESSAGE HINT [VERSION]
    write_spec "${4:-1.7-1}" "$1.tar.gz"
    mme apply "$spec"
    refused "$1${4:+ for $4}" 1 "model 'own': artifact '$1\.tar\.gz': $2" "$place" "$3"
}

bad plain_model "the artifact is not a tar\.gz" "pack the model with: tar czf model\.tar\.gz xgboost-model"
bad zip "the artifact is not a tar\.gz" "pack the model with: .*"
bad empty "the artifact is empty" "pack the model with: .*"
bad gzip_alone "the artifact is not a complete tar\.gz: .*" "$pack_it"
bad cut "the artifact is not a complete tar\.gz: .*" "$pack_it"
bad damaged "the artifact is damaged: its checksum does not match" "$pack_it"
bad two_files "the artifact holds two files: 'xgboost-model' and 'other-model'" "$pack_it"
bad no_file "the artifact holds no model: no file at its top level" "$pack_it"
bad in_folder "the artifact holds 'model/xgboost-model' in a folder: the model must be at the top" "$pack_it"
bad above "the artifact holds '\.\./xgboost-model', which leads out of its folder" "$pack_it"
bad absolute "the artifact holds the absolute path '/etc/cron\.d/x'" "$pack_it"
bad symlink "the artifact holds the symbolic link 'xgboost-model'" "$pack_it"
bad hardlink "the artifact holds the hard link 'again'" "$pack_it"
bad device "the artifact holds the device or pipe 'xgboost-model'" "$pack_it"
bad bomb "the artifact unpacks to more than 200 times its size of [0-9]+ bytes" "$pack_it"
bad text "'xgboost-model' in the artifact is not an XGBoost model" ".*"
bad pickle "'xgboost-model' in the artifact is a Python pickle, which runs code when it is loaded" \
    "save it with Booster\.save_model\(\), or set allowPickle: true"
bad ubjson "'xgboost-model' in the artifact is UBJSON, which XGBoost 1\.5-1 cannot load" "save the model as JSON or binary" 1.5-1
bad binary "'xgboost-model' in the artifact is .*, which XGBoost 3\.2-0 cannot load" "save the model as UBJSON" 3.2-0

# The same file is fine where the image can load it.
write_spec 1.7-1 ubjson.tar.gz
mme plan "$spec" -detailed-exitcode
is_exit 2 "UBJSON is fine for 1.7-1"

# ---- what is not there, or not what was pinned ----

write_spec 1.7-1 nosuch.tar.gz
mme apply "$spec"
refused "missing file" 1 "model 'own': reading '.*nosuch\.tar\.gz': No such file or directory" "$T/mme\\.yaml:11:17" "a path in a spec starts at .*"
write_spec 1.7-1 s3://own-models/nosuch.tar.gz
mme apply "$spec"
refused "missing s3 object" 1 "model 'own': there is no object 's3://own-models/nosuch\.tar\.gz'" "$T/mme\\.yaml:11:17" "check the bucket .*"
write_spec 1.7-1 s3://own-models/bin
mme apply "$spec"
refused "an s3 prefix is no artifact" 1 "model 'own': there is no object 's3://own-models/bin'" "$T/mme\\.yaml:11:17" "check the bucket .*"
write_spec 1.7-1 s3://own-models/two_files.tar.gz
mme apply "$spec"
refused "bad content behind s3://" 1 "model 'own': artifact 's3://own-models/two_files\.tar\.gz': the artifact holds two files: .*" "$place" "$pack_it"
pin=$(printf %064d 7)
write_spec 1.7-1 binary.tar.gz "sha256: $pin"
mme apply "$spec"
refused "another pin" 1 "artifact 'binary\.tar\.gz' has sha256 [0-9a-f]{64}, not the pinned one" "$T/mme\\.yaml:12:15" "if the new content is meant, .*"
write_spec 1.7-1 s3://own-models/binary.tar.gz "sha256: $pin"
mme apply "$spec"
refused "another pin behind s3://" 1 "model 'own': 's3://own-models/binary\.tar\.gz' has sha256 [0-9a-f]{64}, not the pinned one" "$place" "if the new content is meant, .*"

same_things "nothing of all this changed anything" "$before"
done_testing
