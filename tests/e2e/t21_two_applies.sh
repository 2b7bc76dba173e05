#!/bin/sh
# Two applies at the same time never corrupt anything: one wins, the other is done, too, or says that it lost.
. tests/e2e/lib.sh

fast_local

# both SPEC SPEC: applies both at once; leaves their exit statuses in $one and $two.
both() {
    "$MMECTL" apply "$1" --local -auto-approve >"$T/one.out" 2>"$T/one.err" &
    first=$!
    "$MMECTL" apply "$2" --local -auto-approve >"$T/two.out" 2>"$T/two.err" &
    second=$!
    wait "$first"
    one=$?
    wait "$second"
    two=$?
}

# fair NAME: at least one was done; the other was done, or lost with the status for that.
fair() {
    case "$one $two" in
    "0 0" | "0 5" | "5 0") pass "$1: one wins ($one and $two)" ;;
    *) fail "$1: one wins" "exit $one and $two
$(cat "$T/one.err" "$T/two.err")" ;;
    esac
    [ "$one $two" != "0 0" ] || return 0
    if grep -Eq "^Error: (aws_sagemaker_endpoint.this: )?another run changed stack" "$T/one.err" "$T/two.err"; then
        pass "$1: the other says why"
    else
        fail "$1: the other says why" "$(grep -h -A3 "^Error" "$T/one.err" "$T/two.err")"
    fi
}

# settled NAME SPEC: after one more apply the world is the spec's.
settled() {
    mme apply "$2"
    is_exit 0 "$1: one more apply"
    mme plan "$2" -detailed-exitcode
    is_exit 0 "$1: nothing is left to do"
    run "$MMECTL" test "$2" --local --calls 3
    is_exit 0 "$1: every model answers as libxgboost does"
    is "$(count_things '^endpoint-config ') $(count_things '^model ')" "1 1" "$1: one config, one model"
}

for mode in stable versioned; do
    "$MMECTL" local reset >/dev/null
    spec=$(copy_demo "twice-$mode")
    edit "$spec" "s/targetModels: stable.*/targetModels: $mode #/"
    both "$spec" "$spec"
    fair "$mode, a first apply twice"
    is "$(count_things '^training-job ')" 5 "$mode: five jobs, not ten"
    settled "$mode, a first apply twice" "$spec"
    is "$(count_things '/models/')" 5 "$mode: five artifacts"

    # Two people with different changes.
    mkdir -p "$T/other-$mode"
    cp -r examples/data "$T/other-$mode/data"
    sed 's/eta: 0\.4/eta: 0.04/;s/max_depth: 8/max_depth: 7/' "$spec" >"$T/other-$mode/mme.yaml"
    edit "$spec" 's/eta: 0\.3}/eta: 0.33}/;s/max_depth: 8/max_depth: 9/'
    both "$spec" "$T/other-$mode/mme.yaml"
    fair "$mode, two changes"
    settled "$mode, two changes" "$T/other-$mode/mme.yaml"
done

# One rolls the endpoint, the other destroys it meanwhile: neither waits for something that does not come.
"$MMECTL" local stop >/dev/null
start_local --delay all=0 --delay endpoint_updating_ms=1000
edit "$spec" 's/targetModels: versioned/targetModels: stable/'
"$MMECTL" apply "$spec" --local -auto-approve >"$T/one.out" 2>"$T/one.err" &
first=$!
tries=0
until call sm DescribeEndpoint "{\"EndpointName\": \"twice-$mode\"}" | grep -q '"Updating"'; do
    tries=$((tries + 1))
    [ "$tries" -lt 400 ] || bail "the endpoint was never Updating"
done
mme destroy "$spec"
destroyed=$exit
wait "$first"
applied=$?
is "$(case "$applied" in 0 | 3 | 5) echo fine ;; *) echo "exit $applied: $(cat "$T/one.err")" ;; esac)" fine "apply ends, whatever destroy did"
is "$(case "$destroyed" in 0 | 3 | 5) echo fine ;; *) echo "exit $destroyed: $(cat "$T/err")" ;; esac)" fine "and so does destroy"
mme apply "$spec"
settled "apply against destroy" "$spec"
mme destroy "$spec"
is_exit 0 "destroy alone"
is "$(things | grep -v ^log-group)" "bucket sagemaker-us-east-1-123456789012" "leaves nothing of either"
done_testing
