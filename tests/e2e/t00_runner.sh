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
planted leaks <<'E1'
echo "ok 1 - $MMECTL_LOCAL_SECRET_KEY"; echo "1..1"
E1
planted keeps <<'E1'
. tests/e2e/lib.sh
printf 'x%sx' "$MMECTL_LOCAL_SECRET_KEY" >"$T/kept"
pass a
done_testing
E1
planted repeats <<'E1'
. tests/e2e/lib.sh
run printf '%s' "$MMECTL_LOCAL_SECRET_KEY"
run true
pass a
done_testing
E1
planted stores <<'E1'
. tests/e2e/lib.sh
fast_local
stop_local
"$PYTHON" -c '
import os, sqlite3
world = sqlite3.connect(os.environ["MMECTL_HOME"] + "/world.db")
world.execute("CREATE TABLE diary(text)")
world.execute("INSERT INTO diary VALUES(?)", ("my key is " + os.environ["MMECTL_LOCAL_SECRET_KEY"],))
world.commit()'
pass a
done_testing
E1
planted clean <<'E1'
. tests/e2e/lib.sh
fast_local
run "$MMECTL" local status
is "$AWS_SECRET_ACCESS_KEY" "$MMECTL_LOCAL_SECRET_KEY" "the stand-in has the key that is looked for"
done_testing
E1
planted hangs <<'E1'
echo "1..1"; sleep 60; echo "ok 1 - a"
E1

limit_s=60 # of each file
runner() {
    mkdir -p "$T/build"
    # A runner of its own: what this one was given must not reach it.
    run env TEST_TIMEOUT="$limit_s" MMECTL_HOME= sh tests/run.sh -b "$(realpath --relative-to=. "$T/build")" "$@"
}

runner "$T/good.sh"
is_exit 0 "a good file passes"
is "$(tail -n 1 "$T/out")" "2 passed, 0 failed" "and is counted"
runner "$T/good.sh" "$T/failing.sh"
is_exit 1 "a failed test fails the run"
is "$(tail -n 1 "$T/out")" "3 passed, 1 failed" "and is counted"
has_out '# because' "its output is shown"
for name in short without_plan dies silent hangs; do
    case $name in hangs) limit_s=1 ;; esac
    runner "$T/$name.sh"
    is_exit 1 "a file that is '$name' fails the run"
    has_out '^[01] passed, 1 failed$' "a file that is '$name' is one failure"
done
has_out 'time limit' "a time limit is named"
limit_s=60
runner "$T/skips.sh"
is_exit 0 "a skip is no failure"
is "$(tail -n 1 "$T/out")" "1 passed, 0 failed, 1 skipped" "a skip is counted"
has_out 'no network here' "and its reason is shown"

# The secret key of the stand-in, left behind.
cp "$MMECTL" "$T/build/mmectl"
for name in leaks keeps repeats stores; do
    runner "$T/$name.sh"
    is_exit 1 "a file that '$name' a secret key fails the run"
    has_out '^ *left a secret key in ' "a file that '$name' a secret key: where is said"
    has_out '^1 passed, 1 failed$' "a file that '$name' a secret key is one failure"
done
runner "$T/clean.sh"
is_exit 0 "local.json and the table of keys may know it"
done_testing
