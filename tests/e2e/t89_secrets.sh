#!/bin/sh
# Secrets that mmectl is given never come out of it: canary credentials and a canary in container.environment go through a
# whole life, and every byte that was printed, traced, saved or stored is searched for them.
. tests/e2e/lib.sh

id=AKIACANARY0000000000 secret=canarySecret/5up3rS3cr3t+K3yCanarySecret00 token=canaryToken0123456789abcdefghijklmnopqrst==
value=canary-value-9f1c2b7e old=canary-older-5d0a8c33

start_local --delay all=0
call key "{\"access_key\": \"$id\", \"secret_key\": \"$secret\", \"session_token\": \"$token\"}" >/dev/null || bail "no key"
admin=$(env | grep '^AWS_') # the stand-in's own keys, for a look at its world
upstream=$AWS_ENDPOINT_URL

mkdir -p "$T/wire" "$T/said" "$T/saved" "$T/home"
"$PYTHON" tests/e2e/wire.py "$T/wire" "$upstream" &
wire=$!
until [ -s "$T/wire/port" ]; do kill -0 "$wire" 2>/dev/null || bail "the proxy ended"; done

unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
export AWS_ENDPOINT_URL="http://127.0.0.1:$(cat "$T/wire/port")" HOME="$T/home"
use_env() { export AWS_ACCESS_KEY_ID=$id AWS_SECRET_ACCESS_KEY="$secret" AWS_SESSION_TOKEN="$token"; }
use_profile() {
    unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN
    mkdir -p "$HOME/.aws"
    printf '[default]\naws_access_key_id = %s\naws_secret_access_key = %s\naws_session_token = %s\n' "$id" "$secret" "$token" \
        >"$HOME/.aws/credentials"
}
use_env

# As a pipeline would: the spec has a variable, its value comes by the environment.
spec=$(copy_demo canary)
edit "$spec" '$a\    container: {environment: {API_TOKEN: "${token}"}}'
edit "$spec" 's/^variables:/&\n  token: ""/'
export MMECTL_VAR_token=$old
drop_model "$spec" model_deep
drop_model "$spec" model_fast

# said COMMAND...: runs it; all it says is kept. Errors are as welcome as results here.
number=0
said() {
    number=$((number + 1))
    run "$MMECTL" "$@"
    cp "$T/out" "$T/said/$number.out"
    cp "$T/err" "$T/said/$number.err"
}
traced() { said "$@" --trace="$T/said/trace"; }
has_option() { "$MMECTL" help "$1" 2>/dev/null | grep -q -- "$2"; }

said validate "$spec"
said validate "$spec" -json
traced plan "$spec"
traced plan "$spec" -json --full
traced plan "$spec" -format=markdown
traced apply "$spec" -auto-approve
is "$exit" 0 "a stack with a secret in its environment comes up"
traced status "$spec" -json
export MMECTL_VAR_token=$value
traced plan "$spec"
has_out 'sensitive value' "a plan that changes the environment says that something is hidden"
traced plan "$spec" -json --full
traced plan "$spec" -format=markdown
if has_option plan -out; then
    traced plan "$spec" -out="$T/saved/plan"
    is "$exit" 0 "the plan is saved"
    traced apply "$T/saved/plan" -auto-approve
    is "$exit" 0 "and applied"
fi
traced apply "$spec" -auto-approve -json
is "$exit" 0 "the secret is changed"
traced plan "$spec" -detailed-exitcode
is "$exit" 0 "and then nothing is left to do"
use_profile
traced status "$spec"
is "$exit" 0 "the keys of a profile work, too"
traced test "$spec" -json
is "$exit" 0 "the models answer"
head -n 1 examples/data/breast-cancer-validation.csv | cut -d, -f2- >"$T/row"
traced invoke "$spec" --model model_balanced --data "$T/row" -v
traced route model_balanced -f "$spec"
for command in history doctor gc; do
    ! "$MMECTL" help "$command" >/dev/null 2>&1 || traced "$command" "$spec"
done
said iam-policy "$spec"
said iam-policy "$spec" --role
MMECTL_LOG=debug traced plan "$spec"

# What fails says more than what works.
rounds=50
for name in '"operation":"CreateModel","status":400,"code":"ValidationException","message":"no"' \
    '"operation":"CreateTrainingJob","status":403,"code":"AccessDeniedException","message":"no"' \
    '"operation":"PutObject","status":403,"code":"AccessDenied","message":"no"'; do
    (eval "$(printf '%s\n' "$admin" | sed "s/=\(.*\)/='\1'/; s/^/export /")" && unset AWS_SESSION_TOKEN && call fault "{$name,\"kind\":\"error\",\"times\":1}") ||
        bail "planting a fault failed"
    edit "$spec" "s/num_round: $rounds,/num_round: $((rounds + 1)),/"
    rounds=$((rounds + 1))
    traced apply "$spec" -auto-approve
    isnt "$exit" 0 "an apply that is refused: $(printf '%s' "$name" | cut -d'"' -f4)"
done
traced apply "$spec" -auto-approve
is "$exit" 0 "and taken up again"
use_env
AWS_SESSION_TOKEN="${token}x" traced plan "$spec"
is "$exit" 1 "a wrong token is refused"
AWS_SECRET_ACCESS_KEY="${secret}x" traced plan "$spec"
is "$exit" 1 "a wrong secret is refused"
AWS_ENDPOINT_URL=http://127.0.0.1:1 traced plan "$spec"
isnt "$exit" 0 "nobody listens"
printf 'role_arn\naws_secret_access_key %s\n' "$secret" >"$HOME/.aws/config"
traced plan "$spec" --profile default
isnt "$exit" 0 "a configuration file that is none"
rm "$HOME/.aws/config"
sed 's/"\${token}"/[ "${token}"/' "$spec" >"$T/broken.yaml" # its message shows the line it is in
said validate "$T/broken.yaml"
has_err 'API_TOKEN' "a fault beside the secret is shown with its line"

# What is left in AWS: everything but the model's own request.
(
    eval "$(printf '%s\n' "$admin" | sed "s/=\(.*\)/='\1'/; s/^/export /")"
    unset AWS_SESSION_TOKEN
    bucket=sagemaker-us-east-1-123456789012
    for key in $(call s3 ls "$bucket/canary"); do
        call s3 get "$bucket/$key" >"$T/saved/$(printf '%s' "$key" | tr / _)"
    done
    "$PYTHON" -I -S -c '
import json, sys
sys.path.insert(0, "tests/e2e")
import call
world = call.world()
found = [m["request"]["PrimaryContainer"].pop("Environment")["API_TOKEN"] for m in world["models"]]
assert found and all(text == sys.argv[1] for text in found), found
print(json.dumps(world))' "$value" >"$T/saved/world.json"
)
ok "the model itself was given the value" test -s "$T/saved/world.json"
ok "the record was looked at" test -s "$T/saved/canary_control_stack.json"
traced destroy "$spec" -auto-approve
is "$exit" 0 "teardown"

# Raw, and in the shapes that other code might give them.
for canary in "$secret" "$token" "$value" "$old"; do
    for shape in "$canary" "$(printf '%s' "$canary" | base64 -w0 | tr -d =)" \
        "$("$PYTHON" -c 'import sys,urllib.parse;print(urllib.parse.quote(sys.argv[1],safe=""))' "$canary")"; do
        is "$(grep -rlF -e "$shape" "$T/said" "$T/saved")" "" "nothing that was said or saved holds $(printf '%s' "$shape" | cut -c1-14)..."
    done
done
is "$("$PYTHON" tests/e2e/wire.py "$T/wire" --find "$secret")" "" "the secret key is never sent"
is "$("$PYTHON" tests/e2e/wire.py "$T/wire" --find "$token" | sort -u)" "header x-amz-security-token" "the token is sent in its header alone"
for canary in "$value" "$old"; do
    is "$("$PYTHON" tests/e2e/wire.py "$T/wire" --find "$canary" | sort -u)" "SageMaker.CreateModel" \
        "the environment's value is sent in CreateModel alone"
done
# The search itself finds what is there.
printf 'x%sx' "$value" >"$T/saved/probe"
is "$(grep -rlF -e "$value" "$T/said" "$T/saved")" "$T/saved/probe" "a planted canary is found"
kill "$wire"
done_testing
