#!/bin/sh
# plan -refresh-only: what changed outside of mmectl, and nothing else; a plan says it, too.
. tests/e2e/lib.sh

fast_local
spec=$(copy_demo outside)
mme plan "$spec" -refresh-only -detailed-exitcode
is_exit 0 "nothing was there, nothing has changed"
mme apply "$spec"
home=sagemaker-us-east-1-123456789012/outside
mme plan "$spec" -refresh-only -detailed-exitcode
is_exit 0 "nothing has changed"
has_out '^No changes\. Your infrastructure still matches the configuration\.$' "as Terraform says it"

edit "$spec" 's/eta: 0\.4/eta: 0.04/'
mme plan "$spec" -refresh-only -detailed-exitcode
is_exit 0 "a changed spec is no change outside"
mme plan "$spec" -detailed-exitcode
is_exit 2 "though it is one to apply"
lacks_out '^Note: Objects have changed outside' "and the plan does not blame anybody"

call s3 rm "sagemaker-us-east-1-123456789012/$(call s3 ls "$home/models/" | grep model_deep)"
call sm DeleteEndpoint '{"EndpointName": "outside"}' >/dev/null
before=$(things)
mme plan "$spec" -refresh-only -detailed-exitcode
is_exit 2 "two things are gone"
has_out '^Note: Objects have changed outside of mmectl$' "with the line that tools look for"
has_out '^  # aws_s3_object.model\["model_deep"\] has been deleted$' "the artifact"
has_out '^  # aws_sagemaker_endpoint.this has been deleted$' "the endpoint"
lacks_out 'will be|must be|^Plan: ' "and proposes nothing"
is "$(stat_of mutating)" 0 "nor does anything"
mme plan "$spec" -refresh-only -json
is "$("$PYTHON" -I -S -c 'import json, sys
d = json.load(open(sys.argv[1]))
print(d["resource_changes"], d["applyable"], [(c["address"], c["change"]["actions"]) for c in d["resource_drift"]])' "$T/out")" \
    "[] False [('aws_s3_object.model[\"model_deep\"]', ['delete']), ('aws_sagemaker_endpoint.this', ['delete'])]" "in JSON: drift alone"
mme plan "$spec"
has_out '^Note: Objects have changed outside of mmectl$' "a plan says both: what changed"
has_out '^Plan: ' "and what to do about it"
for option in -destroy -out=x -replace=aws_sagemaker_endpoint.this; do
    mme plan "$spec" -refresh-only $option
    is_exit 64 "-refresh-only goes without $option"
done
same_things "no plan changed anything" "$before"
mme apply "$spec"
is_exit 0 "apply puts it right"
mme plan "$spec" -refresh-only -detailed-exitcode
is_exit 0 "and there is no difference"
done_testing
