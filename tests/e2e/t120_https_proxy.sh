#!/bin/sh
# Programs that hard-code AWS's host names run unmodified through the stand-in's HTTPS proxy: boto3, aws-cli, curl and
# mmectl itself. Nothing else gets through.
. tests/e2e/lib.sh
for name in $(env | sed -n 's/^\(AWS_[A-Z_0-9]*\)=.*/\1/p'); do unset "$name"; done
export HOME="$T" # nobody's ~/.aws

"$MMECTL" local start --delay all=0 --https-proxy >"$T/start.log" 2>&1 || bail "local start: $(cat "$T/start.log")"
lines=$("$MMECTL" local env --https-proxy) || bail "local env --https-proxy"
printf '%s\n' "$lines" >"$T/lines"
ok "the lines set the proxy" grep -q "^export HTTPS_PROXY='http://127.0.0.1:[0-9]*'\$" "$T/lines"
ok "and the bundle" grep -q "^export AWS_CA_BUNDLE='$MMECTL_HOME/proxy-ca.pem'\$" "$T/lines"
ok "and no endpoint" sh -c "! grep -q '^export AWS_ENDPOINT_URL' '$T/lines'"
is "$("$MMECTL" local env | sed -n 's/^export AWS_ENDPOINT_URL=//p' | cut -c1-18)" "'http://127.0.0.1:" \
    "without the option the lines are those of the endpoint"
eval "$lines"

# ---- boto3, as the tutorial uses it ----
run "$PYTHON" tests/e2e/unmodified.py unmodified-bucket unmodified
is_exit 0 "a boto3 script for AWS lives its whole life"
has_out '^account 123456789012$' "STS under a host name that is written down"
is "$(grep -c '^trained ' "$T/out")" 5 "five models are trained"
is "$(grep -c '^predicted .* [01]\.[0-9]*$' "$T/out")" 5 "five models answer"
has_out '^log streams 1$' "logs"
has_out '^bucket 404$' "everything is removed"

# ---- aws-cli ----
aws=/usr/bin/aws
[ -x $aws ] || aws=aws
run $aws sts get-caller-identity --query Account --output text
has_out '^123456789012$' "aws-cli: sts"
run $aws s3 mb s3://cli-bucket
is_exit 0 "aws-cli: a bucket under its virtual host"
run $aws s3 cp examples/data/breast-cancer-train.csv s3://cli-bucket/data/train.csv
is_exit 0 "aws-cli: an upload"
run $aws s3 cp s3://cli-bucket/data/train.csv "$T/train.csv"
ok "aws-cli: and back, the same bytes" cmp "$T/train.csv" examples/data/breast-cancer-train.csv
head -c 20000000 /dev/urandom >"$T/large"
run $aws s3 cp "$T/large" s3://cli-bucket/large
is_exit 0 "aws-cli: a multipart upload, several connections at once"
run $aws s3 cp s3://cli-bucket/large "$T/large.back"
ok "aws-cli: and back" cmp "$T/large" "$T/large.back"
run $aws --region eu-west-1 sagemaker list-endpoints
is_exit 0 "aws-cli: another region"
run $aws --region cn-north-1 sts get-caller-identity
is_exit 0 "aws-cli: China's domain"
run $aws iam get-role --role-name SageMakerExecutionRole
ok "aws-cli: iam reaches the stand-in" sh -c "[ $exit = 0 ] || grep -q 'NoSuchEntity\|AccessDenied\|InvalidAction' '$T/err'"
run $aws s3 rb --force s3://cli-bucket
is_exit 0 "aws-cli: removal"

# ---- mmectl, as on AWS ----
spec=$(copy_demo proxied)
run "$MMECTL" apply "$spec" -auto-approve
is_exit 0 "mmectl: apply without --local"
has_out '^Apply complete! Resources: 16 added, 0 changed, 0 destroyed\.$' "mmectl: all of it"
run "$MMECTL" plan "$spec"
has_out '^No changes\.' "mmectl: nothing is left to do"
run "$MMECTL" test "$spec"
is_exit 0 "mmectl: the models answer"
run "$MMECTL" destroy "$spec" -auto-approve
is_exit 0 "mmectl: destroy"

# ---- forms of host names ----
code() { # HOST: the status that an unsigned request to it is answered with
    curl -s -o /dev/null -w '%{http_code}' "https://$1/"
}
for host in s3.amazonaws.com sts.amazonaws.com runtime.sagemaker.eu-west-1.amazonaws.com \
    sts-fips.us-east-1.amazonaws.com s3.dualstack.us-east-1.amazonaws.com s3-fips.us-gov-west-1.amazonaws.com \
    logs.cn-north-1.amazonaws.com.cn logs.us-east-1.api.aws some-bucket.s3.eu-west-1.amazonaws.com; do
    is "$(code $host)" 403 "$host is served: an unsigned request is refused by the stand-in"
done
run curl -sS "https://a.bucket.s3.eu-west-1.amazonaws.com/"
is_exit 60 "a bucket with dots has no certificate, as on AWS"

# ---- what is not AWS ----
run curl -sS https://example.com/
is_exit 56 "a foreign host is refused"
run curl -sS -x "$HTTPS_PROXY" -w '%{http_connect}' -o /dev/null https://example.com/
has_out '^403$' "with 403"
run curl -sS -x "$HTTPS_PROXY" -w '%{http_connect}' -o /dev/null https://192.0.2.1/
has_out '^403$' "an address is refused"
run curl -sS -x "$HTTPS_PROXY" -w '%{http_connect}' -o /dev/null https://s3.amazonaws.com:8443/
has_out '^403$' "another port is refused"
run curl -sS -x "$HTTPS_PROXY" http://s3.amazonaws.com/
has_out 'plain http does not go through this proxy' "plain http is refused with the reason"

# ---- what is said of it ----
run "$MMECTL" local status
has_out "^  HTTPS proxy at $HTTPS_PROXY for AWS's host names\$" "status shows the proxy"
has_out "^  its authority: $MMECTL_HOME/proxy-ca.pem, until 20" "and the authority"
run "$MMECTL" local status --json
is "$(jq -r '.https_proxy | .url + " " + .ca_bundle' "$T/out")" "$HTTPS_PROXY $AWS_CA_BUNDLE" "with --json, too"
is "$(jq -r .https_proxy.ca_sha256 "$T/out")" \
    "$(openssl x509 -in "$AWS_CA_BUNDLE" -noout -fingerprint -sha256 | sed 's/.*=//')" "with its fingerprint"
is "$(stat -c %a "$MMECTL_HOME/proxy-ca.key")" 600 "the key is its owner's"
ok "the bundle has no key" sh -c "! grep -q PRIVATE '$AWS_CA_BUNDLE'"
run openssl verify -x509_strict -CAfile "$AWS_CA_BUNDLE" "$AWS_CA_BUNDLE"
is_exit 0 "the authority is one by the strict rules"

# ---- starting again ----
run "$MMECTL" local start --https-proxy
is_exit 0 "starting it twice is fine"
before=$(sha256sum <"$AWS_CA_BUNDLE")
kill -9 "$("$MMECTL" local status --json | jq -r .pid)"
run "$MMECTL" local start
is_exit 0 "a start without the proxy"
run "$MMECTL" local env --https-proxy
is_exit 1 "lines for a proxy that is not there"
has_err 'running without its HTTPS proxy' "are refused"
has_err "hint: 'mmectl local stop' ends it" "with what to do"
stop_local
run "$MMECTL" local start --https-proxy --proxy-port="${HTTPS_PROXY##*:}"
is_exit 0 "the proxy's port can be fixed"
is "$(sha256sum <"$AWS_CA_BUNDLE")" "$before" "the authority outlives kill -9"
run $aws sts get-caller-identity
is_exit 0 "and the old lines still hold"
stop_local
chmod 644 "$MMECTL_HOME/proxy-ca.key"
run "$MMECTL" local start --https-proxy
is_exit 1 "a key that others can read is refused"
has_err "key file '.*proxy-ca.key' can be read by others" "which file is said"
chmod 600 "$MMECTL_HOME/proxy-ca.key"
echo nonsense >"$MMECTL_HOME/proxy-ca.key"
run "$MMECTL" local start --https-proxy
is_exit 1 "a key file that is none is refused"
has_err 'remove it; the next start makes another authority' "with what to do"
rm -f "$MMECTL_HOME/proxy-ca.key" "$MMECTL_HOME/proxy-ca.pem"
run "$MMECTL" local start --proxy-port=1234
is_exit 64 "a port of no proxy is refused"
ok "and nothing was started" sh -c "! '$MMECTL' local status"
run "$MMECTL" local env --https-proxy
is_exit 0 "the lines start one when none runs"
isnt "$(sha256sum <"$AWS_CA_BUNDLE")" "$before" "with another authority"
done_testing
