#!/bin/sh
# backend: local trains the same models without training jobs, and switching backends trains nothing again.
. tests/e2e/lib.sh

fast_local
there=$(copy_demo there)
here=$(copy_demo here)
edit "$here" 's/backend: sagemaker.*/backend: local/'
mme apply "$there"
is_exit 0 "apply with training jobs"

mme plan "$here"
has_out '^Plan: 8 to add, 0 to change, 0 to destroy\.$' "no jobs and no uploads of data are planned"
mme apply "$here"
is_exit 0 "apply with backend: local"
is "$(sent CreateTrainingJob)" 0 "no training job"
is "$(count_things '^training-job here') $(count_things '/here/(data|training)/')" "0 0" "nothing of one either"
for model in conservative balanced aggressive deep fast; do
    is "$(predict "$here" "model_$model")" "$(predict "$there" "model_$model")" "model_$model predicts the same"
done
mme apply "$here"
is "$(stat_of mutating)" 0 "apply again changes nothing"

# What a model is does not depend on where it was trained.
before=$(things | grep -E '/models/|^endpoint|^model ')
edit "$there" 's/backend: sagemaker.*/backend: local/'
mme apply "$there"
is_exit 0 "switch to backend: local"
lacks_out 'training' "nothing is trained again"
is "$(sent UpdateEndpoint)" 0 "nothing rolls"
same_things "models and endpoint are the same" "$before" '/models/|^endpoint|^model '
edit "$here" 's/backend: local/backend: sagemaker/'
mme apply "$here"
is_exit 0 "switch to backend: sagemaker"
is "$(sent CreateTrainingJob) $(sent UpdateEndpoint)" "0 0" "nothing is trained again either"
mme plan "$here" -detailed-exitcode
is_exit 0 "nothing is left to do"
done_testing
