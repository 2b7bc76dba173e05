#!/bin/sh
# The shell steps of examples/pipelines/*.yml, as they stand in the files, against the stand-in: a request is planned and
# commented on, merged and applied, a stale plan is refused, drift opens an issue, a cancelled apply ends in good order.
. tests/e2e/lib.sh

"$PYTHON" -c 'import yaml' 2>/dev/null || bail "python3-yaml is missing: make test-deps"
command -v jq >/dev/null || bail "jq is missing: make test-deps"
start_local --delay all=0 --delay endpoint_creating_ms=2500 # long enough to be cancelled in
plan_role=arn:aws:iam::123456789012:role/plan apply_role=arn:aws:iam::123456789012:role/apply
spec=$(copy_demo pipe)
drop_model "$spec" model_aggressive
drop_model "$spec" model_balanced
drop_model "$spec" model_deep

# role NAME ARN USE: a key as the role's session gets it, with the policy that the README says to give it.
role() {
    "$MMECTL" iam-policy "$spec" --for="$3" >"$T/policy.$1" || bail "iam-policy --for=$3"
    "$PYTHON" -I -S -c '
import json, sys
key = {"access_key": "ASIA" + sys.argv[1].upper(), "secret_key": "secret" + sys.argv[1], "session_token": "token" + sys.argv[1]}
key["policy"] = json.load(open(sys.argv[2]))
key["role_arn"] = sys.argv[3]
print(json.dumps(key))' "$1" "$T/policy.$1" "$2" >"$T/key.$1"
    call key "$(cat "$T/key.$1")" >/dev/null || bail "adding the key of $1"
}
role plan $plan_role plan
role apply $apply_role apply
admin=$(env | sed -n "s/^\(AWS_[A-Z_]*\)=\(.*\)/export \1='\2'/p")
as_admin() { (eval "$admin" && "$@"); }
unset AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY

mkdir "$T/bin"
for tool in gh curl git make apt-get; do
    ln -s "$PWD/tests/e2e/forge.py" "$T/bin/$tool"
done
root=$PWD

# forge: a new, empty GitHub or GitLab.
forge() {
    FORGE=$T/forge.$1
    export FORGE
    mkdir -p "$FORGE/installed" "$FORGE/artifacts"
    "$PYTHON" -I -S - "$FORGE" "$plan_role" "$apply_role" <<'EOF'
import json, sys
forge, plan, apply = sys.argv[1:]
keys = lambda name: {"AWS_ACCESS_KEY_ID": "ASIA" + name.upper(), "AWS_SECRET_ACCESS_KEY": "secret" + name,
                     "AWS_SESSION_TOKEN": "token" + name}
json.dump({"last": 100, "comments": [], "issues": [], "labels": [], "merges": {}, "runs": {},
           "roles": {plan: keys("plan"), apply: keys("apply")}}, open(forge + "/state.json", "w"))
EOF
}

# told JQ: something of what the forge was told.
told() { jq -r "$1" "$FORGE/state.json"; }
# happened JQ: something happens there without us.
happened() { jq "$1" "$FORGE/state.json" >"$FORGE/state.new" && mv "$FORGE/state.new" "$FORGE/state.json"; }

# job NAME EVENT RUN SHA: runs a job in a folder of its own; its words are in $T/out, its status in $exit.
job() {
    "$PYTHON" -I -S - "$service" "$2" "$3" "$4" "$T/context" "$FORGE" "$T/pipe" "$plan_role" "$apply_role" <<'EOF'
import base64, json, sys
service, event, run, sha, out, forge, repository, plan, apply = sys.argv[1:]
state = json.load(open(forge + "/state.json"))
part = lambda claims: base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
token = ".".join([part({"alg": "RS256"}), part({"iss": "https://gitlab.example", "aud": "https://gitlab.example",
                                                "sub": "project_path:team/models:ref_type:branch:ref:main"}), "c2ln"])
context = {"forge": forge, "repository": repository, "run": run, "roles": state["roles"], "token": token}
if service == "github":
    context["expressions"] = {
        "github.event_name": event, "github.repository": "team/models", "github.token": "forge-token",
        "github.event.pull_request.head.repo.full_name": "stranger/models" if sha == "fork" else "team/models",
        "github.event.pull_request.number": 12, "github.event.pull_request.head.sha": sha,
        "vars.MMECTL_REF": "v1", "vars.MMECTL_SOURCE": "https://git.example/mmectl.git",
        "vars.MMECTL_PLAN_ROLE": plan, "vars.MMECTL_APPLY_ROLE": apply, "env.AWS_REGION": "us-east-1"}
    context["environment"] = {"GITHUB_REPOSITORY": "team/models", "GITHUB_SHA": sha}
else:
    context["variables"] = {
        "CI_PIPELINE_SOURCE": event, "CI_COMMIT_SHA": sha, "CI_COMMIT_BRANCH": "main", "CI_DEFAULT_BRANCH": "main",
        "CI_API_V4_URL": "https://gitlab.example/api/v4", "CI_PROJECT_ID": "7", "CI_PIPELINE_ID": run,
        "CI_MERGE_REQUEST_IID": "12", "CI_SERVER_URL": "https://gitlab.example", "GITLAB_TOKEN": "forge-token",
        "MMECTL_REF": "v1", "MMECTL_SOURCE": "https://git.example/mmectl.git",
        "MMECTL_PLAN_ROLE": plan, "MMECTL_APPLY_ROLE": apply}
json.dump(context, open(out, "w"))
EOF
    work=$T/runner.$3/$1 # no two jobs run in the same place
    rm -rf "$work"
    mkdir -p "$work"
    ran="$service $1 on $2"
    (cd "$work" && PATH="$T/bin:$FORGE/installed:$PATH" exec "$PYTHON" "$root/tests/e2e/pipeline.py" "$service" "$root/$file" "$1" "$T/context") \
        >"$T/out" 2>"$T/err" </dev/null &
    job=$!
    [ "${background:-}" ] && return
    wait "$job"
    exit=$?
}

status_of() { as_admin call sm DescribeEndpoint '{"EndpointName":"pipe"}' 2>/dev/null | jq -r .EndpointStatus; }

whole_story() {
    service=$1 file=$2 request=$3 hand=$4
    forge "$service"
    job plan "$request" 1 sha1
    is_exit 0 "$service: a request is planned"
    is "$(told '.comments | length')" 1 "$service: with one comment"
    is "$(told '.comments[0].body' | grep -c '^<pre><code>Plan: 10 to add, 0 to change, 0 to destroy\.')" 1 "$service: that has the plan's summary"
    is "$(told '.comments[0].body' | sed -n 1p)" "<!-- mmectl plan mme.yaml -->" "$service: and starts with its mark"
    is "$(grep -c '^git clone' "$FORGE/calls")" 1 "$service: mmectl was cloned and built"

    edit "$spec" 's/num_round: 30/num_round: 31/'
    job plan "$request" 2 sha2
    is_exit 0 "$service: the next push is planned"
    is "$(told '[(.comments | length), .comments[0].edits] | join(" ")')" "1 1" "$service: in the same comment"
    is "$(told '.comments[0].body' | grep -c 'sha2')" 1 "$service: which names the new commit"
    is "$(grep -c '^git clone' "$FORGE/calls")" 1 "$service: mmectl came from the cache"
    is "$(as_admin call things | grep -c pipe)" 0 "$service: nothing was made by planning"

    job apply push 3 nobody
    is_exit 1 "$service: a commit that no request belongs to is not applied"
    has_out 'no plan belongs to nobody: run' "$service: and says what to do"
    happened '.merges = {"sha2": "merge2"} | .runs = {"1": "sha1", "2": "sha2"}'
    job apply push 3 merge2
    is_exit 0 "$service: the merge applies the plan"
    is "$(status_of)" InService "$service: the endpoint serves"
    is "$(grep -c '^Apply complete! Resources: 10 added' "$T/out")" 1 "$service: by what was planned"
    job apply push 3 merge2
    is_exit 5 "$service: the same plan again is stale"
    has_out 'the plan is stale, nothing was applied: run' "$service: and the job says what to do"

    job drift schedule 4 merge2
    is_exit 0 "$service: the night finds no drift"
    is "$(told '.issues | length')" 0 "$service: and opens no issue"
    as_admin call sm DeleteEndpoint '{"EndpointName":"pipe"}' >/dev/null || bail "drift"
    job drift schedule 5 merge2
    is_exit 0 "$service: the next night finds a difference"
    is "$(told '[.issues[] | select(.open)] | length')" 1 "$service: and opens an issue"
    is "$(told '.issues[0].body' | grep -c '^<pre><code>Plan: 1 to add')" 1 "$service: with the plan"
    job drift schedule 6 merge2
    is "$(told '[(.issues | length), .issues[0].edits] | join(" ")')" "1 1" "$service: the night after that updates it"

    # By hand, and cancelled in the middle of it.
    background=1
    job apply "$hand" 7 merge2
    background=
    tries=0
    until [ "$(status_of)" = Creating ]; do
        tries=$((tries + 1))
        [ "$tries" -lt 200 ] && kill -0 "$job" 2>/dev/null || break
    done
    is "$(status_of)" Creating "$service: an apply by hand makes the endpoint"
    kill -TERM "$job"
    wait "$job"
    exit=$?
    is_exit 143 "$service: a cancelled job ends with mmectl's own status"
    has_err 'shutting down' "$service: mmectl was told"
    job apply "$hand" 8 merge2
    is_exit 0 "$service: and the next one finishes it"
    is "$(status_of)" InService "$service: the endpoint serves again"
    job drift schedule 9 merge2
    is "$(told '.issues[0].open')" false "$service: the next night closes the issue"

    # Jobs run for their own events alone.
    for pair in "plan push" "plan schedule" "apply $request" "apply schedule" "drift push" "drift $request"; do
        job ${pair% *} "${pair#* }" 10 sha2
        is_exit 77 "$service: ${pair% *} does not run on ${pair#* }"
    done
    as_admin "$MMECTL" destroy "$spec" -auto-approve >/dev/null 2>&1 || bail "teardown"
    edit "$spec" 's/num_round: 31/num_round: 30/'
}

whole_story github examples/pipelines/github-actions.yml pull_request workflow_dispatch
job plan pull_request 11 fork
is_exit 77 "github: the request of a fork is not planned with the role"
"$PYTHON" - >"$T/out" 2>"$T/err" <<'EOF'
import yaml
jobs = yaml.safe_load(open("examples/pipelines/github-actions.yml"))["jobs"]
for name, job in jobs.items():
    assert job["permissions"]["contents"] == "read" and job["permissions"]["id-token"] == "write", name
    assert set(job["permissions"].values()) <= {"read", "write"}
writes = {name: sorted(k for k, v in job["permissions"].items() if v == "write") for name, job in jobs.items()}
assert writes == {"plan": ["id-token", "pull-requests"], "apply": ["id-token"], "drift": ["id-token", "issues"]}, writes
assert jobs["plan"]["concurrency"]["cancel-in-progress"] is True
assert jobs["apply"]["concurrency"]["cancel-in-progress"] is False
EOF
is $? 0 "github: each job may do what it does, and no more"
whole_story gitlab examples/pipelines/gitlab-ci.yml merge_request_event web
done_testing
