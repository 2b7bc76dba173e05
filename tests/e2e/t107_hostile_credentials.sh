#!/bin/sh
# What a profile, a variable, a program or a service beside AWS may do wrong or on purpose: a clear error, and no request.
. tests/e2e/lib.sh
. tests/e2e/identity.sh

spec=$(copy_demo hostile)
home=$T/user
gives AKIAX canary-x canary-x-token 3600
printf 'bearer-canary' >"$T/side/bearer"
nothing() { rm -rf "$home/.aws" && mkdir "$home/.aws"; rm -f "$T/side/mode"; }
config() { nothing; cat >"$home/.aws/config"; }
credentials() { nothing; cat >"$home/.aws/credentials"; }

# bad NAME ERROR NAME=VALUE...: a plan as that user ends with 1 and "Error: ERROR" (an extended regex for the whole line);
# AWS was asked nothing, and nothing secret is said.
bad() {
    name=$1
    error=$2
    shift 2
    as "$@" "$MMECTL" plan "$spec" --stats
    {
        [ "$exit" = 1 ] || echo "wanted: exit 1"
        grep -Eq -e "^Error: ($error)\$" "$T/err" || echo "wanted: Error: $error"
        [ "$(stat_of requests)" = 0 ] || echo "wanted: no request"
        ! grep -qF -e canary "$T/err" "$T/out" || echo "wanted: no secret"
        ! grep -q "$(printf '\033')" "$T/err" || echo "wanted: no escape sequence"
    } >"$T/why"
    if [ -s "$T/why" ]; then
        fail "$name" "$(cat "$T/why")
$(lib_shown)"
    else
        pass "$name"
    fi
}
hint() { has_err "^hint: ($1)\$" "$name: what helps"; }

# ---- files ----

printf 'role_arn\n' | config
bad "a config file that is none" ".*/config' line 1 is neither .*"
printf '[default\nregion = x\n' | config
bad "a section that is not closed" ".*/config' line 1 is neither .*"
nothing
mkdir "$home/.aws/credentials"
bad "a folder where the file should be" ".*/credentials'.*"
nothing
head -c 1100000 /dev/zero | tr '\0' '#' >"$home/.aws/config"
bad "a config file of more than a MiB" ".*/config'.*(larger|more).*"
printf '[default]\naws_access_key_id = AKIA\n' | credentials
bad "half a pair" "the profile 'default' has aws_access_key_id but no aws_secret_access_key"
printf '[default]\naws_access_key_id = AKIA\naws_secret_access_key = canary two\n' | credentials
bad "a secret with a blank" "the profile 'default' has a secret key with a blank, .*"
printf '[default]\naws_access_key_id = AK\033[2JIA\naws_secret_access_key = canary\n' | credentials
bad "an id with an escape sequence" "the profile 'default' has an access key id with .*"
printf '[default]\naws_access_key_id = AK\000IA\naws_secret_access_key = canary\n' | credentials
bad "an id with a NUL" "the profile 'default' has an access key id with .*"
bad "a token with a line end" "the environment has a session token with .*" AWS_ACCESS_KEY_ID=AKIA \
    AWS_SECRET_ACCESS_KEY=canary AWS_SESSION_TOKEN="a
x-evil: 1"
bad "an end that is no time" "AWS_CREDENTIAL_EXPIRATION is not a time" AWS_ACCESS_KEY_ID=AKIA AWS_SECRET_ACCESS_KEY=canary \
    AWS_CREDENTIAL_EXPIRATION=tomorrow

# ---- roles ----

role="role_arn = arn:aws:iam::123456789012:role/R"
printf '[profile a]\n%s\nsource_profile = b\n[profile b]\n%s\nsource_profile = c\n[profile c]\n%s\nsource_profile = a\n' "$role" "$role" "$role" | config
bad "profiles in a circle" "profile 'a': .*the source_profile of 'c' goes round in a circle" AWS_PROFILE=a
printf '[profile a]\n%s\nsource_profile = a\n' "$role" | config
bad "a profile that is its own source, without keys" "profile 'a': the source_profile of 'a' goes round in a circle" AWS_PROFILE=a
hint "one of the profiles on the way must have keys, .*"
printf '[profile a]\n%s\nsource_profile = nobody\n' "$role" | config
bad "a source that is not there" "profile 'a': .* names source_profile 'nobody', which does not exist" AWS_PROFILE=a
printf '[profile a]\n%s\nsource_profile = empty\n[profile empty]\nregion = us-east-1\n' "$role" | config
bad "a source without credentials" "profile 'a': .*no AWS credentials were found" AWS_PROFILE=a
printf '[profile a]\n%s\n' "$role" | config
bad "a role without a source" "profile 'a': .* has role_arn and neither source_profile nor credential_source" AWS_PROFILE=a
printf '[profile a]\n%s\nsource_profile = b\ncredential_source = Environment\n' "$role" | config
bad "a role with two" "profile 'a': .* has role_arn and both source_profile and credential_source" AWS_PROFILE=a
printf '[profile a]\n%s\ncredential_source = Moon\n' "$role" | config
bad "a source nobody knows" "profile 'a': .* has credential_source 'Moon'" AWS_PROFILE=a
hint "it may be Environment, Ec2InstanceMetadata or EcsContainer"
printf '[profile a]\n%s\nsource_profile = b\nmfa_serial = arn:aws:iam::123456789012:mfa/me\n' "$role" | config
bad "a role that wants a code" "profile 'a': .* wants a code of an MFA device \(mfa_serial\)" AWS_PROFILE=a
hint "mmectl asks for none; run: .*export-credentials --profile a --format env.*"
role_of() { printf '[profile a]\ncredential_source = Environment\n%s\n' "$1" | config; }
role_of "role_arn = R"
bad "a role that is no ARN" "profile 'a': role_arn is 'R', which is no ARN" AWS_PROFILE=a
role_of "$role
duration_seconds = 60"
bad "a minute is too short" "profile 'a': duration_seconds is '60', not a number from 900 to 43200" AWS_PROFILE=a
role_of "$role
role_session_name = me at work"
bad "a session name with a blank" "profile 'a': the role's session name has the byte 0x20 at 3" AWS_PROFILE=a

# ---- processes ----

process() { printf '[default]\ncredential_process = %s\n' "$1" | config; }
process "no-such-program"
bad "a program that is not there" "credential_process of profile 'default': starting 'no-such-program': .*"
process "echo 'not closed"
bad "a quote that is not closed" "credential_process of profile 'default': a quote is not closed"
process "sh -c 'echo reason >&2; exit 7'"
bad "a program that fails" "credential_process of profile 'default' ended with status 7: reason"
process "sh -c 'kill -9 \$\$'"
bad "a program that is killed" "credential_process of profile 'default' ended with signal 9"
process "echo hello"
bad "no JSON" "profile 'default': what credential_process printed is not JSON: .*"
process "echo '{\"Version\": 2, \"AccessKeyId\": \"AKIA\", \"SecretAccessKey\": \"canary\"}'"
bad "another version" "profile 'default': what credential_process printed has no 'Version' that is 1"
process "echo '{\"Version\": 1, \"AccessKeyId\": \"AKIA\"}'"
bad "no secret" "profile 'default': what credential_process printed has no 'SecretAccessKey'"
process "yes canary"
bad "output without an end" "credential_process of profile 'default': 'yes' wrote more than 65536 bytes"

# ---- web identity ----

web="AWS_ROLE_ARN=arn:aws:iam::123456789012:role/R AWS_WEB_IDENTITY_TOKEN_FILE=$T/jwt"
nothing
bad "a token's file that is not there" "reading the web identity's token: .*/jwt'.*" $web
bad "a token without a role" "there is a web identity's token in '.*', but no role for it" AWS_WEB_IDENTITY_TOKEN_FILE="$T/jwt"
: >"$T/jwt"
bad "an empty token" "reading the web identity's token: '.*/jwt' is empty" $web
printf 'canary\r\nx-evil: 1' >"$T/jwt"
bad "a token with a line end" "the web identity's token in '.*/jwt' has a blank, .*" $web
head -c 100000 /dev/zero | tr '\0' 'a' >"$T/jwt"
bad "a token of 100 kB" "reading the web identity's token: .*" $web
printf 'canary.notjson.x' >"$T/jwt"
bad "a token that STS refuses" "AssumeRoleWithWebIdentity 'arn:.*': The ID Token provided is not a valid JWT\. .*" $web

# ---- SSO ----

sso() { printf '[default]\nsso_account_id = 123456789012\nsso_role_name = R\n%s\n' "$1" | config; }
cache() { mkdir -p "$home/.aws/sso/cache" && printf '%s' "$1" >"$home/.aws/sso/cache/$(printf corp | sha1sum | cut -d' ' -f1).json"; }
session='sso_session = corp
[sso-session corp]
sso_region = eu-west-1
sso_start_url = https://x'
sso "sso_region = eu-west-1"
bad "no start URL" "the profile 'default' uses SSO, but has no sso_start_url"
sso "sso_session = other"
bad "a session that is not there" "the profile 'default' names sso_session 'other', which does not exist"
sso "sso_region = us-east-1
$session"
bad "two regions" "sso_region of profile 'default' is 'us-east-1', and 'eu-west-1' in its sso-session 'corp'"
sso "sso_region = evil.example/
sso_start_url = https://x"
bad "a region that is a host" "sso_region is 'evil.example/', which is not an AWS region"
sso "$session"
bad "nobody signed in" "nobody is signed in to SSO for profile 'default'"
hint "run: aws sso login --sso-session corp"
cache '{"accessToken": '
bad "a token that is cut off" "the token of SSO in '.*' is not JSON: .*"
cache '{"accessToken": "canary", "expiresAt": "never"}'
bad "a token without an end" "the token of SSO in '.*' lacks accessToken or expiresAt"
cache '{"accessToken": "canary\r\nx: y", "expiresAt": "2099-01-01T00:00:00Z"}'
bad "a token that is two headers" "the token of SSO in '.*' lacks accessToken or expiresAt"
cache '{"accessToken": "canary", "expiresAt": "2099-01-01T00:00:00UTC"}'
bad "a token that the portal does not know" "GetRoleCredentials 'R': .*"
hint "run: aws sso login --sso-session corp"

# ---- the container's agent ----

full() { bad "$1" "$2" AWS_CONTAINER_CREDENTIALS_FULL_URI="$3"; }
nothing
for host in evil.example 127.0.0.1.evil.example 127.evil.example 169.254.169.254 2130706433 0x7f.0.0.1 '[::ffff:127.0.0.1]' \
    localhost.evil.example 10.0.0.1; do
    full "the agent at $host" "AWS_CONTAINER_CREDENTIALS_FULL_URI names the host '.*', which may not be asked in plain text" "http://$host/x"
done
hint "use https, this machine .*"
full "a user in the URL" "AWS_CONTAINER_CREDENTIALS_FULL_URI is not a URL: .*" "http://127.0.0.1@evil.example/"
full "another scheme" "AWS_CONTAINER_CREDENTIALS_FULL_URI is not a URL: .*" "file:///etc/passwd"
full "a line end in the URL" "AWS_CONTAINER_CREDENTIALS_FULL_URI is not a URL: .*" "http://127.0.0.1/
Host: x"
bad "a path that makes a host" "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI is '@evil.example/x', which is no path" \
    AWS_CONTAINER_CREDENTIALS_RELATIVE_URI=@evil.example/x
bad "a token that is two headers" "the token of the container's agent has a control character at 7" \
    AWS_CONTAINER_CREDENTIALS_FULL_URI="$side/container" AWS_CONTAINER_AUTHORIZATION_TOKEN="canary
x: y"
agent() {
    printf '%s' "$1" >"$T/side/mode"
    full "the agent answers: $1" "$2" "$side/container"
}
from="the answer of the container's agent"
agent html "$from is not JSON: .*"
agent empty "$from is not JSON: .*"
agent half "$from is not JSON: .*"
agent deep "$from is not JSON: .*"
agent nul "$from is not JSON: .*"
agent list "$from is JSON, but no object"
agent numbers "$from has a 'AccessKeyId' that is no string"
agent nokey "$from has no 'SecretAccessKey'"
agent crlf "$from has an access key id with a blank, .*"
agent notime "$from has an 'Expiration' that is no time"
agent past "the credentials from the container's agent have expired"
agent refusal "$from is the refusal 'AssumeRoleUnauthorizedAccess'"
agent huge "asking the container's agent for credentials: the body of the answer from '.*' is larger than allowed"
agent redirect "the container's agent at '.*' answered HTTP 302"
is "$(grep -c elsewhere "$T/side/asked")" 0 "nobody went where it was sent"
agent denied "the container's agent at '.*' answered HTTP 403"
agent broken "the container's agent at '.*' answered HTTP 500"

# ---- the instance ----

imds() { bad "$1" "$2" AWS_EC2_METADATA_DISABLED= AWS_EC2_METADATA_SERVICE_ENDPOINT="$side" "$3"; }
printf 'v1' >"$T/side/mode"
imds "an instance with version 1 alone" "no AWS credentials were found" A=B
has_err "^      instance metadata: '$side' gives no token of IMDSv2 \(HTTP 404\)\$" "version 1 is not asked"
is "$(grep -c '^GET /latest' "$T/side/asked")" 0 "not a single GET"
printf 'v1 400' >"$T/side/mode"
imds "a token that is refused" "the instance's metadata service at '.*' answered HTTP 400" A=B
printf gone >"$T/side/mode"
imds "an instance without a role" "no AWS credentials were found" A=B
has_err "^      instance metadata: the instance has no role\$" "an instance without a role: it says so"
printf html >"$T/side/mode"
imds "a role that is a page" "the instance's metadata service does not name a role \(HTTP 200\)" A=B
printf silent >"$T/side/mode"
imds "a service that never answers" "no AWS credentials were found" A=B
imds "a mode that is none" "AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE is 'IPv5', neither IPv4 nor IPv6" AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE=IPv5
imds "no number of seconds" "AWS_METADATA_SERVICE_TIMEOUT is 'long', not a number from 1 to 100" AWS_METADATA_SERVICE_TIMEOUT=long
bad "an address that is none" "AWS_EC2_METADATA_SERVICE_ENDPOINT is not a URL: 'moon'" AWS_EC2_METADATA_DISABLED= \
    AWS_EC2_METADATA_SERVICE_ENDPOINT=moon
done_testing
