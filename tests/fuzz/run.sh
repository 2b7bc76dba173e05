#!/bin/sh
# Fuzzes: libFuzzer on each target, two at once, and first on a copy with a known defect, which has to be found.
# usage: tests/fuzz/run.sh BUILD [TARGET...]; BUILD is a folder of MODE=fuzz.
#
# FUZZ_SECONDS  of each target (60)
# FUZZ_KEEP=1   what is new and brings coverage is added to tests/fuzz/corpus, reduced to the fewest and smallest inputs
#
# New inputs are kept in BUILD/found/TARGET from run to run; what crashes, in BUILD/crashes/, with the command that replays it.
# An input may take 5 s and 1 GiB. Ends with "N passed, N failed".
set -u

here=tests/fuzz
# As the product's own tests: leaks are faults; what an arena could not give must not be asked for.
ASAN_OPTIONS=detect_leaks=1:allocator_may_return_null=1:detect_stack_use_after_return=0
UBSAN_OPTIONS=print_stacktrace=1
LSAN_OPTIONS=suppressions=$PWD/tests/suppress/lsan.supp:print_suppressions=0
OMP_NUM_THREADS=1
export ASAN_OPTIONS UBSAN_OPTIONS LSAN_OPTIONS OMP_NUM_THREADS

# one BUILD TARGET LONGEST: a line of figures; what is wrong goes to BUILD/failed/TARGET.
one() {
    build=$1 target=$2 longest=$3
    found=$build/found/$target crashes=$build/crashes log=$build/logs/$target
    mkdir -p "$found" "$crashes" "$build/logs" "$build/failed"
    ln -sf fuzz "$build/tests/fuzz/$target"
    dict=
    [ ! -f "$here/dict/$target.dict" ] || dict=-dict=$here/dict/$target.dict
    before=$(find "$found" -type f | wc -l)
    status=0
    # shellcheck disable=SC2086
    nice -n 10 "$build/tests/fuzz/$target" -max_total_time="${FUZZ_SECONDS:-60}" -max_len="$longest" -timeout=5 -rss_limit_mb=1024 \
        -print_final_stats=1 -artifact_prefix="$crashes/$target-" $dict "$found" "$here/corpus/$target" >"$log" 2>&1 || status=$?
    rate=$(sed -n 's/^stat::average_exec_per_sec: *//p' "$log")
    cover=$(sed -n 's/.* cov: \([0-9]*\) .*/\1/p' "$log" | tail -n 1)
    new=$(($(find "$found" -type f | wc -l) - before))
    if [ "$status" = 0 ]; then
        printf '  ok    %-10s %7s executions/s  %6s edges  %4s new inputs\n' "$target" "$rate" "$cover" "$new"
        return
    fi
    input=$(sed -n 's/.*Test unit written to //p' "$log" | tail -n 1)
    {
        printf '  FAIL  %-10s\n' "$target"
        grep -m 3 -E 'does not hold|ERROR: |runtime error|mmectl: ' "$log" | sed 's/^/        /'
        printf '        replay: %s %s\n' "$build/tests/fuzz/$target" "${input:-(see $log)}"
    } | tee "$build/failed/$target"
}

if [ "${1:-}" = --one ]; then
    shift
    one "$@"
    exit 0
fi

build=$1
shift
rm -rf "$build/failed" "$build/logs"
mkdir -p "$build/failed"
list=$("$build/tests/fuzz/replay" | cut -f 1,2)
[ $# -gt 0 ] || set -- $(echo "$list" | cut -f 1)
sh "$here/seeded.sh" "$build" fuzz || exit 1
for target; do
    longest=$(echo "$list" | awk -v name="$target" '$1 == name { print $2 }')
    [ -n "$longest" ] || { echo "there is no target '$target'" >&2; exit 64; }
    echo "$target $longest"
done | xargs -P 2 -L 1 sh "$0" --one "$build"
failed=$(find "$build/failed" -type f | wc -l)
if [ -n "${FUZZ_KEEP:-}" ]; then
    for target; do
        mkdir -p "$here/corpus/$target"
        find "$build/found/$target" -type f -size -4k | head -n 5000 >"$build/small"
        rm -rf "$build/merge"
        mkdir "$build/merge"
        xargs -r cp -t "$build/merge" <"$build/small"
        "$build/tests/fuzz/$target" -merge=1 "$here/corpus/$target" "$build/merge" >"$build/logs/$target.merge" 2>&1
    done
fi
echo "$(($# - failed)) passed, $failed failed"
[ "$failed" = 0 ]
