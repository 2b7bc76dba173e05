#!/bin/sh
# The second half of `make bench`: ten thousand models of 16 KiB, each with one older version kept, over loopback. A plan
# against its budget of requests, CPU and memory; publishing the prebuilt artifacts against `aws s3 sync` and rclone, of
# the same folder to the same stand-in; a plan against a HEAD per object, with every answer 20 ms late. Medians of rounds
# that alternate; `aws s3 sync`, which takes longest, has one round. A missed target is said and does not fail.
#
# usage: tests/bench/bulk.sh BUILD      BULK_MODELS=N takes another number of models (10000), BENCH_ROUNDS another of rounds (3)
set -u
LC_ALL=C
export LC_ALL

build=${1:?usage: tests/bench/bulk.sh BUILD}
case $build in
/*) ;;
*) build=$PWD/$build ;;
esac
models=${BULK_MODELS:-10000}
rounds=${BENCH_ROUNDS:-3}
mmectl=$build/mmectl
helpers=$build/tests/bench
out=$build/bench-bulk
bucket=sagemaker-us-east-1-123456789012
pages=$(((2 * models + 999) / 1000))
missed=0
home=
# Nothing of the user's decides where the other tools send, or what they trust.
unset AWS_PROFILE AWS_CA_BUNDLE AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE

finish() {
    code=$?
    trap - EXIT INT TERM
    [ -z "$home" ] || MMECTL_HOME=$home "$mmectl" local stop >/dev/null 2>&1
    rm -rf "$out"
    exit "$code"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

broken() {
    echo "bench: $*" >&2
    exit 1
}

must() { # COMMAND...: quietly
    "$@" >"$out/log" 2>&1 || broken "'$*' failed: $(tail -n 5 "$out/log")"
}

now_ms() {
    date +%s%3N
}

# A stand-in with nothing in it. The one before is left where it is until the end: a file system that has just removed
# thousands of files is slow to make new ones.
new_world() {
    [ -z "$home" ] || must "$mmectl" local stop
    home=$out/world$1
    MMECTL_HOME=$home
    export MMECTL_HOME
    must "$mmectl" local start --delay all=0
    eval "$("$mmectl" local env)"
    unset AWS_CA_BUNDLE
}

# timed NAME COMMAND...: adds its milliseconds to NAME.ms.
timed() {
    name=$1
    shift
    start=$(now_ms)
    must "$@"
    echo $(($(now_ms) - start)) >>"$out/$name.ms"
}

median() { # of the lines of a file
    sort -n "$1" | awk '{ v[NR] = $1 } END { print NR % 2 ? v[(NR + 1) / 2] : (v[NR / 2] + v[NR / 2 + 1]) / 2 }'
}

# ---- the table ----

# row TITLE OURS BASELINE RATIO TARGET MET(0 or 1)
row() {
    verdict=ok
    [ "$6" = 1 ] || {
        verdict=MISSED
        missed=$((missed + 1))
    }
    printf '%-38s %-26s %-26s %6s  %-9s %s\n' "$1" "$2" "$3" "$4" "$5" "$verdict"
}

at_most() { # TITLE VALUE UNIT LIMIT
    row "$1" "$2 $3" "" "" "<= $4" "$(awk -v a="$2" -v b="$4" 'BEGIN { print (a <= b) }')"
}

times_less() { # TITLE OURS UNIT BASELINE LIMIT
    ratio=$(awk -v a="$2" -v b="$4" 'BEGIN { printf "%.1f", b / a }')
    row "$1" "$2 $3" "$4 $3" "$ratio" ">= $5x" "$(awk -v a="$ratio" -v b="$5" 'BEGIN { print (a >= b) }')"
}

# ---- publishing ----

tools() {
    tests/harness/apt.sh awscli rclone >"$out/log" 2>&1 || tail -n 3 "$out/log" >&2
}

sync_aws() {
    must aws s3 mb "s3://sync-aws"
    timed aws aws s3 sync --quiet "$out/a/models" "s3://sync-aws/"
}

sync_rclone() { # ROUND
    must aws s3 mb "s3://sync-rclone$1"
    RCLONE_CONFIG=/dev/null timed rclone rclone copy "$out/a/models" \
        ":s3,provider=Other,env_auth=true,acl=bucket-owner-full-control,endpoint='$AWS_ENDPOINT_URL',region=us-east-1,force_path_style=true:sync-rclone$1" \
        --transfers 32 --checkers 32 --s3-no-check-bucket
}

publish() {
    round=0
    while [ "$round" -lt "$rounds" ]; do
        round=$((round + 1))
        new_world "$round"
        timed publish "$mmectl" apply "$out/a/mme.yaml" --local -auto-approve
        command -v aws >/dev/null && command -v rclone >/dev/null && sync_rclone "$round"
    done
    command -v aws >/dev/null && sync_aws
    ours=$(median "$out/publish.ms")
    if [ -s "$out/aws.ms" ]; then
        times_less "publish $models artifacts" "$ours" ms "$(median "$out/aws.ms")" 20
        echo "  baseline: aws s3 sync of the same folder to the same stand-in"
    else
        echo "publish $models artifacts: $ours ms; aws s3 sync is skipped: there is no aws, and apt could not install it"
    fi
    if [ -s "$out/rclone.ms" ]; then
        times_less "publish $models artifacts" "$ours" ms "$(median "$out/rclone.ms")" 2.5
        echo "  baseline: rclone copy with 32 transfers of the same folder to the same stand-in"
    else
        echo "  rclone is skipped: there is none, and apt could not install it"
    fi
}

# ---- a plan ----

# stats NAME COMMAND...: the line that --stats ends with, as "REQUESTS CPU MIB".
stats() {
    name=$1
    shift
    must "$@" --stats
    grep -q '^No changes' "$out/log" || broken "'$*' finds something to do"
    sed -n 's/^Requests: \([0-9]*\) .* \([0-9.]*\) s CPU, \([0-9.]*\) MiB$/\1 \2 \3/p' "$out/log" >"$out/line"
    for column in 1 2 3; do
        awk -v c=$column '{ print $c }' "$out/line" >>"$out/$name.$column"
    done
}

plans() {
    must "$mmectl" apply "$out/b/mme.yaml" --local -auto-approve
    round=0
    while [ "$round" -lt "$rounds" ]; do
        round=$((round + 1))
        stats plan "$mmectl" plan "$out/b/mme.yaml" --local
        stats apply "$mmectl" apply "$out/b/mme.yaml" --local -auto-approve
    done
    limit=$((11 + pages + 2))
    requests=$(median "$out/plan.1")
    at_most "plan of $models models: requests" "$requests" "" "$limit"
    at_most "  CPU" "$(median "$out/plan.2")" s 0.8
    at_most "  memory" "$(median "$out/plan.3")" MiB 48
    at_most "apply without changes: requests" "$(median "$out/apply.1")" "" "$requests"
    at_most "  CPU" "$(median "$out/apply.2")" s 0.8
    at_most "  memory" "$(median "$out/apply.3")" MiB 48
}

late() {
    must /usr/bin/python3 -I -S tests/e2e/call.py settings '{"answerDelayMs": "20"}'
    round=0
    while [ "$round" -lt "$rounds" ]; do
        round=$((round + 1))
        timed late "$mmectl" plan "$out/b/mme.yaml" --local
    done
    "$helpers/heads" "$bucket" bulk/models/ "$models" 10 >"$out/heads.us" 2>"$out/log" ||
        broken "a HEAD per object failed: $(cat "$out/log")"
    times_less "plan, answers 20 ms late" "$(median "$out/late.ms")" ms "$(awk '{ printf "%.0f", $1 / 1000 }' "$out/heads.us")" 20
    echo "  baseline: a HEAD per model, 10 at once, same client, as late"
    times_less "  requests" "$requests" "" "$models" 300
}

[ -x "$mmectl" ] || broken "there is no $mmectl: run 'make bench'"
rm -rf "$out"
mkdir -p "$out"
tools
must "$helpers/many_models" "$out/a" "$models" 16384 0
must "$helpers/many_models" "$out/b" "$models" 16384 1
echo "$models models of 16 KiB and one older version of each, load $(cut -d' ' -f1 /proc/loadavg); median of $rounds rounds"
printf '%-38s %-26s %-26s %6s  %-9s %s\n' "" ours baseline ratio target ""
publish
plans
late
if [ "$missed" -gt 0 ]; then
    echo "$missed MISSED"
else
    echo "all targets met"
fi
