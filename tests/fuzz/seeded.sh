#!/bin/sh
# Shows that the gate can fail: builds the program with the defect of tests/fuzz/seeded.patch, and it has to be found.
# usage: tests/fuzz/seeded.sh BUILD replay|fuzz
#   replay  by the files of the corpus
#   fuzz    by libFuzzer from nothing, within FUZZ_SEEDED_SECONDS (60); BUILD is a folder of MODE=fuzz
# Says in a line what was found; exit 1 when nothing was.
set -u

build=$1 by=$2 target=chunked
out=$build/mutants/seeded
MUTANTS_FROM=tests/fuzz tests/mutants/build.sh "$build" seeded "tests/fuzz/$by" || exit 1
began=$(date +%s)
if [ "$by" = fuzz ]; then
    ln -sf fuzz "$out/$target"
    "$out/$target" -max_total_time="${FUZZ_SEEDED_SECONDS:-60}" -max_len=200 -only_ascii=1 -artifact_prefix="$out/" \
        -dict="tests/fuzz/dict/$target.dict" >"$out/log" 2>&1
else
    "$out/replay" "$target" tests/fuzz/corpus/$target/* >"$out/log" 2>&1
fi
status=$?
what=$(sed -n 's/.*does not hold: //p' "$out/log" | head -n 1)
if [ "$status" = 0 ] || [ -z "$what" ]; then
    echo "the seeded defect was not found by $by (exit $status): see $out/log"
    exit 1
fi
echo "the seeded defect is found by $by in $(($(date +%s) - began)) s: '$what' does not hold"
