#!/bin/sh
# Two regions under the one policy that `mmectl iam-policy` prints for their spec: what is copied between them needs no more.
. tests/e2e/lib.sh

start_local --delay all=0
mkdir "$T/r"
cp -r examples/data "$T/r/data"
cp examples/regional.yaml "$T/r/mme.yaml"
spec=$T/r/mme.yaml
edit "$spec" 's/backend: local .*/backend: sagemaker\n    instance: {type: ml.m5.large, count: 1}/'
admin=$(env | sed -n "s/^\(AWS_[A-Z_]*\)=\(.*\)/export \1='\2'/p")
as_admin() { (unset AWS_SESSION_TOKEN && eval "$admin" && "$@"); }

"$MMECTL" iam-policy "$spec" >"$T/policy.json" || bail "iam-policy"
"$PYTHON" -I -S -c '
import json, sys
print(json.dumps({"access_key": "ASIATWO", "secret_key": "secret", "session_token": "token",
                  "policy": json.load(open(sys.argv[1]))}))' "$T/policy.json" >"$T/key"
call key "$(cat "$T/key")" >/dev/null || bail "adding a key"
export AWS_ACCESS_KEY_ID=ASIATWO AWS_SECRET_ACCESS_KEY=secret AWS_SESSION_TOKEN=token
unset AWS_REGION AWS_DEFAULT_REGION

run "$MMECTL" apply "$spec" --region us-east-1 -auto-approve
is_exit 0 "the first region"
run "$MMECTL" apply "$spec" -auto-approve
is_exit 0 "the second, with copies of what the first has"
has_out 'copied from us-east-1' "as planned"
edit "$spec" 's/max_depth: 4, eta: 0.2/max_depth: 3, eta: 0.2/'
run "$MMECTL" apply "$spec" -auto-approve
is_exit 0 "a change, trained in one and copied to the other"
has_out 'trained once, in us-east-1' "as planned"
run "$MMECTL" plan "$spec" -detailed-exitcode
is_exit 0 "and no difference"
run "$MMECTL" test "$spec" --calls 2
is_exit 0 "every model answers"
run "$MMECTL" destroy "$spec" -auto-approve
is_exit 0 "destroy"
as_admin call used ASIATWO >"$T/used" || bail "used"
is "$("$PYTHON" -I -S -c 'import json, sys
for one in json.load(open(sys.argv[1]))["used"]:
    if not one["allowed"]:
        print(one["action"], one["resource"])' "$T/used")" "" "nothing is denied"
done_testing
