#!/bin/sh
# Answers take as long as they are told to.
. tests/e2e/lib.sh
unset MMECTL_LOCAL_FAULT MMECTL_LOCAL_LATENCY

# took COUNT: the milliseconds of so many calls, one after the other on one connection.
took() {
    "$PYTHON" -c '
import sys, time, boto3, os
sm = boto3.client("sagemaker", endpoint_url=os.environ["AWS_ENDPOINT_URL"])
sm.list_models()
start = time.monotonic()
for _ in range(int(sys.argv[1])): sm.list_models()
print(int((time.monotonic() - start) * 1000))' "$1"
}
between() { # NAME GOT LEAST MOST
    if [ "$2" -ge "$3" ] && [ "$2" -le "$4" ]; then pass "$1"; else fail "$1" "$2 ms, wanted $3 to $4"; fi
}
fast_local --latency 40ms
between "a fixed one" "$(took 10)" 400 6000
run "$MMECTL" local latency none
has_out '^The stand-in answers at once' "it can be taken away"
between "and is gone" "$(took 40)" 0 1500 # with it: at least 1600
run "$MMECTL" local latency 60ms,jitter=100,seed=5
has_out '^  latency: 60ms,jitter=100,seed=5$' "with jitter"
between "with jitter" "$(took 10)" 150 6000
run "$MMECTL" local latency aws
has_out '^  latency: aws,seed=[0-9]+$' "as AWS: the seed is shown"
between "as AWS" "$(took 5)" 200 9000
run "$MMECTL" local latency
has_out '^  latency: aws,seed=' "without a word it is shown"
stop_local
run "$MMECTL" local start
has_out '^  latency: aws,seed=' "it outlives a restart"
stop_local
run "$MMECTL" local start --latency none
lacks_out '^ *latency:' "a start has the last word"
for bad in 5s -1 99999 aws,jitter=3 20ms,jitter=101 20ms,colour=red ''; do
    run "$MMECTL" local latency "$bad"
    is_exit 64 "'$bad' is refused"
done
run "$MMECTL" local start --latency soon
is_exit 64 "a start with a wrong one is refused"
done_testing
