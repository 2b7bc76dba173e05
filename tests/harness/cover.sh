#!/bin/sh
# Prints the line coverage of each product file, the least covered first, and the whole.
# usage: cover.sh build/cover
set -eu
top=$PWD
scratch=$1/gcov
rm -rf "$scratch"
mkdir -p "$scratch"
find "$PWD/$1/obj/engine" "$PWD/$1/obj/specs" "$PWD/$1/obj/cmd" -name '*.gcda' >"$scratch/list"
cd "$scratch"
# shellcheck disable=SC2046  # one argument per file
gcov -n -s "$top" $(cat list) 2>/dev/null | awk '
    /^File / { file = $2; gsub("\047", "", file) }
    /^Lines executed:/ && file ~ /^(engine|specs|cmd)\/.*\.c$/ {
        split($2, share, ":"); sub("%", "", share[2]); lines = $4
        printf "%6.1f %% %6d  %s\n", share[2], lines, file
        hit += share[2] * lines / 100; all += lines
    }
    { if ($0 == "") file = "" }
    END { if (all > 0) printf "%6.1f %% %6d  %s\n", 1000 , all, "whole" hit }' |
    sort -n | awk '/whole/ { sub(".*whole", ""); hit = $0; next } { print; all += $3 }
    END { if (all > 0) printf "%6.1f %% %6d  all of it\n", hit * 100 / all, all }'
