#!/bin/sh
# Where specs come from: a file, several, a folder, several documents in one, standard input; and variables.
. tests/e2e/lib.sh

fast_local

# A spec of one model that is trained here, NAME.
small() {
    cat <<EOS
apiVersion: mmectl/v1
kind: MultiModelEndpoint
metadata: {name: $1}
variables: {eta: "0.3", size: ml.m5.large}
spec:
  region: us-east-1
  role: arn:aws:iam::123456789012:role/SageMakerExecutionRole
  training:
    backend: local
    channels: {train: {source: $PWD/examples/data/breast-cancer-train.csv, contentType: text/csv}}
    hyperparameters: {objective: "binary:logistic", num_round: 3}
  models:
    - {name: only, hyperparameters: {eta: "\${eta}"}}
  endpoint:
    instance: {type: "\${size}", count: 1}
EOS
}

serves() { # NAME...: exactly these endpoints exist
    is "$(things | sed -n 's/^endpoint \([^ ]*\) InService .*/\1/p' | tr '\n' ' ')" "$* " "endpoints: $*"
}

# ---- several documents in one file ----
{
    small one
    echo ---
    small two
} >"$T/both.yaml"
mme plan "$T/both.yaml" -detailed-exitcode
is_exit 2 "plan of two documents"
is "$(grep -c '^Plan: ' "$T/out")" 2 "prints a plan for each"
mme apply "$T/both.yaml"
is_exit 0 "apply of two documents"
is "$(grep -c '^Apply complete!' "$T/out")" 2 "does both"
serves one two
mme plan "$T/both.yaml" -json
is "$("$PYTHON" -I -S -c 'import json, sys; print([p["mmectl"]["stack"] for p in json.load(sys.stdin)])' <"$T/out")" "['one', 'two']" \
    "plan -json of two is one document"

# ---- a folder, files, -f ----
mkdir "$T/folder"
small one >"$T/folder/a.yaml"
small three >"$T/folder/b.yml"
echo 'not a spec' >"$T/folder/notes.txt"
mme apply "$T/folder"
is_exit 0 "apply of a folder"
serves one three two
small four >"$T/four.yaml"
mme apply "$T/folder/a.yaml" "$T/four.yaml"
is_exit 0 "apply of two files"
serves four one three two
run "$MMECTL" plan --local -f "$T/four.yaml" -f "$T/folder" -detailed-exitcode
is_exit 0 "plan with -f, twice"
is "$(grep -c '^No changes\.' "$T/out")" 3 "looks at all three stacks"

# ---- standard input ----
small four | "$MMECTL" plan - --local -detailed-exitcode >"$T/out" 2>"$T/err"
is "$?" 0 "plan of standard input"
has_out '^No changes\.' "finds the stack"
small five | "$MMECTL" apply - --local -auto-approve >"$T/out" 2>"$T/err"
is "$?" 0 "apply of standard input"
serves five four one three two

# ---- ./mme.yaml ----
small four >"$T/mme.yaml"
(cd "$T" && "$MMECTL" plan --local -detailed-exitcode >"$T/out" 2>"$T/err")
is "$?" 0 "plan without SPEC takes ./mme.yaml"

# ---- one of several fails: the others are done, and the exit status is the worst ----
sed 's/name: one/name: six/' "$T/folder/a.yaml" >"$T/folder/c.yaml"
fault '{"operation": "CreateEndpointConfig", "kind": "error", "name": "three-", "status": 400, "code": "ValidationException", "message": "no", "times": 0}'
mme apply "$T/folder" --set eta=0.35 --set size=ml.c5.large
is_exit 3 "one of three stacks is done in part"
has_err '^Error: .*aws_sagemaker_endpoint_configuration' "and says which part"
is "$(grep -c '^Apply complete!' "$T/out")" 2 "the other two are done"
serves five four one six three two
call nofaults

# ---- variables ----
mme plan "$T/four.yaml" --set eta=0.5
has_out '# aws_s3_object.model\["only"\] will be created' "--set changes a model"
run env MMECTL_VAR_eta=0.5 "$MMECTL" plan "$T/four.yaml" --local -detailed-exitcode
is_exit 2 "so does MMECTL_VAR_eta"
run env MMECTL_VAR_eta=0.5 "$MMECTL" plan "$T/four.yaml" --local --set eta=0.3 -detailed-exitcode
is_exit 0 "--set wins over the environment"
mme plan "$T/four.yaml" --set size=ml.c5.xlarge
has_out 'ml\.c5\.xlarge' "--set reaches the endpoint"
run "$MMECTL" plan "$T/four.yaml" --local --set nothing=1
is_exit 1 "a variable that the spec does not declare is an error"
has_err "nothing" "by name"

# ---- the same stack twice ----
before=$(things)
mme destroy "$T/folder" "$T/both.yaml"
is_exit 1 "one stack in two files is refused"
has_err "^Error: stack 'one' is defined twice, first at .*/folder/a\.yaml:" "with the place of the first"
same_things "before anything is done" "$before"

# ---- destroy of several ----
mme destroy "$T/both.yaml"
is_exit 0 "destroy of two documents"
is "$(grep -c '^Destroy complete!' "$T/out")" 2 "does both"
serves five four six three
done_testing
