#!/bin/sh
# A new variant is trained and put beside the others: none of them is touched, nothing rolls.
# fast
. tests/e2e/lib.sh

fast_local
spec=$(copy_demo more)
drop_model "$spec" model_deep
mme apply "$spec"
is_exit 0 "apply four"
before=$(things | grep -v -e /control/ -e ^log-group)

edit "$spec" '/^  endpoint:/i\    - {name: model_new, hyperparameters: {num_round: 10, max_depth: 3, eta: 0.5}}'
mme plan "$spec"
has_out '^Plan: 2 to add, 0 to change, 0 to destroy\.$' "a job and an artifact are to be made"
mme apply "$spec"
is_exit 0 "apply with one more"
has_out '^Apply complete! Resources: 2 added, 0 changed, 0 destroyed\.$'
is "$(sent CreateTrainingJob) $(sent UpdateEndpoint) $(sent CreateModel)" "1 0 0" "one job, no roll"
things | grep -v -e /control/ -e ^log-group >"$T/after"
printf '%s\n' "$before" >"$T/before"
is "$(comm -23 "$T/before" "$T/after")" "" "nothing of what was there has changed"
is "$(comm -13 "$T/before" "$T/after" | cut -d' ' -f1 | tr '\n' ' ')" "object object training-job " \
    "what is new is a job, its output and an artifact"
run "$MMECTL" route --local -f "$spec" model_new
is "$(cat "$T/out")" "model_new.tar.gz" "it has a TargetModel"
tail -n 1 examples/data/breast-cancer-validation.csv | cut -d, -f2- >"$T/row.csv"
ok "the endpoint answers for it" call invoke more model_new.tar.gz "$T/row.csv"
mme plan "$spec" -detailed-exitcode
is_exit 0 "nothing is left to do"
done_testing
