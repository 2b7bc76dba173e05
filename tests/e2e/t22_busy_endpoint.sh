#!/bin/sh
# An endpoint that is being changed when a command starts: plan looks at what is coming, apply and destroy wait.
. tests/e2e/lib.sh

start_local --delay all=0 --delay endpoint_creating_ms=1500 --delay endpoint_updating_ms=1500
spec=$(copy_demo busy)
edit "$spec" 's/backend: sagemaker/backend: local/'

is_now() { # STATUS NAME
    is "$(call sm DescribeEndpoint '{"EndpointName": "busy"}' | sed 's/.*"EndpointStatus": *"\([^"]*\)".*/\1/')" "$1" "$2"
}

# Starts an apply, and kills it when the endpoint has reached a status.
stop_when() {
    "$MMECTL" apply "$spec" --local -auto-approve >"$T/bg.out" 2>&1 &
    background=$!
    tries=0
    until call sm DescribeEndpoint '{"EndpointName": "busy"}' 2>/dev/null | grep -q "\"$1\""; do
        tries=$((tries + 1))
        [ "$tries" -lt 400 ] || bail "the endpoint was never $1: $(cat "$T/bg.out")"
    done
    kill -9 "$background"
    wait "$background" 2>/dev/null
}

# ---- Creating ----
stop_when Creating
mme plan "$spec"
is_exit 0 "Creating: plan"
has_out "Note: endpoint 'busy' is Creating" "Creating: it says so"
lacks_out '# aws_sagemaker_endpoint.this' "Creating: and plans no second one"
is_now Creating "Creating: plan does not wait"
mme apply "$spec"
is_exit 0 "Creating: apply"
has_err "endpoint 'busy' is Creating|busy.*Creating" "Creating: it says what it waits for"
is "$(sent CreateEndpoint) $(sent UpdateEndpoint)" "0 0" "Creating: and waits instead of making another"
is_now InService "Creating: it serves"
old=$(predict "$spec" model_fast)
isnt "$old" "" "Creating: and answers"
mme plan "$spec" -detailed-exitcode
is_exit 0 "Creating: nothing is left to do"

# ---- Updating, to what the spec wants ----
edit "$spec" 's/eta: 0\.4/eta: 0.04/'
stop_when Updating
mme plan "$spec"
is_exit 0 "Updating: plan"
has_out "Note: endpoint 'busy' is Updating" "Updating: it says so"
lacks_out '# aws_sagemaker_endpoint.this' "Updating: and plans against the pending config"
mme apply "$spec"
is_exit 0 "Updating: apply"
is "$(sent UpdateEndpoint)" 0 "Updating: it waits, and needs no second update"
isnt "$(predict "$spec" model_fast)" "$old" "Updating: the new content is served"
is "$(count_things '^endpoint-config ') $(count_things '^model ') $(count_things '/models/')" "1 1 5" "Updating: the old generation is cleared away"
mme plan "$spec" -detailed-exitcode
is_exit 0 "Updating: nothing is left to do"

# ---- Updating, to something that is not wanted any more ----
new=$(predict "$spec" model_fast)
edit "$spec" 's/eta: 0\.04/eta: 0.05/'
stop_when Updating
edit "$spec" 's/eta: 0\.05/eta: 0.04/'
mme apply "$spec"
is_exit 0 "Updating to something else: apply"
is "$(predict "$spec" model_fast)" "$new" "Updating to something else: the spec's content is served in the end"
is "$(count_things '^endpoint-config ') $(count_things '^model ') $(count_things '/models/')" "1 1 5" "Updating to something else: nothing lies around"
mme plan "$spec" -detailed-exitcode
is_exit 0 "Updating to something else: nothing is left to do"

# ---- SystemUpdating: SageMaker's own maintenance ----
fault '{"kind": "status", "name": "busy", "status": "SystemUpdating", "forMs": 1200}'
mme plan "$spec" -detailed-exitcode
is_exit 0 "SystemUpdating: is no difference"
has_out "Note: endpoint 'busy' is SystemUpdating" "SystemUpdating: plan says so"
edit "$spec" '/^  endpoint:/,$s/ml\.m5\.large/ml.c5.large/'
mme apply "$spec"
is_exit 0 "SystemUpdating: apply"
has_err 'SystemUpdating' "SystemUpdating: it says what it waits for"
is "$(sent UpdateEndpoint)" 1 "SystemUpdating: it waits and updates once"

# ---- destroy ----
fault '{"kind": "status", "name": "busy", "status": "SystemUpdating", "forMs": 1200}'
mme destroy "$spec"
is_exit 0 "destroy waits, too"
is "$(things | grep -v ^log-group)" "bucket sagemaker-us-east-1-123456789012" "and leaves nothing"
stop_when Creating
mme destroy "$spec"
is_exit 0 "destroy of an endpoint that is Creating"
is "$(things | grep -v ^log-group)" "bucket sagemaker-us-east-1-123456789012" "leaves nothing either"
done_testing
