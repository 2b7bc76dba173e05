#!/bin/sh
# Output without a terminal has no escape codes and every change of state is a line; colours only where they are wanted.
# fast
. tests/e2e/lib.sh

fast_local
spec=$(copy_demo plain)
escape=$(printf '\033')

clean() { # NAME: the last run wrote no control characters but newlines
    is "$(LC_ALL=C tr -d '[:print:]\n\200-\377' <"$T/out" | wc -c) $(LC_ALL=C tr -d '[:print:]\n\200-\377' <"$T/err" | wc -c)" "0 0" "$1: no control characters"
}

# on_terminal COMMAND...: everything it reads and writes is a terminal; somebody types $answer, $T/tty is what is seen.
answer=
on_terminal() {
    printf '%s' "$answer" | "$PYTHON" -I -S -c '
import os, pty, sys
status = pty.spawn(sys.argv[1:], lambda fd: os.read(fd, 65536))
sys.exit(os.waitstatus_to_exitcode(status))' "$@" >"$T/tty"
}

mme plan "$spec"
clean "plan"
mme apply "$spec" -parallelism=1
is_exit 0 "apply -parallelism=1"
clean "apply"
has_err '^aws_sagemaker_training_job\.model\["model_fast"\]: Creating\.\.\.$' "a start is a line"
has_err '^aws_sagemaker_training_job\.model\["model_fast"\]: Creation complete after [0-9]+s \[id=plain-' "so is an end"
# One at a time: each thing ends before the next one starts.
is "$(grep -E ': (Creating\.\.\.$|Creation complete)' "$T/err" | sed 's/.*: Creat\(ing\|ion\).*/\1/' | tr '\n' ' ' | sed 's/ing ion //g')" "" "one thing at a time"
mme apply "$spec"
is_exit 0 "apply again"
clean "no change"
mme status "$spec"
clean "status"
mme cost "$spec"
clean "cost"
mme test "$spec" --calls 2
is_exit 0 "test"
clean "test"

# ---- a terminal ----
edit "$spec" 's/eta: 0\.4/eta: 0.04/'
export TERM=xterm
ok "plan on a terminal" on_terminal "$MMECTL" plan "$spec" --local
is "$(grep -c "$escape" "$T/tty" | sed 's/^[1-9].*/some/')" some "has colours"
ok "with NO_COLOR" on_terminal env NO_COLOR=1 "$MMECTL" plan "$spec" --local
is "$(grep -c "$escape" "$T/tty")" 0 "has none"
ok "with --no-color" on_terminal "$MMECTL" plan "$spec" --local --no-color
is "$(grep -c "$escape" "$T/tty")" 0 "has none"
ok "on a dumb terminal" on_terminal env TERM=dumb "$MMECTL" apply "$spec" --local -auto-approve
is "$(grep -c "$escape" "$T/tty")" 0 "has none, apply neither"
edit "$spec" 's/eta: 0\.04/eta: 0.05/'
ok "apply on a terminal" on_terminal "$MMECTL" apply "$spec" --local -auto-approve
is "$(sed "s/$escape\[[0-9;]*[A-Za-z]//g" "$T/tty" | tr -d '\r' | grep -c '^Apply complete! Resources: ')" 1 "says at the end what was done"

# ---- the question ----
edit "$spec" 's/eta: 0\.05/eta: 0.06/'
before=$(things)
answer='no
'
on_terminal "$MMECTL" apply "$spec" --local
is "$?" 1 "apply that is answered with no"
is "$(grep -c 'Apply cancelled' "$T/tty")" 1 "is cancelled"
same_things "and changes nothing" "$before"
answer='yes
'
on_terminal "$MMECTL" apply "$spec" --local
is "$?" 0 "apply that is answered with yes"
is "$(grep -c 'Apply complete!' "$T/tty")" 1 "is done"

# ---- markdown, for pull requests ----
edit "$spec" 's/eta: 0\.06/eta: 0.07/'
mme plan "$spec" -format=markdown
is_exit 0 "plan -format=markdown"
has_out '^<details><summary>' "has details to unfold"
is "$(grep -c '<pre>' "$T/out")" "$(grep -c '</pre>' "$T/out")" "and closes what it opens"
done_testing
