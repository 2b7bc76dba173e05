#!/bin/sh
# Routes with targetModels: stable: the TargetModels stay what they were, a split changes without a roll, and a new model comes into a
# route with the generation that publishes it, never before.
. tests/e2e/lib.sh

fast_local
mkdir "$T/st"
cp -r examples/data "$T/st/data"
spec=$T/st/mme.yaml
sed 's/targetModels: versioned/targetModels: stable   /; s/name: ab-test/name: st/; s/backend: local .*/backend: sagemaker\n    instance: {type: ml.m5.large}/' examples/ab-test.yaml >"$spec"
record=sagemaker-us-east-1-123456789012/st/control/stack.json

split() {
    call s3 get "$record" | jq -c '.routes.churn.split'
}

mme apply "$spec"
is_exit 0 "apply"
is "$("$MMECTL" route churn -f "$spec" --local --key customer-31) $("$MMECTL" route churn -f "$spec" --local --key customer-1)" \
    "challenger.tar.gz champion.tar.gz" "a route gives stable TargetModels"
tail -n 3 examples/data/breast-cancer-validation.csv | cut -d, -f2- >"$T/rows.csv"
run "$MMECTL" invoke "$spec" --local --route churn --key customer-31 --data "$T/rows.csv"
is "$(tr '\n' ' ' <"$T/out")" "$(predict "$spec" challenger)" "and they answer"

edit "$spec" 's/champion: 90, challenger: 10/champion: 1, challenger: 1/'
others=$(things | grep -v control/)
mme apply "$spec"
is_exit 0 "another split"
is "$(grep -Ec '^> PUT .*/control/stack.json' "$T/trace") $(stat_of mutating) $(sent UpdateEndpoint)" "1 3 0" "one PUT besides the lease, and no roll"
is "$(things | grep -v control/)" "$others" "nothing else changes"

# ---- a model that cannot be made does not come into a route ----
edit "$spec" 's/^  routes:/    - name: late\n      hyperparameters: {num_round: 10, max_depth: 4, eta: 0.2}\n\n&/; s/challenger: 1}/challenger: 1, late: 1}/'
mme plan "$spec"
has_out "^  ~ route 'churn': late 0 -> 1, 2 unchanged$" "a new model comes into the route"
fault '{"operation": "CreateTrainingJob", "kind": "fail", "name": "'"$(job_of "$spec" late)"'", "times": 0, "reason": "AlgorithmError: framework error"}'
mme apply "$spec"
is_exit 1 "it cannot be trained"
is "$(split)" '{"champion":1,"challenger":1}' "so the route stays as it was"
mme plan "$spec"
has_out "^Note: route 'churn' stays as it is until model 'late' is published$" "the plan says why"
call nofaults

# ---- nor with a roll that SageMaker takes back ----
edit "$spec" 's/eta: 0\.2}/eta: 0.21}/g'
fault '{"operation": "UpdateEndpoint", "kind": "rollback", "times": 0, "reason": "no ping"}'
mme apply "$spec"
is_exit 7 "the roll fails"
is "$(split)" '{"champion":1,"challenger":1}' "the route stays as it was"
mme plan "$spec"
has_out "^Note: route 'churn' stays as it is until model 'late' is published$" "and the plan says why"
call nofaults
mme apply "$spec" --retry-failed
is_exit 0 "then it goes through"
has_err "^route 'churn' changed: late 0 -> 1" "it says that the route moved"
is "$(split)" '{"champion":1,"challenger":1,"late":1}' "with all its models"
mme plan "$spec" -detailed-exitcode
is_exit 0 "nothing is left to do"

# ---- rollback below the route ----
run "$MMECTL" rollback champion -f "$spec" --local -auto-approve
is_exit 0 "rollback"
is "$(split)" '{"champion":1,"challenger":1,"late":1}' "leaves the route alone"
mme destroy "$spec"
is_exit 0 "destroy"
done_testing
