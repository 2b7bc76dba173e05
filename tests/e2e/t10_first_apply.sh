#!/bin/sh
# Plan, apply, and apply again: everything is planned before it is done, and done once.
# fast
. tests/e2e/lib.sh

fast_local
spec=$(copy_demo first)
before=$(things)

mme plan "$spec"
is_exit 0 "plan"
has_out '^Plan: 16 to add, 0 to change, 0 to destroy\.$' "16 things are to be made"
is "$(stat_of mutating)" 0 "plan sends nothing that changes"
same_things "plan changes nothing" "$before"
mme plan "$spec" -detailed-exitcode
is_exit 2 "-detailed-exitcode tells that there is something to do"

mme apply "$spec"
is_exit 0 "apply"
has_out '^Apply complete! Resources: 16 added, 0 changed, 0 destroyed\.$' "16 things were made"
is "$(sent CreateTrainingJob)" 5 "five jobs were started"
is "$(sent 'Create(Model|EndpointConfig|Endpoint)')" 0 "sent takes names, not patterns"
is "$(sent CreateModel) $(sent CreateEndpointConfig) $(sent CreateEndpoint)" "1 1 1" "and one of each of the rest"
is "$(count_things '^training-job .* Completed')" 5 "five jobs are completed"
is "$(count_things '/models/[0-9a-f]{10}/model_[a-z]+\.tar\.gz')" 5 "five artifacts are under the generation"
is "$(count_things '^endpoint first InService ')" 1 "the endpoint serves"

after=$(things)
mme apply "$spec"
is_exit 0 "apply again"
is "$(stat_of mutating)" 0 "apply again sends nothing that changes"
has_out '^No changes\. Your infrastructure matches the configuration\.$'
lacks_out '^  # ' "and shows no change"
is "$(tail -n 1 "$T/out")" "Apply complete! Resources: 0 added, 0 changed, 0 destroyed." "and says that nothing was done"
same_things "and nothing has changed" "$after"

mme plan "$spec" -detailed-exitcode
is_exit 0 "-detailed-exitcode tells that there is nothing to do"
is "$(stat_of mutating)" 0 "without a mutating request"
edit "$spec" 's/eta: 0\.4/eta: 0.35/'
mme plan "$spec" -detailed-exitcode
is_exit 2 "and tells a difference"
same_things "a plan with a difference changes nothing either" "$after"

# No local file counts: another home, the same world, the same plan.
edit "$spec" 's/eta: 0\.35/eta: 0.4/'
mkdir "$T/elsewhere"
run env MMECTL_HOME="$T/elsewhere" "$MMECTL" plan "$spec" -detailed-exitcode
is_exit 0 "a machine that has never seen the stack finds no difference"
done_testing
