#!/bin/sh
# Every input of the corpora, and every one that once broke something, through its target; and the gate itself.
. tests/e2e/lib.sh

replay=$BUILD/tests/fuzz/replay
"$replay" >"$T/targets" || bail "no $replay: make tools"
while read -r target longest what; do
    if "$replay" "$target" tests/fuzz/corpus/"$target"/* >"$T/$target.out" 2>"$T/$target.err"; then
        pass "$target: $(sed -n 's/.*: //p' "$T/$target.out")"
    else
        fail "$target: $what" "$(tail -n 20 "$T/$target.err")"
    fi
    is "$(find tests/fuzz/corpus/"$target" -type f -size +"$longest"c)" "" "$target: none is longer than the target reads"
done <"$T/targets"
cut -f 1 "$T/targets" | sort >"$T/names"
is "$(ls tests/fuzz/corpus | sort)" "$(cat "$T/names")" "each corpus has a target, and each target a corpus"
is "$(ls tests/fuzz/targets | sed 's/\.c$//' | sort)" "$(cat "$T/names")" "each target has a file of its name"
is "$(ls tests/fuzz/dict | sed 's/\.dict$//' | sort | comm -23 - "$T/names")" "" "each dictionary has a target"
run sh tests/fuzz/seeded.sh "$BUILD" replay
is_exit 0 "a seeded defect is found by the corpus"
has_out "^the seeded defect is found by replay in [0-9]+ s: 'bytes\.len > 0' does not hold$" "and is said"
done_testing
