#!/bin/sh
# The test runner itself: what it must count as a failure, it does.
# fast
. tests/e2e/lib.sh

planted() { # NAME, TAP on stdin
    cat >"$T/$1.sh"
}
planted good <<'E1'
echo "1..2"; echo "ok 1 - a"; echo "ok 2 - b"
E1
planted failing <<'E1'
echo "ok 1 - a"; echo "not ok 2 - b"; echo "# because"; echo "1..2"
E1
planted short <<'E1'
echo "1..3"; echo "ok 1 - a"
E1
planted without_plan <<'E1'
echo "ok 1 - a"
E1
planted dies <<'E1'
echo "1..1"; echo "ok 1 - a"; exit 3
E1
planted skips <<'E1'
echo "ok 1 # SKIP no network here"; echo "ok 2 - b"; echo "1..2"
E1
planted silent <<'E1'
exit 0
E1
planted hangs <<'E1'
echo "1..1"; sleep 60; echo "ok 1 - a"
E1

runner() {
    mkdir -p "$T/build"
    # A runner of its own: what this one was given must not reach it.
    run env TEST_TIMEOUT=1 MMECTL_HOME= sh tests/run.sh -b "$(realpath --relative-to=. "$T/build")" "$@"
}

runner "$T/good.sh"
is_exit 0 "a good file passes"
is "$(tail -n 1 "$T/out")" "2 passed, 0 failed" "and is counted"
runner "$T/good.sh" "$T/failing.sh"
is_exit 1 "a failed test fails the run"
is "$(tail -n 1 "$T/out")" "3 passed, 1 failed" "and is counted"
has_out '# because' "its output is shown"
for name in short without_plan dies silent hangs; do
    runner "$T/$name.sh"
    is_exit 1 "a file that is '$name' fails the run"
    has_out '^[01] passed, 1 failed$' "a file that is '$name' is one failure"
done
has_out 'time limit' "a time limit is named"
runner "$T/skips.sh"
is_exit 0 "a skip is no failure"
is "$(tail -n 1 "$T/out")" "1 passed, 0 failed, 1 skipped" "a skip is counted"
has_out 'no network here' "and its reason is shown"
done_testing
