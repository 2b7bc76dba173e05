#!/bin/sh
# apply and destroy ask on a terminal: only 'yes' is a yes; every other end of the question changes nothing and says so.
. tests/e2e/lib.sh
. tests/e2e/bad.sh

fast_local
spec=$(copy_demo prompt)
drop_model "$spec" model_balanced
drop_model "$spec" model_aggressive
drop_model "$spec" model_deep

# answer ANSWER COMMAND...: what was on the terminal is in $T/out.
answer() {
    typed=$1
    shift
    ran="[$typed] mmectl $*"
    "$PYTHON" -I -S tests/e2e/terminal.py "Enter a value: " "$typed" env TERM=xterm NO_COLOR=1 "$MMECTL" "$@" </dev/null >"$T/out" 2>"$T/err"
    exit=$?
}

before=$(things)
no() { # ANSWER: no yes
    answer "$1" apply "$spec" --local
    set -- "$(printf '%.20s' "$1")"
    is_exit 1 "'$1': exit 1"
    has_out '^Plan: 10 to add, 0 to change, 0 to destroy\.$' "'$1': the plan was shown"
    has_out "Only 'yes' will be accepted to approve\." "'$1': what counts was said"
    has_out '^Apply cancelled\.$' "'$1': cancelled"
    same_things "'$1': nothing changed" "$before"
}
no no
no y
no YES
no ''
no ^D
no "yes please"
no "$(head -c 1000 /dev/zero | tr '\0' y)"

answer ^C apply "$spec" --local
is_exit 130 "Ctrl-C at the question: exit 130"
has_out '^Error: interrupted while waiting for an answer$' "Ctrl-C: said"
same_things "Ctrl-C: nothing changed" "$before"
# However soon it comes after the question.
for i in 1 2 3 4 5 6; do
    answer ^C apply "$spec" --local
    is_exit 130 "Ctrl-C, again: exit 130"
done
answer TERM apply "$spec" --local
is_exit 143 "SIGTERM at the question: exit 143"
same_things "SIGTERM: nothing changed" "$before"
answer HANGUP apply "$spec" --local
isnt "$exit" 0 "the terminal goes away: no success"
isnt "$exit" 99 "the terminal goes away: it ends"
same_things "the terminal goes away: nothing changed" "$before"

# A wrong spec is refused before anything is asked.
cp "$spec" "$T/prompt/wrong.yaml"
edit "$T/prompt/wrong.yaml" 's/eta: 0\.4/eta: 4/'
answer yes apply "$T/prompt/wrong.yaml" --local
is_exit 1 "a wrong spec is not asked about"
lacks_out 'Enter a value' "there is no question"
answer yes apply "$T/prompt/nosuch.yaml" --local
is_exit 1 "nor is one that is not there"
has_out "^Error: reading '.*/nosuch\.yaml': No such file or directory" "that is what is said"
same_things "nothing changed" "$before"

# Where the question is seen, it is answered; where it would not be seen, it is not asked.
"$PYTHON" -I -S tests/e2e/terminal.py -1 "$T/plan" "Enter a value: " no "$MMECTL" apply "$spec" --local </dev/null >"$T/out"
exit=$?
ran="apply >file"
is_exit 1 "standard output in a file: the question is on the terminal"
has_out 'Enter a value: ' "it was"
"$PYTHON" -I -S tests/e2e/terminal.py -2 "$T/log" "Enter a value: " no "$MMECTL" apply "$spec" --local </dev/null >"$T/out"
exit=$?
ran="apply 2>file"
is_exit 1 "standard error in a file: the question is on the terminal"
has_out 'Enter a value: ' "it was"
"$PYTHON" -I -S tests/e2e/terminal.py -1 "$T/plan" -2 "$T/log" "Enter a value: " no "$MMECTL" apply "$spec" --local </dev/null >"$T/out"
exit=$?
cp "$T/log" "$T/err"
refused "both in files: it is an error, not a hang" 1 "'apply' needs a yes, and there is no terminal to ask on" "" "-auto-approve .*"
same_things "nothing changed" "$before"

answer yes apply "$spec" --local
is_exit 0 "'yes' applies"
has_out 'Apply complete! Resources: 10 added, 0 changed, 0 destroyed\.' "all of it"
answer yes apply "$spec" --local
is_exit 0 "with nothing to do nothing is asked"
lacks_out 'Enter a value' "there is no question"
has_out '^No changes\. Your infrastructure matches the configuration\.' "that is what is said"
"$PYTHON" -I -S tests/e2e/terminal.py nothing '' env TERM=xterm "$MMECTL" plan "$spec" --local </dev/null >"$T/out"
has_out "^$(printf '\033')\[32mNo changes\.$(printf '\033')\[0m Your" "in colour, on a terminal"

before=$(things)
answer no destroy "$spec" --local
is_exit 1 "destroy asks, too"
has_out "Only 'yes' will be accepted to confirm\." "it says what counts"
has_out '^Destroy cancelled\.$' "and is cancelled"
same_things "nothing changed" "$before"

# Ctrl-C while it works: what is done stays done, and the next run finishes.
stop_local
start_local --delay all=300
edit "$spec" 's/eta: 0\.4/eta: 0.05/'
"$PYTHON" -I -S tests/e2e/terminal.py 'Still creating...' ^C env TERM=dumb "$MMECTL" apply "$spec" --local -auto-approve </dev/null >"$T/out" 2>"$T/err"
exit=$?
ran="[^C] apply"
is_exit 130 "Ctrl-C while a job trains: exit 130"
has_out '^Error: interrupted; run the same command again to go on' "it says how to go on"
stop_local
fast_local
mme apply "$spec"
is_exit 0 "the same command goes on"
mme plan "$spec" -detailed-exitcode
is_exit 0 "to the end"
answer yes destroy "$spec" --local
is_exit 0 "'yes' destroys"
has_out '^Nothing of the stack is left\.' "and proves it"
done_testing
