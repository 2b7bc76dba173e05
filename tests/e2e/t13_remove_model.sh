#!/bin/sh
# Taking a variant out of the spec deletes exactly its artifact; nothing rolls. Putting it back adds it again.
# fast
. tests/e2e/lib.sh

fast_local
spec=$(copy_demo gone)
mme apply "$spec"
is_exit 0 "apply"
old=$(predict "$spec" model_deep)
fast=$(predict "$spec" model_fast)
others=$(things | grep -v -e '/models/.*/model_deep\.tar\.gz' -e /control/)

cp "$spec" "$T/whole.yaml"
drop_model "$spec" model_deep
mme plan "$spec"
has_out '^Plan: 0 to add, 0 to change, 1 to destroy\.$' "one thing is to be deleted"
has_out '# aws_s3_object.model\["model_deep"\] will be destroyed' "its artifact"
has_out 'instances that have it loaded answer on for a while' "the plan says what clients will see"
mme apply "$spec"
is_exit 0 "apply without it"
has_out '^Apply complete! Resources: 0 added, 0 changed, 1 destroyed\.$'
is "$(sent UpdateEndpoint) $(sent CreateModel) $(sent CreateTrainingJob)" "0 0 0" "nothing rolls, nothing is trained"
is "$(count_things '/models/.*/model_deep\.tar\.gz')" 0 "its artifact is gone"
same_things "and nothing else has changed" "$others" '^[^ ]* [^ ]*/(data|models|training)/|^(endpoint|endpoint-config|model|training-job|bucket) '
run "$MMECTL" route --local -f "$spec" model_deep
is_exit 1 "it has no TargetModel any more"
mme plan "$spec" -detailed-exitcode
is_exit 0 "nothing is left to do"

# The same content comes back: added in place, from the job that is still there.
cp "$T/whole.yaml" "$T/gone/mme.yaml"
mme apply "$spec"
is_exit 0 "apply with it again"
has_out '^Apply complete! Resources: 1 added, 0 changed, 0 destroyed\.$'
is "$(sent UpdateEndpoint) $(sent CreateTrainingJob)" "0 0" "it is added in place and not trained"
is "$(predict "$spec" model_deep)" "$old" "and predicts as before"

# Other content under a name that was taken out: instances may still hold the old bytes, so that rolls.
drop_model "$spec" model_deep
mme apply "$spec"
is_exit 0 "out again"
cp "$T/whole.yaml" "$T/gone/mme.yaml"
edit "$spec" 's/max_depth: 8, eta: 0\.2/max_depth: 8, eta: 0.02/'
mme apply "$spec"
is_exit 0 "back with other content"
is "$(sent UpdateEndpoint) $(sent CreateTrainingJob)" "1 1" "that is trained and rolls"
isnt "$(predict "$spec" model_deep)" "$old" "and answers with the new content"
is "$(predict "$spec" model_fast)" "$fast" "while the others answer as before"
done_testing
