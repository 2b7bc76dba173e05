#!/bin/sh
# stable mode: one changed model trains once, and the endpoint rolls once to a new generation; the old one serves until then.
. tests/e2e/lib.sh

# Long enough to call the endpoint while it is being updated.
start_local --delay all=0 --delay endpoint_updating_ms=1500
spec=$(copy_demo roll)
mme apply "$spec"
is_exit 0 "apply"
old=$(predict "$spec" model_fast)
kept=$(predict "$spec" model_deep)
generation=$(things | sed -n 's|.*/models/\([0-9a-f]\{10\}\)/model_fast.*|\1|p')
config=$(things | sed -n 's/^endpoint roll InService \([^ ]*\) .*/\1/p')
model=$(things | sed -n 's/^model \([^ ]*\) .*/\1/p')

edit "$spec" 's/eta: 0\.4/eta: 0.05/'
mme plan "$spec"
has_out '^Plan: 4 to add, 5 to change, 3 to destroy\.$' "the plan counts job, artifact, model, config and four copies"
has_out "endpoint 'roll' rolls once to new instances.*5 artifacts copied server-side" "the plan says that the endpoint rolls, and what is copied"
has_out '# aws_sagemaker_training_job.model\["model_fast"\] will be created' "one job is planned"
lacks_out 'training_job.model\["model_(deep|balanced|aggressive|conservative)"\]' "and no other"

rm -f "$T/trace"
"$MMECTL" apply "$spec" --local -auto-approve --trace="$T/trace" >"$T/bg.out" 2>"$T/bg.err" &
apply=$!
tries=0
until call sm DescribeEndpoint '{"EndpointName": "roll"}' | grep -q '"Updating"'; do
    tries=$((tries + 1))
    [ "$tries" -lt 400 ] || bail "the endpoint was never Updating"
done
during=$(call invoke roll model_fast.tar.gz "$T/rows.csv" | tr '\n' ' ')
still=$(call sm DescribeEndpoint '{"EndpointName": "roll"}' | grep -c '"Updating"')
wait "$apply"
is "$?" 0 "apply of the change"
cp "$T/bg.out" "$T/out"
cp "$T/bg.err" "$T/err"
is "$still" 1 "the call was answered while the endpoint was Updating"
is "$during" "$old" "and with the old generation's prediction"
as_planned "the change"
is "$(sent CreateTrainingJob)" 1 "exactly one job was started"
is "$(sent UpdateEndpoint)" 1 "the endpoint was updated once"
is "$(sent CreateEndpoint) $(sent DeleteEndpoint)" "0 0" "and neither made nor deleted"

isnt "$(predict "$spec" model_fast)" "$old" "the changed model answers differently now"
is "$(predict "$spec" model_deep)" "$kept" "an unchanged one does not"
is "$(count_things "/models/$generation/")" 0 "the old generation's objects are gone"
is "$(count_things '/models/[0-9a-f]{10}/model_[a-z]+\.tar\.gz')" 5 "the new one has all five"
is "$(count_things "$config")" 0 "the old config is gone"
is "$(count_things "^model $model ")" 0 "the old model is gone"
is "$(count_things '^endpoint-config ') $(count_things '^model ')" "1 1" "one of each is left"
mme plan "$spec" -detailed-exitcode
is_exit 0 "nothing is left to do"

# Back to what it was: the job is known and trained no second time.
edit "$spec" 's/eta: 0\.05/eta: 0.4/'
mme apply "$spec"
is_exit 0 "back to the first value"
is "$(sent CreateTrainingJob) $(sent UpdateEndpoint)" "0 1" "its finished job is used again; the endpoint rolls"
is "$(predict "$spec" model_fast)" "$old" "and the first prediction is back"
done_testing
