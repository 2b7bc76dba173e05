#!/bin/sh
# Runs gates over the project and then over the defect that is planted for each (tests/lint/seeded/<gate>/): a gate that
# stays silent on its own defect is broken. TAP.
# usage: tests/lint/run.sh [-v] [GATE...]; "gates" (the default) is the set that needs only a compiler.
set -u
cd "$(dirname "$0")/../.." || exit 70
[ "${1:-}" != -v ] || shift
gates=
[ $# -gt 0 ] || set -- gates
for word in "$@"; do
    [ "$word" != gates ] || word='layers headers banned sizes externs words docs operations'
    gates="$gates $word"
done

count=0 failed=0
result() { # STATUS NAME OUTPUT
    count=$((count + 1))
    if [ "$1" = 0 ]; then
        echo "ok $count - $2"
    else
        failed=1
        echo "not ok $count - $2"
        [ -z "$3" ] || printf '%s\n' "$3" | sed 's/^/# /'
    fi
}

# The seeded defect of "externs" has to be compiled before nm can look at it.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
plant() {
    cp -r "tests/lint/seeded/$1/." "$scratch/$1"
    (
        cd "$scratch/$1" || exit
        find . -name '*.c' ! -name '*.syntax.c' | sed 's|^\./||' | while read -r file; do
            mkdir -p "build/obj/$(dirname "$file")"
            "${CC:-gcc}" -w -I. -c -o "build/obj/${file%.c}.o" "$file" 2>/dev/null
        done
    )
}

for gate in $gates; do
    output=$("tests/lint/$gate.sh" . 2>&1)
    result $? "$gate: the tree is clean" "$output"
    mkdir -p "$scratch/$gate"
    plant "$gate"
    output=$("$PWD/tests/lint/$gate.sh" "$scratch/$gate" 2>&1)
    status=$?
    # Every planted file must be named, and an innocent one beside it must not.
    missed=$(cd "$scratch/$gate" && find . -type f -name '*bad*' ! -path './build/*' | sed 's|^\./||' | while read -r file; do
        printf '%s\n' "$output" | grep -qF "$file" || echo "$file"
    done)
    accused=$(printf '%s\n' "$output" | grep -F good || true)
    [ "$status" != 0 ] && [ -z "$missed" ] && [ -z "$accused" ]
    result $? "$gate: finds its seeded defect and nothing else" "silent on: $missed
accused: $accused
$output"
done
echo "1..$count"
exit "$failed"
