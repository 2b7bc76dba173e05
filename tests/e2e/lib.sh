# tests/e2e/lib.sh - what an end-to-end test sources first: TAP, running mmectl, looking at the world.
#
#     . tests/e2e/lib.sh
#     run "$MMECTL" plan "$spec" --local
#     is_exit 0 "plan works"
#     has_out '^Plan: 16 to add' "it plans everything"
#     done_testing
#
# From tests/run.sh come MMECTL (the binary), MMECTL_HOME (a new, empty folder; the test's own stand-in lives there) and
# BUILD (where programs built from tests/e2e/*.c are). Started by hand, a test makes its own. The working folder is the
# root of the tree; $T is a scratch folder that goes away at the end, together with the stand-in.
# POSIX sh. A check prints one TAP line and never ends the test; bail does.

set -u
export LC_ALL=C
BUILD=${BUILD:-build}
MMECTL=${MMECTL:-$PWD/$BUILD/mmectl}
PYTHON=${PYTHON:-/usr/bin/python3} # the one that has Debian's boto3
T=$(mktemp -d "${TMPDIR:-/tmp}/mmectl-e2e.XXXXXX")
MMECTL_HOME=${MMECTL_HOME:-$T/home}
export MMECTL MMECTL_HOME
mkdir -p "$MMECTL_HOME"
tap_count=0
tap_failed=0

lib_finish() {
    lib_code=$?
    trap - EXIT INT TERM
    "$MMECTL" local stop >/dev/null 2>&1
    # Under the runner nothing that a test leaves may hold the stand-in's secret key.
    [ -z "${CANARY_LEAKS:-}" ] || sh tests/e2e/canary.sh "$T" >>"$CANARY_LEAKS"
    rm -rf "$T"
    [ "$lib_code" -ne 0 ] || [ "$tap_failed" = 0 ] || lib_code=1
    exit "$lib_code"
}
trap lib_finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

# ---- TAP ----

pass() {
    tap_count=$((tap_count + 1))
    echo "ok $tap_count - $1"
}

# fail NAME [TEXT]: TEXT explains.
fail() {
    tap_count=$((tap_count + 1))
    tap_failed=$((tap_failed + 1))
    echo "not ok $tap_count - $1"
    [ -z "${2:-}" ] || note "$2"
}

skip() {
    tap_count=$((tap_count + 1))
    echo "ok $tap_count - $1 # SKIP $2"
}

note() {
    printf '%s\n' "$1" | sed 's/^/# /'
}

bail() {
    echo "Bail out! $1"
    exit 1
}

# The last line of every test; without it the runner knows that a test ended early.
done_testing() {
    echo "1..$tap_count"
}

# ok NAME COMMAND...: the command succeeds.
ok() {
    lib_name=$1
    shift
    if "$@" >"$T/ok.log" 2>&1; then
        pass "$lib_name"
    else
        fail "$lib_name" "$* failed: $(tail -n 20 "$T/ok.log")"
    fi
}

# is GOT WANT NAME
is() {
    if [ "$1" = "$2" ]; then
        pass "$3"
    else
        fail "$3" "got:  $1
want: $2"
    fi
}

isnt() {
    if [ "$1" != "$2" ]; then
        pass "$3"
    else
        fail "$3" "got, unwanted: $1"
    fi
}

# ---- running ----

# Runs a command without a terminal; leaves $exit, and the outputs in $T/out and $T/err.
run() {
    ran=$*
    "$@" </dev/null >"$T/out" 2>"$T/err"
    exit=$?
    [ -z "${CANARY_SAID:-}" ] || cat "$T/out" "$T/err" >>"$CANARY_SAID"
}

lib_shown() {
    printf '$ %s\nexit %s\n--- out\n%s\n--- err\n%s' "$ran" "$exit" "$(tail -n 40 "$T/out")" "$(tail -n 40 "$T/err")"
}

is_exit() {
    if [ "$exit" = "$1" ]; then
        pass "$2"
    else
        fail "$2" "wanted exit $1
$(lib_shown)"
    fi
}

lib_grep() { # WANTED-STATUS FILE REGEX NAME
    grep -Eq -e "$3" "$2"
    if [ $? = "$1" ]; then
        pass "$4"
    else
        fail "$4" "regex: $3
$(lib_shown)"
    fi
}

# has_out REGEX [NAME]: a line of standard output matches (grep -E); lacks_out: none does. Likewise for standard error.
has_out() { lib_grep 0 "$T/out" "$1" "${2:-stdout has $1}"; }
has_err() { lib_grep 0 "$T/err" "$1" "${2:-stderr has $1}"; }
lacks_out() { lib_grep 1 "$T/out" "$1" "${2:-stdout lacks $1}"; }
lacks_err() { lib_grep 1 "$T/err" "$1" "${2:-stderr lacks $1}"; }

# The figure of the last run's --stats line: requests, mutating or retried.
stat_of() {
    sed -n 's/^Requests: \([0-9]*\) (\([0-9]*\) mutating, \([0-9]*\) retried).*/requests=\1 mutating=\2 retried=\3/p' "$T/err" |
        tail -n 1 | tr ' ' '\n' | sed -n "s/^$1=//p"
}

# ---- the stand-in ----

# Starts a stand-in of this test's own and lets aws-cli, boto3 and curl find it.
start_local() {
    "$MMECTL" local start "$@" >"$T/start.log" 2>&1 || bail "local start failed: $(cat "$T/start.log")"
    use_local
}

# Sets AWS_ENDPOINT_URL, keys and region in this shell, as a user would.
use_local() {
    lib_env=$("$MMECTL" local env) || bail "local env failed"
    eval "$lib_env"
}

stop_local() {
    "$MMECTL" local stop >/dev/null 2>&1
}

# The whole world as text: buckets, objects, SageMaker's things with their states; one line each, sorted. Made by
# boto3, so that it does not rest on the code under test. Needs start_local or use_local.
world() {
    "$PYTHON" tests/e2e/world.py
}

# unchanged NAME BEFORE: the world is still what `before=$(world)` said.
unchanged() {
    lib_now=$(world)
    if [ "$lib_now" = "$2" ]; then
        pass "$1"
    else
        printf '%s\n' "$2" >"$T/world.before"
        printf '%s\n' "$lib_now" >"$T/world.after"
        fail "$1" "$(diff "$T/world.before" "$T/world.after")"
    fi
}

# copy_demo NAME: makes $T/NAME/mme.yaml out of the demo's spec, as stack NAME, so that a test can change it; prints its
# path. The data lies beside it.
copy_demo() {
    mkdir -p "$T/$1"
    cp -r examples/data "$T/$1/data"
    sed "s/^\( *name: *\)mme-demo\( .*\)*\$/\1$1/; s/^\( *prefix: *\)mme-demo\( .*\)*\$/\1$1/" examples/mme-demo.yaml >"$T/$1/mme.yaml"
    echo "$T/$1/mme.yaml"
}

# A stand-in whose states take no time; then `call` reaches it.
fast_local() {
    start_local --delay all=0 "$@"
}

# One signed request, by a client of a few lines that starts in no time: tests/e2e/call.py says what it can do.
call() {
    "$PYTHON" -I -S tests/e2e/call.py "$@"
}

# fault JSON...: plants faults, engine/local/faults.h; `call nofaults` takes them out.
fault() {
    call fault "$@" || bail "planting a fault failed"
}

# The world as the stand-in itself knows it: like `world`, much faster, and with a digest of what each thing is.
things() {
    call things || bail "the stand-in does not answer"
}

# same_things NAME BEFORE [REGEX]: what `before=$(things)` said still holds, of the lines that match.
same_things() {
    things | grep -E -e "${3:-.}" >"$T/things.after"
    printf '%s\n' "$2" | grep -E -e "${3:-.}" >"$T/things.before"
    if cmp -s "$T/things.before" "$T/things.after"; then
        pass "$1"
    else
        fail "$1" "$(diff "$T/things.before" "$T/things.after")"
    fi
}

# count_things REGEX: how many lines of `things` match.
count_things() {
    things | grep -Ec -e "$1"
}

# ---- mmectl, most often ----

# mme COMMAND SPEC [OPTION...]: runs it against this test's stand-in; afterwards `sent` knows its requests.
mme() {
    rm -f "$T/trace"
    mme_command=$1
    shift
    case $mme_command in
    apply | destroy) set -- "$@" -auto-approve ;;
    esac
    run "$MMECTL" "$mme_command" "$@" --local --stats --trace="$T/trace"
    [ -z "${CANARY_SAID:-}" ] || [ ! -e "$T/trace" ] || cat "$T/trace" >>"$CANARY_SAID"
}

# as_planned NAME: the last apply did what its plan counted.
as_planned() {
    is "$(sed -n 's/^Apply complete! Resources: \([0-9]*\) added, \([0-9]*\) changed, \([0-9]*\) destroyed\.$/\1 \2 \3/p' "$T/out")" \
        "$(sed -n 's/^Plan: \([0-9]*\) to add, \([0-9]*\) to change, \([0-9]*\) to destroy\.$/\1 \2 \3/p' "$T/out")" \
        "$1: what was done is what was planned"
}

# sent OPERATION: how many requests of that name the last `mme` sent to SageMaker.
sent() {
    grep -c -i "^> x-amz-target: SageMaker\.$1\$" "$T/trace"
}

# edit FILE SED-SCRIPT: changes a spec; a script that changes nothing is a mistake of the test.
edit() {
    cp "$1" "$1.old"
    sed -i "$2" "$1"
    ! cmp -s "$1" "$1.old" || bail "edit of $1 changed nothing: $2"
    rm -f "$1.old"
}

# drop_model FILE NAME: takes a model out of a copy of the demo's spec.
drop_model() {
    edit "$1" "/- name: $2\$/,/^ *hyperparameters:/d"
}

# predict SPEC MODEL: what the endpoint answers for three rows, through mmectl, in one line.
predict() {
    tail -n 3 examples/data/breast-cancer-validation.csv | cut -d, -f2- >"$T/rows.csv"
    "$MMECTL" invoke "$1" --local --model "$2" --data "$T/rows.csv" | tr '\n' ' '
}

# job_of SPEC MODEL: the name of the training job that the plan wants for a model.
job_of() {
    "$MMECTL" plan "$1" --local -json | "$PYTHON" -I -S -c '
import json, sys
address = "aws_sagemaker_training_job.model[\"%s\"]" % sys.argv[1]
for change in json.load(sys.stdin)["resource_changes"]:
    if change["address"] == address:
        print(change["change"]["after"]["training_job_name"])' "$2"
}
