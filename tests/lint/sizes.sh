#!/bin/sh
# A file has at most 600 lines, a function at most 80; a test's function may carry its table of cases.
. "$(dirname "$0")/lib.sh"

{ c_files; c_files tests; } | while read -r file; do
    awk -v file="$file" '
        file ~ /^tests\// { if (FNR > 600 && !told++) print file ":1: a file of more than 600 lines"; next }
        /^\{$/ { start = NR }
        /^\}$/ && start { if (NR - start - 1 > 80) print file ":" start ": a function of " NR - start - 1 " lines"; start = 0 }
        END { if (NR > 600 && !told) print file ":1: a file of " NR " lines" }' "$file"
done >"$faults"
gate_end
