#!/bin/sh
# Credentials that are missing, wrong or over, and actions that are denied: each is told apart from the others, and from absence.
. tests/e2e/lib.sh
. tests/e2e/bad.sh

fast_local
url=$AWS_ENDPOINT_URL
spec=$(copy_demo creds)
drop_model "$spec" model_balanced
drop_model "$spec" model_aggressive
drop_model "$spec" model_deep
mme apply "$spec"
is_exit 0 "with good credentials it deploys"
before=$(things)
mkdir "$T/nobody"

# aws NAME=VALUE... COMMAND...: against the stand-in as if it were AWS, with an empty home and only these variables.
aws() {
    run env -i PATH="$PATH" HOME="$T/nobody" AWS_EC2_METADATA_DISABLED=true ${ASAN_OPTIONS:+ASAN_OPTIONS="$ASAN_OPTIONS"} \
        ${UBSAN_OPTIONS:+UBSAN_OPTIONS="$UBSAN_OPTIONS"} ${LSAN_OPTIONS:+LSAN_OPTIONS="$LSAN_OPTIONS"} "$@"
}

# apply_as NAME=VALUE...: an apply that would change something, so that only the credentials are in its way.
other=$T/creds/other.yaml
cp "$spec" "$other"
edit "$other" 's/eta: 0\.4/eta: 0.05/'
apply_as() {
    aws "$@" "$MMECTL" apply "$other" -auto-approve --stats --endpoint-url "$url"
}
id=$AWS_ACCESS_KEY_ID
secret=$AWS_SECRET_ACCESS_KEY

# ---- none, or half ----

apply_as A=B
refused "no credentials" 1 "no AWS credentials were found" "" \
    "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or a profile; asked in turn:"
has_err "^      environment: AWS_ACCESS_KEY_ID is not set\$" "no credentials: each source says why"
is "$(stat_of requests)" 0 "no credentials: nothing is sent"
apply_as AWS_ACCESS_KEY_ID="$id"
refused "a key id without a secret" 1 "AWS_ACCESS_KEY_ID is set but AWS_SECRET_ACCESS_KEY is not" "" "set both or neither"
apply_as AWS_PROFILE=nosuch
refused "a profile that is not there" 1 "there is no AWS profile 'nosuch'" "" "looked in .*"

# ---- wrong ----

apply_as AWS_ACCESS_KEY_ID="$id" AWS_SECRET_ACCESS_KEY=wrong
refused "wrong secret" 1 "GetCallerIdentity: .*does not match the signature you provided.*" "" ".*check AWS_SECRET_ACCESS_KEY or the profile"
has_err '^  AWS answered SignatureDoesNotMatch \(HTTP 403\), request id [0-9a-f-]+$' "wrong secret: AWS's code and request id"
is "$(stat_of requests)" 1 "wrong secret: it is not tried again"
is "$(grep -c "$secret" "$T/err")" 0 "wrong secret: the right one is shown nowhere"
apply_as AWS_ACCESS_KEY_ID=AKIAAAAAAAAAAAAAAAAA AWS_SECRET_ACCESS_KEY="$secret"
refused "a key id that nobody has" 1 "GetCallerIdentity: .*" "" "AWS does not know this access key id: .*"
has_err '^  AWS answered InvalidClientTokenId \(HTTP 403\)' "a key id that nobody has: AWS's code"
mkdir "$T/nobody/.aws"
printf '[default]\naws_access_key_id = %s\naws_secret_access_key = wrong\n' "$id" >"$T/nobody/.aws/credentials"
apply_as A=B
refused "wrong secret in a profile" 1 "GetCallerIdentity: .*does not match.*" "" ".*or the profile"
rm -r "$T/nobody/.aws"

# ---- over ----

key '{"access_key": "ASIAOVER", "secret_key": "s", "session_token": "token", "expires_ms": 1000}'
apply_as AWS_ACCESS_KEY_ID=ASIAOVER AWS_SECRET_ACCESS_KEY=s AWS_SESSION_TOKEN=token
refused "expired token" 1 "GetCallerIdentity: .*expired.*" "" "the session token has expired: sign in again, or set new AWS_\* variables"
has_err '^  AWS answered ExpiredToken \(HTTP 403\)' "expired token: AWS's code"
is "$(stat_of requests)" 1 "expired token: it is not tried again"
key '{"access_key": "ASIAGOOD", "secret_key": "s", "session_token": "token"}'
apply_as AWS_ACCESS_KEY_ID=ASIAGOOD AWS_SECRET_ACCESS_KEY=s AWS_SESSION_TOKEN=another
refused "another session's token" 1 "GetCallerIdentity: .*" "" "AWS does not know this access key id.*|the session token does not belong .*"

# ---- another account ----

key '{"access_key": "AKIAOTHER", "secret_key": "s", "account": "210987654321"}'
apply_as AWS_ACCESS_KEY_ID=AKIAOTHER AWS_SECRET_ACCESS_KEY=s
refused "role of another account" 6 \
    "role 'arn:aws:iam::123456789012:role/SageMakerExecutionRole' belongs to account '123456789012', the credentials to '210987654321'" \
    "$T/creds/other\\.yaml:[0-9]+:9" "use the credentials of account 123456789012, or another role: SageMaker can only use one of its own account"
sed 's/^  region: us-east-1$/&\n  account: "123456789012"/' "$other" >"$T/creds/guard.yaml"
aws AWS_ACCESS_KEY_ID=AKIAOTHER AWS_SECRET_ACCESS_KEY=s "$MMECTL" apply "$T/creds/guard.yaml" -auto-approve --stats --endpoint-url "$url"
refused "the spec's account guards it" 6 \
    "the credentials belong to account '210987654321', the spec is for '123456789012'" "$T/creds/guard\\.yaml:[0-9]+:12" \
    "use the credentials of account 123456789012, or change spec\.account"

# ---- denied: never taken for absence ----

# denied ACTION OPERATION COMMAND...: with a key that may do everything but ACTION.
n=0
denied() {
    action=$1
    operation=$2
    shift 2
    n=$((n + 1))
    key "{\"access_key\": \"AKIADENY$n\", \"secret_key\": \"s\", \"deny\": \"$action\"}"
    aws AWS_ACCESS_KEY_ID=AKIADENY$n AWS_SECRET_ACCESS_KEY=s "$MMECTL" "$@" --stats --endpoint-url "$url"
    refused "$1 without $action" 1 ".*$operation( '.*')?: .*$action.*" "" ".*'?$action'?.*"
    has_err '^  AWS answered AccessDenied(Exception)? \(HTTP 40[03]\), request id ' "$1 without $action: AWS's code"
    lacks_out 'will be created|No changes|Destroy complete|Apply complete' "$1 without $action: no plan"
}
for command in plan "apply -auto-approve" "destroy -auto-approve"; do
    denied s3:ListBucket ListObjectsV2 $command "$spec"
    denied sagemaker:ListModels ListModels $command "$spec"
    denied sagemaker:ListEndpointConfigs ListEndpointConfigs $command "$spec"
    denied sagemaker:DescribeEndpoint DescribeEndpoint $command "$spec"
    denied sagemaker:ListTags ListTags $command "$spec"
done
denied sagemaker:ListTrainingJobs ListTrainingJobs destroy -auto-approve "$spec"
denied logs:DescribeLogGroups DescribeLogGroups destroy -auto-approve "$spec"
denied sagemaker:DescribeEndpointConfig DescribeEndpointConfig apply -auto-approve "$other"
denied sagemaker:DescribeModel DescribeModel apply -auto-approve "$other"
denied s3:ListBucket ListObjectsV2 status "$spec"
denied sagemaker:DescribeEndpoint DescribeEndpoint status "$spec"
denied sts:GetCallerIdentity GetCallerIdentity plan "$spec"
denied s3:GetObject GetObject plan "$spec"

same_things "nothing of all this changed anything" "$before"
mme plan "$spec" -detailed-exitcode
is_exit 0 "and the stack still has nothing to do"
done_testing
