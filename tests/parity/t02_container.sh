#!/bin/sh
# The bytes of `mmectl serve` are those of AWS's container: a thousand random payloads of each objective.
. tests/e2e/lib.sh

mkdir "$T/models"
"$PYTHON" tests/parity/parity.py "$MMECTL" "$T/models" "${PARITY_PAYLOADS:-1000}" >"$T/parity.tap" 2>&1
while IFS= read -r line; do
    case $line in
        'ok - '*) pass "${line#ok - }" ;;
        'not ok - '*) fail "${line#not ok - }" ;;
        *) note "$line" ;;
    esac
done <"$T/parity.tap"
grep -q '^done$' "$T/parity.tap" && pass "every objective was gone through" || fail "it ended early"

done_testing
