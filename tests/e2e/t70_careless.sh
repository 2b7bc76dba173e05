#!/bin/sh
# Careless use of the command line: each slip is named, with what to do, and changes nothing.
. tests/e2e/lib.sh
. tests/e2e/bad.sh

fast_local
spec=$(copy_demo careless)
drop_model "$spec" model_balanced
drop_model "$spec" model_aggressive
drop_model "$spec" model_deep
mme apply "$spec"
is_exit 0 "a stack is there"
before=$(things)
# What every slip below would do if it were taken for what it is not.
other=$T/careless/other.yaml
cp "$spec" "$other"
edit "$other" 's/eta: 0\.4/eta: 0.05/'
mkdir "$T/empty"
mm() {
    run "$MMECTL" "$@"
}
in_empty() {
    ran="(cd empty) mmectl $*"
    (cd "$T/empty" && exec "$MMECTL" "$@") </dev/null >"$T/out" 2>"$T/err"
    exit=$?
}

# ---- slips of the keyboard ----

mm aply "$other" -auto-approve --local
refused "aply" 64 "unknown command 'aply'" "" "did you mean 'apply'\?"
mm plna "$other"
refused "plna" 64 "unknown command 'plna'" "" "did you mean 'plan'\?"
mm frobnicate
refused "a command that is like none" 64 "unknown command 'frobnicate'" "" "see 'mmectl help'"
mm local strat
refused "local strat" 64 "unknown command 'local strat'" "" ".*'mmectl (local start|help local)'.*|did you mean .*"
mm plan "$other" --unknwon
refused "--unknwon" 64 "unknown option '--unknwon'" "" "see 'mmectl help plan'"
mm apply "$other" --local --auto-aprove
refused "--auto-aprove" 64 "unknown option '--auto-aprove'" "" "did you mean '--auto-approve'\?"
mm apply "$other" --local -auto-approve=maybe
refused "-auto-approve=maybe" 64 "option '--auto-approve' takes true or false, not 'maybe'" "" "see 'mmectl help apply'"
mm apply "$other" --local -auto-approve --parallelism=0
refused "--parallelism=0" 64 "option '--parallelism' takes a whole number of at least 1, not '0'" "" "see 'mmectl help apply'"
mm apply "$other" --local -auto-approve --parallelism=many
refused "--parallelism=many" 64 "option '--parallelism' takes a whole number of at least 1, not 'many'" "" "see 'mmectl help apply'"
mm plan "$other" --local --set
refused "--set without a value" 64 "option '--set' needs a value: .*" "" "see 'mmectl help plan'"
mm apply "$other" --local -auto-approve --set bucket
refused "--set without =" 64 "option '--set' takes NAME=VALUE, not 'bucket'" "" "see 'mmectl help apply'"
mm apply "$other" --local -auto-approve --set bukcet=x
refused "--set of a variable that is not there" 1 "no spec declares the variable 'bukcet'" "" "declare it: .*"
mm route --local -f "$spec" model_fast model_deep
refused "an operand too many" 64 "'route' does not take 'model_deep'" "" "usage: mmectl route .*"
mm
is "$exit $(grep -c '^Usage: mmectl' "$T/out")" "64 1" "nothing at all prints the overview"
mm apply --help
is "$exit $(grep -c '^Usage: mmectl apply' "$T/out")" "0 1" "--help explains, and does nothing else"

# ---- specs that are not there, or none ----

mm apply nosuch.yaml --local -auto-approve
refused "apply nosuch.yaml" 1 "reading 'nosuch\.yaml': No such file or directory" "" "check the path; 'mmectl init' writes a spec to start from"
mm apply "$other" nosuch.yaml --local -auto-approve
refused "one of two is not there: neither is applied" 1 "reading 'nosuch\.yaml': No such file or directory" "" "check the path; .*"
in_empty apply --local -auto-approve
refused "apply in an empty folder" 1 "reading 'mme\.yaml': No such file or directory" "" "name a spec, or write one with 'mmectl init'"
in_empty apply . --local -auto-approve
refused "an empty folder as spec" 1 "folder '\.' holds no \*\.yaml or \*\.yml" "" "name a spec, or write one with 'mmectl init'"
mm apply - --local -auto-approve
refused "nothing on standard input" 1 "the file holds no document" "-:1:1" ".*mmectl init.*"
mm apply /etc/passwd --local -auto-approve
refused "a file that is no spec" 1 "'the document' must be a mapping, .*" "/etc/passwd:1:1" "'mmectl init' writes a spec to start from"
mm apply "$MMECTL" --local -auto-approve
refused "a program as spec" 1 "not UTF-8 text: .*|reading .*: more than 16777216 bytes" "" ".+"
ok "no raw bytes of it reach the terminal" sh -c '! LC_ALL=C grep -q "[[:cntrl:]]" "$1"' sh "$T/err"
truncate -s 17M "$T/huge.yaml"
mm apply "$T/huge.yaml" --local -auto-approve
refused "a file of 17 MiB as spec" 1 "reading '.*huge\.yaml': more than 16777216 bytes" "" "a spec is YAML text of at most 16 MiB; .*"
mm apply "$spec" "$spec" --local -auto-approve
refused "the same stack twice" 1 "stack 'careless' is defined twice, first at .*" ".*mme\.yaml:[0-9]+:[0-9]+" "a name is unique in one account and region"
is "$(ls -A "$T/empty")" "" "the empty folder is still empty"

# ---- nobody to ask ----

mm apply "$other" --local
refused "apply without a terminal and without -auto-approve" 1 "'apply' needs a yes, and there is no terminal to ask on" "" "-auto-approve carries the plan out without asking"
mm destroy "$spec" --local
refused "destroy likewise" 1 "'destroy' needs a yes, and there is no terminal to ask on" "" "-auto-approve .*"
ran="echo yes | mmectl apply"
echo yes | "$MMECTL" apply "$other" --local >"$T/out" 2>"$T/err"
exit=$?
refused "a yes from a pipe is none" 1 "'apply' needs a yes, and there is no terminal to ask on" "" "-auto-approve .*"
mm apply "$other" --local --json
refused "--json has nobody to ask" 1 "'apply' needs a yes, and there is nobody to ask with --json" "" "-auto-approve .*"
mm apply "$other" --local -input=false
refused "-input=false" 1 "'apply' needs a yes, and there is --input=false" "" "-auto-approve .*"

# ---- output that nobody takes ----

full() { # COMMAND...: standard output to a full disk
    ran="mmectl $* >/dev/full"
    "$MMECTL" "$@" </dev/null >/dev/full 2>"$T/err"
    exit=$?
    : >"$T/out"
}
closed() { # COMMAND...: to a reader that is gone already
    run "$PYTHON" -I -S -c '
import os, subprocess, sys
reader, writer = os.pipe()
os.close(reader)
sys.exit(subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=writer).returncode)' "$MMECTL" "$@"
}
for arguments in "plan $other --local" "plan $other --local --json" "apply $other --local -auto-approve" \
    "apply $other --local -auto-approve --json" "destroy $spec --local -auto-approve" "status $spec --local" \
    "cost $spec" "version" "schema" "help spec" "completion bash" "validate $spec" "local env"; do
    name=$(echo "$arguments" | sed "s#$T/careless/##; s#$T##")
    full $arguments
    refused "$name >/dev/full" 1 "writing to standard output: No space left on device" "" "free some space on that disk .*"
    is "$(grep -c '^Error: ' "$T/err")" 1 "$name >/dev/full: said once"
    closed $arguments
    is "$exit $(cat "$T/err")" "1 " "$name: a reader that has gone is no fault to talk about"
    same_things "$name: and nothing is changed" "$before"
done
ran="mmectl version >&-"
"$MMECTL" version >&- 2>"$T/err"
exit=$?
refused "a closed standard output" 1 "writing to standard output: Bad file descriptor" "" ""
"$MMECTL" plan "$other" --local --full 2>"$T/err" | head -n 1 >"$T/out"
is "$(wc -l <"$T/out") $(cat "$T/err")" "1 " "plan | head -n 1 prints one line and no complaint"
"$MMECTL" validate "$spec" <&- >"$T/out" 2>"$T/err"
is "$? $(cat "$T/err")" "0 " "a closed standard input does not matter"

same_things "and nothing of all this changed anything" "$before"
done_testing
