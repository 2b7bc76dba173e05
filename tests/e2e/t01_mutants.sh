#!/bin/sh
# The gate of known defects: one is killed, none is survived, and a defect that no test sees is told. (All of them: make mutants.)
. tests/e2e/lib.sh

killer=tests/unit/engine/aws/test_http_trace
planted() { # NAME, KILLER, a sed expression for engine/aws/http_trace.c
    mkdir -p "$T/patches" "$T/b/engine/aws"
    sed "$3" engine/aws/http_trace.c >"$T/b/engine/aws/http_trace.c"
    {
        printf 'Defect: %s\nKilled by: %s\n' "$1" "$2"
        diff -u engine/aws/http_trace.c "$T/b/engine/aws/http_trace.c" |
            sed '1s,.*,--- a/engine/aws/http_trace.c,; 2s,.*,+++ b/engine/aws/http_trace.c,'
    } >"$T/patches/$1.patch"
}
mutants() {
    run tests/mutants/run.sh "$BUILD" "$@"
}

for patch in tests/mutants/*.patch; do
    name=$(basename "$patch" .patch)
    killer_of=$(sed -n 's/^Killed by: \([^ ]*\).*/\1/p' "$patch")
    [ "$killer_of" != tests/sim/sim ] || killer_of=tests/sim/main
    ok "$name fits the tree" patch -p1 --dry-run -s -f -F 2 -i "$patch"
    ok "$name says what is wrong" grep -q '^Defect: .' "$patch"
    ok "$name names a test that is there" test -f "$killer_of" -o -f "$killer_of.c"
done

mutants 00_none 12_secret_in_trace
is_exit 0 "the tree as it is"
has_out '^ok - nothing that matters changed' "what is no defect is survived"
has_out '^ok - killed: the trace shows the session token' "a defect is killed"
is "$(tail -n 1 "$T/out")" "2 passed, 0 failed" "and both are counted"

planted unseen "$killer" 's/"cookie",/"cookie", "x-nobody-sends-this",/'
planted does_not_build "$killer" 's/^struct http_trace {/struct http_trace { no such type;/'
planted fails_anyway "tests/sim/sim --no-such-option" 's/"cookie",//'
planted seen "$killer" 's/"x-amz-security-token",//'
sed 's/^-static/-statik/; s/^ struct http_trace/ strukt &/; s/"cookie"/"cooky"/' "$T/patches/unseen.patch" >"$T/patches/out_of_date.patch"
export MUTANTS_FROM="$T/patches"
mutants unseen
is_exit 1 "a defect that no test sees fails the gate"
has_out '^not ok - SURVIVED: unseen' "and is named"
mutants does_not_build out_of_date fails_anyway seen
is_exit 1 "so does what proves nothing"
has_out '^not ok - does_not_build: it could not be built' "a defect that is no program"
has_out '^not ok - out_of_date: it could not be built' "a patch that does not fit"
has_err 'does not apply any more' "and it says why"
has_out '^not ok - fails_anyway: .* fails without the defect, too' "a test that fails anyway"
has_out '^ok - killed: seen' "and the rest is still tried"
is "$(tail -n 1 "$T/out")" "1 passed, 3 failed" "all are counted"
done_testing
