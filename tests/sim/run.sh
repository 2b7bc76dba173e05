#!/bin/sh
# Runs the whole simulation in two processes side by side, each with its half of the cases, and adds up what they say.
#
# usage: tests/sim/run.sh BUILD [OPTION...]     (options of BUILD/tests/sim/sim)
# Exit 1 when anything was violated; every failing case comes with the command that plays it again.
set -u
build=$1
shift
out=$build/tests/sim
start=$(date +%s)
"$build/tests/sim/sim" --shard=1/2 "$@" >"$out/half" 2>&1 &
other=$!
"$build/tests/sim/sim" --shard=0/2 "$@" >"$out/first" 2>&1
first=$?
wait "$other"
second=$?
grep -hvE '^[a-z]+: [0-9]' "$out/first" "$out/half"
awk '
    /^[a-z]+: [0-9]/ {
        n = split($0, field, /, /)
        part = $1; count = $2; what = field[1]; sub(/^[a-z]+: [0-9]+ /, "", what)
        if (!(part in cases)) order[++parts] = part
        text[part] = what; cases[part] += count
        violations[part] += field[2] + 0; requests[part] += field[3] + 0; seconds[part] += field[4] + 0
    }
    END {
        for (i = 1; i <= parts; i++) {
            p = order[i]
            printf "%-8s %7d %-42s %d violations, %9d requests, %4d s\n", p, cases[p], text[p], violations[p], requests[p], seconds[p]
            all += cases[p]; bad += violations[p]; sent += requests[p]
        }
        printf "%-8s %7d %-42s %d violations, %9d requests\n", "all:", all, "cases", bad, sent
    }' "$out/first" "$out/half"
echo "in $(($(date +%s) - start)) s"
[ "$first" = 0 ] && [ "$second" = 0 ]
