#!/bin/sh
# Every example's whole life, whatever it is: a new file in examples/ is tested, and listed in examples/README.md, or this
# fails. Use cases with a test of their own are looked at closely there; here is what holds for all.
. tests/e2e/lib.sh

fast_local
count=0
for spec in examples/*.yaml; do
    name=$(basename "$spec" .yaml)
    count=$((count + 1))
    ok "$name: examples/README.md has it" grep -qF "]($name.yaml)" examples/README.md
    ok "$name: with the one command that runs it" grep -qF "mmectl apply examples/$name.yaml --local" examples/README.md
    ok "$name: which its own first lines show, too" sh -c "head -n 12 '$spec' | grep -qE 'mmectl apply +$spec --local'"
    run "$MMECTL" validate "$spec"
    is_exit 0 "$name: validate"
    lacks_err '^Warning: ' "$name: without a warning"
    mme apply "$spec"
    is_exit 0 "$name: apply"
    mme plan "$spec" -detailed-exitcode
    is_exit 0 "$name: then there is nothing to do"
    run "$MMECTL" status "$spec" --local
    is_exit 0 "$name: status"
    run "$MMECTL" test "$spec" --local --calls 2
    is_exit 0 "$name: every model answers"
    has_out '^[1-9][0-9]* .*, 0 failed\.$' "$name: at least one"
    run "$MMECTL" cost "$spec"
    is_exit 0 "$name: cost"
    mme destroy "$spec"
    is_exit 0 "$name: destroy"
    is "$(things | grep -vE '^(bucket|log-group /aws/sagemaker/TrainingJobs) ')" "" "$name: leaves nothing"
done
ok "there are examples" test "$count" -ge 5

# And nothing is listed that is not there.
sed -n 's/.*](\([a-z-]*\.yaml\)).*/\1/p' examples/README.md | sort -u >"$T/listed"
ls examples | grep '\.yaml$' | sort >"$T/there"
is "$(cat "$T/listed")" "$(cat "$T/there")" "examples/README.md lists what is there"
ok "the README leads to it" grep -qF '](examples/README.md)' README.md
done_testing
