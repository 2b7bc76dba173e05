#!/bin/sh
# Prints the line coverage of each product file, the least covered first, and of all. Where the rules of mmectl live, every
# line must be covered: each that is not is named ("file:line: text") and is a failure, unless a mark in place says why.
#
# usage: tests/harness/cover.sh BUILD     from the root of the tree, after tests of a MODE=cover build have run
#
# A mark names the line that it ends, or the lines between two comments:
#
#     abort(); /* uncovered: reason */
#
#     /* uncovered from here: reason */
#     ...
#     /* covered again */
#
# A mark on a line that is executed, or that holds no code, is a failure, too: it has become untrue.
set -eu
LC_ALL=C
export LC_ALL
must='^(specs|engine/(plan|reconcile|resource|stack))/|^engine/aws/sigv4\.c$'
top=$PWD
scratch=$1/gcov
rm -rf "$scratch"
mkdir -p "$scratch"
# By source, as a build folder may still hold what the tree no longer has. Without a .gcda nothing of it has run.
find engine specs cmd -name '*.c' 2>/dev/null | sed "s|^\(.*\)\.c\$|$top/$1/obj/\1.gcno|" >"$scratch/list"
xargs gcov -t -s "$top" <"$scratch/list" 2>"$scratch/gcov.err" | awk -F: -v must="$must" '
    function line_of(text) { sub(/^[^:]*:[^:]*:/, "", text); return text }
    $2 + 0 == 0 {
        if ($3 == "Source") { file = $4; known = file ~ /^(engine|specs|cmd)\/.*\.[ch]$/ }
        if (known && !(file in seen)) { seen[file] = 1; files[++n_files] = file }
        next
    }
    !known { next }
    {
        at = file SUBSEP ($2 + 0)
        count = $1
        gsub(/[ *]/, "", count)
        if (count != "-") { is_code[at] = 1; if (count !~ /^[#=]/) hits[at] = 1 }
        text[at] = line_of($0)
        if (last[file] < $2 + 0) last[file] = $2 + 0
    }
    function fault(file, i, what) {
        what = what text[file, i]
        gsub(/[ \t]+/, " ", what)
        print "fault " file ":" i ":" what
    }
    function judge(file,   i, at, row, block, has_hole, marked, lines, covered) {
        for (i = 1; i <= last[file]; i++) {
            at = file SUBSEP i
            row = text[at]
            if (row ~ /\/\* covered again \*\//) {
                if (block && !has_hole) fault(file, block, " a mark on no line that is not covered:")
                if (!block) fault(file, i, " the end of no mark:")
                block = 0
            }
            marked = block || row ~ /\/\* uncovered: [^ *].* \*\//
            if (!marked && row ~ /\/\* uncovered/ && row !~ /\/\* uncovered from here: [^ *].* \*\//)
                fault(file, i, " a mark without its reason:")
            if (at in is_code) {
                lines++
                covered += at in hits
                if (file ~ must && marked && at in hits) fault(file, i, " marked, but it is executed:")
                if (file ~ must && !marked && !(at in hits)) fault(file, i, "")
                if (marked && !(at in hits)) { has_hole = 1; excused += file ~ must }
            } else if (marked && !block)
                fault(file, i, " a mark on a line without code:")
            if (row ~ /\/\* uncovered from here: [^ *].* \*\//) { block = i; has_hole = 0 }
        }
        if (block) fault(file, block, " a mark without its end:")
        if (lines == 0) return
        printf "file %6.1f %% %6d  %s\n", 100 * covered / lines, lines, file
        all += lines; hit += covered
        if (file ~ must) { must_all += lines; must_hit += covered }
    }
    END {
        for (i = 1; i <= n_files; i++) judge(files[i])
        if (all > 0) printf "last %6.1f %% %6d  all of it\n", 100 * hit / all, all
        if (must_all > 0)
            printf "last %6.1f %% %6d  what must be covered, and %d line%s that cannot be\n", \
                100 * (must_hit + excused) / must_all, must_all - excused, excused, excused == 1 ? "" : "s"
    }' >"$scratch/report"
sed -n 's/^file //p' "$scratch/report" | sort -n
sed -n 's/^last //p' "$scratch/report"
sed -n 's/^fault //p' "$scratch/report"
grep -q '^file ' "$scratch/report" || { echo "nothing of '$1' can be read" >&2; exit 1; }
! grep -q '^fault ' "$scratch/report"
