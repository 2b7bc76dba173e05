#!/bin/sh
# The slice of the simulation that every `make test` runs: every 61st case of each part, and all of the planted defects.
# `make sim` runs the rest. Cases that failed once are played by name, whatever the slice holds.
set -u
sim=$BUILD/tests/sim/sim
n=0
echo 1..9
for part in checks crash double fault random pair lease; do
    n=$((n + 1))
    thin=61
    [ "$part" = checks ] && thin=1
    if said=$("$sim" --part="$part" --thin="$thin" 2>&1); then
        echo "ok $n - $(printf '%s\n' "$said" | tail -n 1)"
    else
        echo "not ok $n - $part"
        printf '%s\n' "$said" | sed 's/^/# /'
    fi
done
# A record damaged on its way: a rollback chose what was live already, or published the record without the other models.
for case in fault/rollback/versioned/2/garbage fault/rollback/versioned/11/garbage; do
    n=$((n + 1))
    if said=$("$sim" --replay="$case" 2>&1); then
        echo "ok $n - $case"
    else
        echo "not ok $n - $case"
        printf '%s\n' "$said" | tail -n 20 | sed 's/^/# /'
    fi
done
