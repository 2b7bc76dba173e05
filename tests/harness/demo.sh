#!/bin/sh
# The whole life of examples/mme-demo.yaml on a stand-in of its own: each command is printed in full, then run.
# usage: demo.sh path/to/mmectl
set -eu

case $1 in
/*) binary=$1 ;;
*) binary=$PWD/$1 ;;
esac
home=$PWD/build/demo
spec=examples/mme-demo.yaml
PATH=$(dirname "$binary"):$PATH
MMECTL_HOME=$home
export PATH MMECTL_HOME

finish() {
    code=$?
    trap - EXIT INT TERM
    "$binary" local stop >/dev/null 2>&1 || true
    rm -rf "$home"
    exit "$code"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
"$binary" local stop >/dev/null 2>&1 || true
rm -rf "$home"
mkdir -p "$home"

show() {
    printf '\n$ %s\n' "$*"
    "$@"
}

show mmectl apply "$spec" --local -auto-approve
show mmectl status "$spec" --local
show mmectl test "$spec" --local
show mmectl cost "$spec" --local
show mmectl plan "$spec" --local -detailed-exitcode
show mmectl destroy "$spec" --local -auto-approve
