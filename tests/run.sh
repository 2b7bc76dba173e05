#!/bin/sh
# Runs test files that speak TAP (cmocka binaries, shell, Python), two at a time, and adds them up.
#
# usage: tests/run.sh -b BUILD [-s | -g] FILE...
#   -b  the build folder: BUILD/mmectl is what end-to-end tests call
#   -s  the build has sanitizers: a report of any process, daemons included, is a failure
#   -g  run under valgrind, likewise
#
# Shows the output of failed files only. Ends with "N passed, N failed[, N skipped]"; exit 1 when anything failed.
# tests/interop/wire.py comes after all others: it judges what the stand-ins of the end-to-end tests recorded in BUILD/wire.
# No file may leave the secret key of its stand-ins in what it says, traces, records or stores: canary.sh looks for it.
# Each file gets: MMECTL (the binary), MMECTL_HOME (new and empty), BUILD, a time limit (TEST_TIMEOUT seconds, 600).
set -u

one() { # one file: its TAP and its exit status go to $results
    file=$1
    name=$(printf '%s' "${file#"$BUILD"/}" | tr / . | sed 's/^\.*//')
    MMECTL_HOME=$BUILD_ABS/homes/$name
    CMOCKA_MESSAGE_OUTPUT=TAP
    export MMECTL_HOME CMOCKA_MESSAGE_OUTPUT
    rm -rf "$MMECTL_HOME"
    mkdir -p "$MMECTL_HOME"
    # What stand-ins are sent, for the last of the tests. With a sanitizer, too: it costs them nothing that counts.
    case $file in
    tests/e2e/* | tests/interop/*)
        MMECTL_LOCAL_RECORD=$BUILD_ABS/wire/$name.jsonl
        export MMECTL_LOCAL_RECORD
        ;;
    esac
    CANARY_LEAKS=$RESULTS/$name.leaks
    CANARY_SAID=$RESULTS/$name.said
    export CANARY_LEAKS CANARY_SAID
    case $file in
    *.sh) set -- sh "$file" ;;
    *.py) set -- "$PYTHON" "$file" ;;
    /*) set -- $WRAP "$file" ;;
    *) set -- $WRAP "./$file" ;;
    esac
    timeout -k 10 "${TEST_TIMEOUT:-600}" "$@" </dev/null >"$RESULTS/$name.tap" 2>"$RESULTS/$name.err"
    echo $? >"$RESULTS/$name.rc"
    # A stand-in that a killed test left behind must not outlive it.
    case $file in
    *.sh | *.py) [ ! -x "$MMECTL" ] || "$MMECTL" local stop >/dev/null 2>&1 ;;
    esac
    sh tests/e2e/canary.sh "$MMECTL_HOME" "$RESULTS/$name.tap" "$RESULTS/$name.err" "$CANARY_SAID" \
        "$BUILD_ABS/wire/$name.jsonl" >>"$CANARY_LEAKS"
    rm -f "$CANARY_SAID"
    rm -rf "$MMECTL_HOME"
    judge "$file" "$name"
}

# Counts TAP lines. A file that ends early, or with an error and no "not ok", counts as one more failure.
judge() {
    rc=$(cat "$RESULTS/$2.rc")
    awk -v rc="$rc" -v file="$1" '
        /^1\.\.[0-9]+/ { planned = substr($1, 4) + 0; has_plan = 1; if (/# *[Ss][Kk][Ii][Pp]/ && planned == 0) { skipped++; print "skip " file ": " $0; } next }
        /^(not )?ok/ && /# *[Ss][Kk][Ii][Pp]/ { skipped++; run++; print "skip " file ": " $0; next }
        /^ok/ { passed++; run++ }
        /^not ok/ { failed++; run++ }
        END {
            if (!has_plan || (planned != run && planned > 0) || (rc != 0 && failed == 0)) {
                print "why " (rc == 124 || rc == 137 ? "ran into its time limit" : "ended with exit status " rc) " after " run + 0 " of " (has_plan ? planned : "?") " tests"
                failed++
            }
            print "count " passed + 0, failed + 0, skipped + 0
        }' "$RESULTS/$2.tap" >"$RESULTS/$2.sum"
    if [ -s "$RESULTS/$2.leaks" ]; then
        sed -i 's/^count \([0-9]*\) \([0-9]*\)/echo count \1 $((\2 + 1))/e' "$RESULTS/$2.sum"
        sed 's/^/why left a secret key in /' "$RESULTS/$2.leaks" >>"$RESULTS/$2.sum"
    fi
    read -r _ passed failed skipped <<EOF
$(grep '^count ' "$RESULTS/$2.sum")
EOF
    if [ "$failed" = 0 ]; then
        printf '  ok    %s (%s)\n' "$1" "$((passed + skipped))"
        return
    fi
    {
        printf '  FAIL  %s (%s failed, %s passed)\n' "$1" "$failed" "$passed"
        sed -n 's/^why /        /p' "$RESULTS/$2.sum"
        # Comments belong to the line above them in shell tests, in cmocka to the one below or above: show all but passes.
        grep -v '^ok ' "$RESULTS/$2.tap" | sed 's/^/        /' | tail -n 200
        sed 's/^/        | /' "$RESULTS/$2.err" | tail -n 60
    } >"$RESULTS/$2.show"
    cat "$RESULTS/$2.show" # in one piece, as two files run at a time
}

if [ "${1:-}" = --one ]; then
    one "$2"
    exit 0
fi

BUILD=build WRAP=
reports=
while getopts b:sg option; do
    case $option in
    b) BUILD=$OPTARG ;;
    s) reports=sanitizer ;;
    g) reports=valgrind ;;
    *) exit 64 ;;
    esac
done
shift $((OPTIND - 1))
BUILD_ABS=$PWD/$BUILD
RESULTS=$BUILD/results
MMECTL=$BUILD_ABS/mmectl
rm -rf "$RESULTS" "$BUILD/reports" "$BUILD/homes" "$BUILD/wire"
mkdir -p "$RESULTS" "$BUILD/reports" "$BUILD/wire"
# What a user has set must not steer a test.
unset AWS_PROFILE AWS_REGION AWS_DEFAULT_REGION AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN \
    AWS_ENDPOINT_URL AWS_CONFIG_FILE AWS_SHARED_CREDENTIALS_FILE MMECTL_LOG NO_COLOR http_proxy https_proxy HTTP_PROXY \
    HTTPS_PROXY ALL_PROXY all_proxy MMECTL_LOCAL_RECORD 2>/dev/null || true
AWS_EC2_METADATA_DISABLED=true
# Every stand-in's secret key: nothing else looks like it, and it needs escaping wherever something is escaped.
MMECTL_LOCAL_SECRET_KEY=canary/5ecretKey+0fTheStandIn/findMe9f1c2b7e
export AWS_EC2_METADATA_DISABLED MMECTL_LOCAL_SECRET_KEY
# Debian's own Python is the one that has Debian's boto3.
PYTHON=python3
[ ! -x /usr/bin/python3 ] || PYTHON=/usr/bin/python3
export PYTHON
case $reports in
sanitizer)
    log=$BUILD_ABS/reports/report
    ASAN_OPTIONS=log_path=$log:detect_leaks=1:detect_stack_use_after_return=0
    UBSAN_OPTIONS=log_path=$log:print_stacktrace=1
    LSAN_OPTIONS=suppressions=$PWD/tests/suppress/lsan.supp:print_suppressions=0
    export ASAN_OPTIONS UBSAN_OPTIONS LSAN_OPTIONS
    ;;
valgrind)
    WRAP="valgrind -q --leak-check=full --show-leak-kinds=definite,possible --trace-children=yes \
--trace-children-skip=/bin/*,/usr/bin/* --suppressions=$PWD/tests/suppress/valgrind.supp \
--log-file=$BUILD_ABS/reports/report.%p"
    OMP_NUM_THREADS=1
    TEST_TIMEOUT=${TEST_TIMEOUT:-1800}
    MMECTL=$BUILD_ABS/mmectl-valgrind
    printf '#!/bin/sh\nexec %s %s "$@"\n' "$WRAP" "$BUILD_ABS/mmectl" >"$MMECTL"
    chmod +x "$MMECTL"
    export OMP_NUM_THREADS TEST_TIMEOUT
    ;;
esac
export BUILD BUILD_ABS RESULTS MMECTL WRAP

LAST=tests/interop/wire.py
printf '%s\n' "$@" | grep -vxF "$LAST" | xargs -P 2 -I FILE sh "$0" --one FILE
! printf '%s\n' "$@" | grep -qxF "$LAST" || sh "$0" --one "$LAST"

# What a checker says of itself and not of the program: the event loop tells AddressSanitizer of every switch of stacks,
# and the runtime warns all the same; valgrind 3.19 does not know pidfd_open(2), number 434, and lets it fail.
of_itself="ASan doesn't fully support makecontext/swapcontext\
|WARNING: unhandled amd64-linux syscall: 434\
|You may be able to write your own handler\
|Read the file README_MISSING_SYSCALL_OR_IOCTL\
|Nevertheless we consider this a bug\
|it at http://valgrind.org/support/bug_reports"

sed -n 's/^skip /  skip  /p' "$RESULTS"/*.sum
broken=0
for report in "$BUILD"/reports/report*; do
    [ -s "$report" ] || continue
    grep -Eqv "$of_itself" "$report" || continue
    broken=$((broken + 1))
    printf '  FAIL  a report of the %s: %s\n' "$reports" "$report"
    head -n 60 "$report" | sed 's/^/        /'
done
awk -v broken="$broken" '$1 == "count" { passed += $2; failed += $3; skipped += $4 }
    END {
        failed += broken
        printf "%d passed, %d failed", passed, failed
        if (skipped > 0) printf ", %d skipped", skipped
        printf "\n"
        exit failed > 0 || passed == 0
    }' "$RESULTS"/*.sum
