#!/bin/sh
# A saved plan is refused under the stack's lease: the lease is given back, and whoever comes next need not wait for it.
. tests/e2e/lib.sh

fast_local
spec=$(copy_demo stale)
file=$T/plan
edit "$spec" 's/backend: sagemaker/backend: local/'
mme apply "$spec"
is_exit 0 "apply"
mme plan "$spec" -destroy -out="$file"
is_exit 0 "plan -destroy -out"
call sm DeleteEndpoint '{"EndpointName": "stale"}' >/dev/null
run "$MMECTL" apply "$file" --local --stats
is_exit 5 "stale by now: refused"
is "$(stat_of mutating)" 2 "the lease was taken, and given back"
is "$(count_things control/lease)" 0 "none is left behind"
started=$(date +%s)
mme apply "$spec"
is_exit 0 "the next command"
ok "waits for nothing" test $(($(date +%s) - started)) -lt 60
done_testing
