#!/bin/sh
# Bring your own model: artifacts from a local file and from s3:// are published as they are, nothing is trained.
. tests/e2e/lib.sh

fast_local
bucket=sagemaker-us-east-1-123456789012

# Two artifacts, as somebody else would have made them.
maker=$(copy_demo maker)
edit "$maker" 's/backend: sagemaker/backend: local/;s/targetModels: stable/targetModels: versioned/'
drop_model "$maker" model_balanced
drop_model "$maker" model_aggressive
drop_model "$maker" model_deep
mme apply "$maker"
is_exit 0 "two models are trained here"
is "$(sent CreateTrainingJob)" 0 "without a training job"
fetch() {
    call s3 get "$bucket/maker/models/$("$MMECTL" route --local -f "$maker" "$1")"
}
mkdir "$T/own"
fetch model_fast >"$T/own/one.tar.gz"
fetch model_conservative >"$T/two.tar.gz"
call s3 mb elsewhere
call s3 put elsewhere/some/two.tar.gz "$T/two.tar.gz"
fast=$(predict "$maker" model_fast)
conservative=$(predict "$maker" model_conservative)

cat >"$T/own/mme.yaml" <<'EOS'
apiVersion: mmectl/v1
kind: MultiModelEndpoint
metadata: {name: own}
spec:
  region: us-east-1
  role: arn:aws:iam::123456789012:role/SageMakerExecutionRole
  models:
    - {name: one, artifact: one.tar.gz}
    - {name: two, artifact: "s3://elsewhere/some/two.tar.gz"}
  endpoint:
    instance: {type: ml.m5.large, count: 1}
EOS
spec=$T/own/mme.yaml
source=$(things | grep elsewhere)
mme apply "$spec"
is_exit 0 "apply"
has_out '^Apply complete! Resources: 5 added, 0 changed, 0 destroyed\.$' "two artifacts, model, config and endpoint"
is "$(sent CreateTrainingJob)" 0 "nothing is trained"
is "$(predict "$spec" one)" "$fast" "the local file answers"
is "$(predict "$spec" two)" "$conservative" "so does the one from s3://"
target=$("$MMECTL" route --local -f "$spec" one)
call s3 get "$bucket/own/models/$target" >"$T/published"
ok "the bytes are published as they are" cmp "$T/published" "$T/own/one.tar.gz"
mme apply "$spec"
is_exit 0 "apply again"
is "$(stat_of mutating)" 0 "apply again changes nothing"

# A pin that holds.
edit "$spec" "s/artifact: one.tar.gz/&, sha256: $(sha256sum "$T/own/one.tar.gz" | cut -d' ' -f1)/"
mme plan "$spec" -detailed-exitcode
is_exit 0 "a pin that holds is no difference"

# Both sources get other content.
edit "$spec" 's/, sha256: [0-9a-f]*//'
cp "$T/two.tar.gz" "$T/own/one.tar.gz"
mme apply "$spec"
is_exit 0 "the local file has changed"
is "$(predict "$spec" one)" "$conservative" "its new content is served"
is "$(sent UpdateEndpoint)" 0 "without a roll"
call s3 put elsewhere/some/two.tar.gz "$T/published"
source=$(things | grep elsewhere)
mme apply "$spec"
is_exit 0 "the object has changed"
is "$(predict "$spec" two)" "$fast" "its new content is served"
mme plan "$spec" -detailed-exitcode
is_exit 0 "nothing is left to do"

mme destroy "$spec"
is_exit 0 "destroy"
same_things "leaves the sources where they are" "$source" elsewhere
is "$(count_things '/own/')" 0 "and nothing of the stack"
done_testing
