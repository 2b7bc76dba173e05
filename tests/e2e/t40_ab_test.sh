#!/bin/sh
# examples/ab-test.yaml from apply to destroy: routes are sticky, a new split is one conditional PUT and moves only the keys that
# have to move, a shadow never shows, a hand's edit is seen, rollbacks work below routes; clients in three languages agree.
. tests/e2e/lib.sh
. tests/e2e/bad.sh

fast_local
bucket=sagemaker-us-east-1-123456789012
mkdir "$T/ab"
cp -r examples/data "$T/ab/data"
cp examples/ab-test.yaml "$T/ab/mme.yaml"
spec=$T/ab/mme.yaml
tail -n 3 examples/data/breast-cancer-validation.csv | cut -d, -f2- >"$T/rows.csv"

route() { # KEY
    "$MMECTL" route churn -f "$spec" --local --key "$1"
}

invoke() {
    run "$MMECTL" invoke "$spec" --local --route churn --data "$T/rows.csv" "$@"
}

record() {
    call s3 get "$bucket/ab-test/control/stack.json"
}

# field EXPRESSION: of the JSON on standard output, as d.
field() {
    "$PYTHON" -I -S -c "import json, sys; d = json.load(open(sys.argv[1])); print($1)" "$T/out"
}

mme plan "$spec"
has_out "^  \+ route 'churn': champion 90, challenger 10, shadow candidate$" "the first plan has the route"
mme apply "$spec"
is_exit 0 "apply"
as_planned "routes are not counted"
has_err "^route 'churn' published: " "it says what is published"
mme plan "$spec" -detailed-exitcode
is_exit 0 "then there is nothing to do"
lacks_out "route" "about routes, either"

# ---- the same key, the same model; in every language ----
record >"$T/before.json"
numbers="1 2 3 4 5 6 25 26 27 28 29 30 31 32 33 34 35 36 37 38 39 40 41 42"
: >"$T/mmectl.txt"
for i in $numbers; do
    route "customer-$i" >>"$T/mmectl.txt"
done
is "$(for i in $numbers; do route "customer-$i"; done)" "$(cat "$T/mmectl.txt")" "the same key gets the same model"
is "$(cut -d- -f1 "$T/mmectl.txt" | sort -u | tr '\n' ' ')" "challenger champion " "and among twenty-four keys are both"
is "$(PYTHONDONTWRITEBYTECODE=1 "$PYTHON" -c 'import sys
sys.path.insert(0, "examples/clients")
from mme_client import Stack
stack = Stack(open(sys.argv[1]).read())
for i in sys.argv[2].split():
    print(stack.resolve("churn", "customer-" + i).target_model)' "$T/before.json" "$numbers")" "$(cat "$T/mmectl.txt")" "the Python client agrees"
if command -v node >/dev/null 2>&1 || tests/harness/apt.sh nodejs >"$T/apt.log" 2>&1; then
    is "$(for i in $numbers; do node examples/clients/mme_client.mjs churn "customer-$i" <"$T/before.json"; done)" \
        "$(cat "$T/mmectl.txt")" "the JavaScript client agrees"
else
    skip "the JavaScript client agrees" "there is no node, and apt cannot install nodejs: $(tail -n 1 "$T/apt.log")"
fi
champions= challengers=
for i in $numbers; do
    case $(route "customer-$i") in
    champion*) champions=customer-$i ;;
    *) challengers=customer-$i ;;
    esac
done
is "$("$MMECTL" route champion -f "$spec" --local --key any)" "$(route "$champions")" "a model's name needs no key, and takes one"
run "$MMECTL" route churn -f "$spec" --local
is_exit 64 "a route needs a key"
has_err "^Error: route 'churn' needs a key" "it says so"
run "$MMECTL" route churns -f "$spec" --local --key 1
is_exit 1 "an unknown name"
run "$MMECTL" route churn -f "$spec" --local --key "$challengers" -json
is "$(field '[d["stacks"][0][k] for k in ("route", "key", "model")], d["stacks"][0]["shadow"]["model"]')" \
    "['churn', '$challengers', 'challenger'] candidate" "route -json says who answers, and who is the shadow"

# ---- calls ----
invoke --key "$challengers"
is_exit 0 "invoke --route"
is "$(tr '\n' ' ' <"$T/out")" "$(predict "$spec" challenger)" "the challenger answers, and the shadow does not show"
invoke --key "$champions" -v
is "$(tr '\n' ' ' <"$T/out")" "$(predict "$spec" champion)" "the champion answers another key"
has_err "^model champion, TargetModel champion--" "-v says which model answered"
has_err "^shadow candidate: another answer, by up to [0-9.e-]+, in [0-9.]+ ms" "and how the shadow differs"
invoke --key "$champions" -json
is "$(field 'sorted(d["stacks"][0]["shadow"]), d["stacks"][0]["model"], d["stacks"][0]["shadow"]["same"], 0 < d["stacks"][0]["shadow"]["max_abs_difference"] < 1')" \
    "['max_abs_difference', 'milliseconds', 'model', 'same', 'status', 'target_model', 'version'] champion False True" "-json, too"
invoke
is_exit 64 "invoke --route needs a key"
invoke --key 1 --model champion
is_exit 64 "and goes without --model"
run "$MMECTL" invoke "$spec" --local --route champion --key 1 --data "$T/rows.csv"
is_exit 1 "a model is no route"
has_err "^hint: it is a model" "it says so"
run "$MMECTL" test "$spec" --local --route churn --calls 2 --data "$T/rows.csv"
is_exit 0 "test --route"
has_out "^Route churn: shares over 100000 keys" "counts keys"
has_out "^champion +ok +90 +90\.00 +(89\.[5-9]|90\.[0-4])" "the champion gets its share"
has_out "^candidate +ok " "and the shadow is called, too"
run "$MMECTL" test "$spec" --local --route none
is_exit 1 "of a route that is not there"
PYTHONDONTWRITEBYTECODE=1 "$PYTHON" -c 'import os, sys
sys.path.insert(0, "examples/clients")
from mme_client import Client
seen = []
client = Client(sys.argv[1], "ab-test", region_name="us-east-1", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
rows = open(sys.argv[2], "rb").read()
first = client.invoke("churn", rows, key=sys.argv[3], on_shadow=lambda a, b: seen.append(b))
client._max_age = 0
again = client.invoke("churn", rows, key=sys.argv[3])
print(first.model, first.body == again.body, again.shadow, seen[0].model, seen[0].body != first.body)
print(first.body.decode().replace("\n", " ") + "|")' "$bucket" "$T/rows.csv" "$challengers" >"$T/client.txt" 2>&1
is "$(head -n 1 "$T/client.txt")" "challenger True None candidate True" "the Python client calls the endpoint"
is "$(tail -n 1 "$T/client.txt")" "$(predict "$spec" challenger)|" "and gets the same answer"

# ---- another split ----
edit "$spec" 's/champion: 90, challenger: 10/champion: 80, challenger: 20/'
mme plan "$spec" -detailed-exitcode
is_exit 2 "another split is a difference"
has_out "^  ~ route 'churn': champion 90 -> 80, challenger 10 -> 20$" "the plan says which"
has_out "^Plan: 0 to add, 0 to change, 0 to destroy\.$" "of no thing on AWS"
has_out "only the stack's record" "but of the record"
run "$MMECTL" plan "$spec" --local -json
is "$(field 'd["mmectl"]["routes"][0]["actions"], d["mmectl"]["routes"][0]["after"]["split"], d["resource_changes"]')" \
    "['update'] {'champion': 80, 'challenger': 20} []" "-json says it"
run "$MMECTL" plan "$spec" --local -format=markdown
has_out "^\* \`~ route 'churn': champion 90 -> 80, challenger 10 -> 20\`$" "Markdown, too"
run "$MMECTL" plan "$spec" --local -out="$T/plan"
record | sed 's/"champion": 90/"champion": 85/' >"$T/edited.json"
call s3 put "$bucket/ab-test/control/stack.json" "$T/edited.json"
run "$MMECTL" apply "$T/plan" --local
is_exit 5 "a saved plan is of the split that it found"
has_err "not as in the saved plan: route 'churn'" "and says what differs"
others=$(things | grep -v control/)
mme apply "$spec"
is_exit 0 "apply"
is "$(grep -Ec '^> (PUT|DELETE) .*/ab-test/control/lease' "$T/trace") $(grep -Ec '^> PUT .*/ab-test/control/stack.json' "$T/trace") $(stat_of mutating)" \
    "2 1 3" "sends one PUT of the record, besides the lease"
is "$(grep -A 20 -E '^> PUT .*/ab-test/control/stack.json' "$T/trace" | grep -ci '^> if-match: ')" 1 "on the condition that it is the one that was read"
is "$(grep -Eic '^> x-amz-target: SageMaker\.(Create|Update|Delete|Add|Stop)' "$T/trace")" 0 "and changes nothing at SageMaker"
is "$(things | grep -v control/)" "$others" "nor anywhere else"
record >"$T/after.json"
is "$(PYTHONDONTWRITEBYTECODE=1 "$PYTHON" -c 'import sys
sys.path.insert(0, "examples/clients")
from mme_client import Stack
before, after = (Stack(open(name).read()) for name in sys.argv[1:])
keys = [str(i) for i in range(20000)]
moves = [(before.pick("churn", key), after.pick("churn", key)) for key in keys]
moved = [pair for pair in moves if pair[0] != pair[1]]
print(set(moved), 0.09 < len(moved) / len(keys) < 0.11)' "$T/before.json" "$T/after.json")" \
    "{('champion', 'challenger')} True" "one key in ten moves to the challenger, and none back"
run "$MMECTL" status "$spec" --local
has_out "^churn +champion 80, challenger 20 +candidate$" "status shows it"
run "$MMECTL" status "$spec" --local -json
is "$(field 'd["stacks"][0]["routes"]')" "[{'name': 'churn', 'split': {'champion': 80, 'challenger': 20}, 'shadow': 'candidate'}]" "-json, too"

# ---- a hand in the record ----
record | sed 's/"champion": 80/"champion": 1/' >"$T/edited.json"
call s3 put "$bucket/ab-test/control/stack.json" "$T/edited.json"
mme plan "$spec" -refresh-only -detailed-exitcode
is_exit 2 "a hand's edit is drift"
has_out "route 'churn': champion 1 -> 80, 1 unchanged \(what is there was changed outside of mmectl\)" "plan says so"
mme apply "$spec"
is_exit 0 "apply writes it back"
mme plan "$spec" -detailed-exitcode
is_exit 0 "and that was all"

# ---- below the route: versions ----
v1=$("$MMECTL" route champion -f "$spec" --local)
edit "$spec" 's/num_round: 50, max_depth: 4/num_round: 51, max_depth: 4/'
mme apply "$spec"
v2=$("$MMECTL" route champion -f "$spec" --local)
isnt "$v2" "$v1" "a model is trained anew"
is "$(route "$champions")" "$v2" "and the route gives its new version"
mme apply "$spec"
run "$MMECTL" rollback champion -f "$spec" --local -auto-approve
is_exit 0 "rollback"
is "$(route "$champions")" "$v1" "the route gives the old one"
run "$MMECTL" resume champion -f "$spec" --local
mme apply "$spec"
is "$(route "$champions")" "$v2" "and after resume the new one"

# ---- a shadow that cannot answer ----
edit "$spec" 's/max_depth: 8/max_depth: 9/'
mme apply "$spec"
is_exit 0 "another candidate"
call s3 rm "$bucket/ab-test/models/$("$MMECTL" route candidate -f "$spec" --local)"
invoke --key "$champions" -v
is_exit 0 "a shadow that fails fails nothing"
is "$(tr '\n' ' ' <"$T/out")" "$(predict "$spec" champion)" "the answer is the champion's"
has_err "^shadow candidate: failed: " "-v says that it failed"
invoke --key "$champions" -json
is_exit 0 "nor with -json"
is "$(field 'sorted(d["stacks"][0]["shadow"])')" "['error', 'model', 'target_model', 'version']" "which has the error"
mme apply "$spec"

# ---- a model goes, and a route ----
before=$(things)
cp "$spec" "$T/keep.yaml"
edit "$spec" '/- name: challenger$/,/hyperparameters:/d'
mme apply "$spec" -auto-approve
refused "a model that a route still names cannot go" 1 "route 'churn' names model 'challenger', which the spec has not" "$spec:[0-9]+:[0-9]+" ".*out of the route.*"
edit "$spec" 's/champion: 80, challenger: 20/champion: 1/'
mme plan "$spec"
has_out "^  ~ route 'churn': champion 80 -> 1, challenger 20 -> 0$" "out of both it can"
mme apply "$spec"
is_exit 0 "apply"
is "$(route "$challengers")" "$("$MMECTL" route champion -f "$spec" --local)" "the champion answers all keys"
edit "$spec" '/^  routes:/,/^ *shadow:/d'
mme plan "$spec"
has_out "^  - route 'churn': champion 1, shadow candidate$" "a route goes"
mme apply "$spec"
is_exit 0 "apply"
run "$MMECTL" route churn -f "$spec" --local --key 1
is_exit 1 "it is gone"
mme destroy "$spec"
is_exit 0 "destroy"
is "$(count_things '/ab-test/')" 0 "leaves nothing"
done_testing
