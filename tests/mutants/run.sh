#!/bin/sh
# Puts known defects back, one at a time: each has to make a test fail. What the tests are worth, in one list.
# usage: tests/mutants/run.sh [-v] BUILD [NAME...]
#
# Each tests/mutants/*.patch opens with
#   Defect: what is wrong, in a sentence
#   Killed by: one test: tests/unit/..., tests/sim/sim ARGUMENTS, or tests/e2e/tNN_....sh
# and goes on as a diff. To add one: make the change, `git diff >tests/mutants/NAME.patch`, write the two lines above it, undo the
# change, and run `make mutants MUTANTS=NAME`.
# 00_none.patch changes nothing that matters and has to survive: else a test that fails anyway would be taken for a proof. That the
# gate notices a defect no test sees, tests/e2e/t01_mutants.sh shows. MUTANTS_FROM: another folder of patches.
set -eu

verbose=
[ "${1:-}" = -v ] && verbose=1 && shift
build=$1
shift
patches=${MUTANTS_FROM:-tests/mutants}
# shellcheck disable=SC2046
[ $# -gt 0 ] || set -- $(cd "$patches" && ls ./*.patch | sed 's,^\./,,; s,\.patch$,,')
export MMECTL_HOME
log=$build/mutants/log
mkdir -p "$build/mutants" "$log"

# The test, with the programs of that folder: $1, and the name of its log: $2.
run_test() {
    # shellcheck disable=SC2086
    set -- "$1" "$2" $killer
    from=$1 to=$log/$2 test=$3
    # With a sanitizer: a test that fails leaves things behind, and what it reports is the defect's, not this run's.
    ASAN_OPTIONS=${ASAN_OPTIONS:+$ASAN_OPTIONS:}detect_leaks=0:log_path=$PWD/$to.report
    UBSAN_OPTIONS=${UBSAN_OPTIONS:+$UBSAN_OPTIONS:}log_path=$PWD/$to.report
    export ASAN_OPTIONS UBSAN_OPTIONS
    shift 3
    case $test in
        tests/e2e/*)
            MMECTL_HOME=$(mktemp -d "${TMPDIR:-/tmp}/mmectl-mutant.XXXXXX")
            code=0
            MMECTL=$PWD/$from/mmectl BUILD=$build timeout 300 sh "$test" >"$to" 2>&1 || code=$?
            rm -rf "$MMECTL_HOME"
            grep -q '^not ok' "$to" && code=1
            return $code
            ;;
        *) timeout 300 "$from/$test" "$@" >"$to" 2>&1 ;;
    esac
}

passed=0 failed=0 known=
for name; do
    patch=$patches/$name.patch
    defect=$(sed -n 's/^Defect: //p' "$patch")
    killer=$(sed -n 's/^Killed by: //p' "$patch")
    test=${killer%% *}
    # The test as it is has to pass.
    case " $known " in
        *" $test "*) ;;
        *)
            if ! run_test "$build" "$(basename "$test").as-it-is"; then
                echo "not ok - $name: $killer fails without the defect, too ($log/$(basename "$test").as-it-is)"
                failed=$((failed + 1))
                continue
            fi
            known="$known $test"
            ;;
    esac
    case $test in tests/e2e/*) program=mmectl ;; *) program=$test ;; esac
    if ! tests/mutants/build.sh "$build" "$name" "$program"; then
        echo "not ok - $name: it could not be built"
        failed=$((failed + 1))
        continue
    fi
    mkdir -p "$build/mutants/$name/$(dirname "$test")"
    [ "$program" = mmectl ] || mv "$build/mutants/$name/$(basename "$test")" "$build/mutants/$name/$test"
    code=0
    run_test "$build/mutants/$name" "$name" || code=$?
    if [ "$name" = 00_none ]; then
        [ $code -eq 0 ] && verdict=ok || verdict='not ok'
        echo "$verdict - nothing that matters changed, and the tests pass"
    elif [ $code -eq 124 ] || [ $code -ne 0 ]; then
        verdict=ok
        echo "ok - killed: $defect"
        [ -z "$verbose" ] || grep -m 3 -E '^not ok|not ok -|Failure|\[  FAILED|violat|# ' "$log/$name" | sed 's/^/    /' || true
    else
        verdict='not ok'
        echo "not ok - SURVIVED: $defect ($killer)"
    fi
    [ "$verdict" = ok ] && passed=$((passed + 1)) || failed=$((failed + 1))
    rm -rf "${build:?}/mutants/$name"
done
echo "$passed passed, $failed failed"
[ $failed -eq 0 ]
