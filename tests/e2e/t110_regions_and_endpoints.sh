#!/bin/sh
# Buckets of other regions are read where they may be and refused where they may not; which endpoints are asked, and what
# is said when the settings for them are wrong or nobody trustworthy answers. Nothing is changed by any of it.
. tests/e2e/lib.sh
. tests/e2e/bad.sh

fast_local
url=$AWS_ENDPOINT_URL
bucket=sagemaker-us-east-1-123456789012

# ---- an artifact in another region ----

maker=$(copy_demo maker)
edit "$maker" 's/backend: sagemaker/backend: local/;s/targetModels: stable/targetModels: versioned/'
for name in model_balanced model_aggressive model_deep model_conservative; do drop_model "$maker" "$name"; done
mme apply "$maker"
is_exit 0 "a model is trained here"
call s3 get "$bucket/maker/models/$("$MMECTL" route --local -f "$maker" model_fast)" >"$T/model.tar.gz"
want=$(predict "$maker" model_fast)
[ -n "$want" ] || bail "no prediction to compare with"
AWS_REGION=eu-west-1 call s3 mb far-away || bail "no bucket in another region"
AWS_REGION=eu-west-1 call s3 put far-away/some/model.tar.gz "$T/model.tar.gz"
AWS_REGION=eu-west-1 call s3 put far-away/data/train.csv examples/data/breast-cancer-train.csv

mkdir "$T/far"
spec=$T/far/mme.yaml
cat >"$spec" <<'EOS'
apiVersion: mmectl/v1
kind: MultiModelEndpoint
metadata: {name: far}
spec:
  region: us-east-1
  role: arn:aws:iam::123456789012:role/SageMakerExecutionRole
  models:
    - {name: one, artifact: "s3://far-away/some/model.tar.gz"}
  endpoint:
    instance: {type: ml.m5.large, count: 1}
EOS
mme apply "$spec"
is_exit 0 "an artifact in another region is published"
is "$(grep -c '^< 301' "$T/trace")" 1 "S3 says once where its bucket is"
is "$(predict "$spec" one)" "$want" "it is that model"
mme plan "$spec" -detailed-exitcode
is_exit 0 "and no difference from then on"
is "$(stat_of retried)" 1 "the request that was signed anew is counted"

# SageMaker trains on buckets of its own region; libxgboost here does not mind.
cat >"$T/far/trained.yaml" <<'EOS'
apiVersion: mmectl/v1
kind: MultiModelEndpoint
metadata: {name: trained}
spec:
  region: us-east-1
  role: arn:aws:iam::123456789012:role/SageMakerExecutionRole
  training:
    backend: sagemaker
    instance: {type: ml.m5.large}
    channels:
      train: {source: "s3://far-away/data/train.csv", contentType: text/csv}
    hyperparameters: {objective: "binary:logistic", num_round: 5}
  models:
    - {name: one}
  endpoint:
    instance: {type: ml.m5.large, count: 1}
EOS
before=$(things)
mme apply "$T/far/trained.yaml"
refused "a channel in another region" 1 \
    "ListObjectsV2 's3://far-away': the bucket is in region 'eu-west-1', not in 'us-east-1'" "$T/far/trained\\.yaml:11:[0-9]+" \
    "a multi-model endpoint reads only buckets of its own region: set region, or use another bucket"
edit "$T/far/trained.yaml" 's/backend: sagemaker/backend: local/'
mme apply "$T/far/trained.yaml"
is_exit 0 "data in another region is trained on here"

# ---- which endpoints ----

before=$(things)
mkdir "$T/home"
# aws NAME=VALUE... : a plan with the stand-in's keys and only these variables besides.
aws() {
    run env -i PATH="$PATH" HOME="$T/home" AWS_EC2_METADATA_DISABLED=true AWS_ACCESS_KEY_ID="$AWS_ACCESS_KEY_ID" \
        AWS_SECRET_ACCESS_KEY="$AWS_SECRET_ACCESS_KEY" AWS_REGION=us-east-1 ${ASAN_OPTIONS:+ASAN_OPTIONS="$ASAN_OPTIONS"} \
        ${UBSAN_OPTIONS:+UBSAN_OPTIONS="$UBSAN_OPTIONS"} ${LSAN_OPTIONS:+LSAN_OPTIONS="$LSAN_OPTIONS"} "$@" "$MMECTL" plan "$spec" \
        --stats --trace="$T/aws.trace"
}
aws AWS_ENDPOINT_URL="$url"
is_exit 0 "AWS_ENDPOINT_URL"
mkdir "$T/home/.aws"
cat >"$T/home/.aws/config" <<EOS
[default]
services = here
[profile near]
endpoint_url = $url
[profile fips]
use_fips_endpoint = true
endpoint_url = $url
[profile bundle]
ca_bundle = $T/nothing.pem
[services here]
s3 =
  endpoint_url = $url
sagemaker =
  endpoint_url = $url
sts =
  endpoint_url = $url
application_auto_scaling =
  endpoint_url = $url
EOS
aws A=B
is_exit 0 "a profile's services"
aws AWS_PROFILE=near
is_exit 0 "a profile's endpoint_url"
aws AWS_PROFILE=fips
refused "FIPS and a URL" 64 "use_fips_endpoint asks for FIPS endpoints, and the profile's endpoint_url names another: '$url'" "" \
    "leave one of them out; AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true .*"
aws AWS_ENDPOINT_URL="$url" AWS_USE_DUALSTACK_ENDPOINT=yes
refused "a switch that is no word" 64 "AWS_USE_DUALSTACK_ENDPOINT is 'yes', not true or false" "" "write true or false, or leave it out"

# The stand-in speaks no TLS; nothing is sent to somebody who cannot show who he is.
secure=$(printf '%s' "$url" | sed 's/^http:/https:/')
aws AWS_ENDPOINT_URL="$secure"
refused "nobody there speaks TLS" 1 "GetCallerIdentity: no TLS connection to '127\\.0\\.0\\.1:[0-9]+': .*" "" ".*endpoint URL.*"
aws AWS_ENDPOINT_URL="$secure" AWS_CA_BUNDLE="$T/missing.pem"
refused "a bundle that is not there" 1 "GetCallerIdentity: the certificates in '$T/missing\\.pem' cannot be used: .*" "" "AWS_CA_BUNDLE, or ca_bundle .*"
aws AWS_ENDPOINT_URL="$secure" AWS_PROFILE=bundle
refused "the profile's bundle" 1 "GetCallerIdentity: the certificates in '$T/nothing\\.pem' cannot be used: .*" "" "AWS_CA_BUNDLE, or ca_bundle .*"
aws AWS_ENDPOINT_URL="$secure" AWS_PROFILE=bundle AWS_CA_BUNDLE="$T/missing.pem"
refused "the variable's before the profile's" 1 "GetCallerIdentity: the certificates in '$T/missing\\.pem' .*"

# ---- proxies ----

for name in HTTP_PROXY http_proxy HTTPS_PROXY ALL_PROXY; do set -- "$@" "$name=http://127.0.0.1:1"; done
aws AWS_ENDPOINT_URL="$url" "$@"
is_exit 0 "this machine is reached without any proxy"
aws "$@" AWS_USE_FIPS_ENDPOINT=true AWS_IGNORE_CONFIGURED_ENDPOINT_URLS=true AWS_MAX_ATTEMPTS=1
refused "a proxy that is not there" 1 "GetCallerIdentity: no connection to 'sts-fips\\.us-east-1\\.amazonaws\\.com:443': .*127\\.0\\.0\\.1 port 1.*" "" ".*"
ok "the trace names the host" grep -q '^> POST https://sts-fips\.us-east-1\.amazonaws\.com/' "$T/aws.trace"
ok "and hides the signature" grep -Eq '^> authorization: \([0-9]+ bytes hidden\)$' "$T/aws.trace"
is "$(grep -c "$AWS_SECRET_ACCESS_KEY\|$AWS_ACCESS_KEY_ID" "$T/aws.trace")" 0 "no key is in it"

done_testing
