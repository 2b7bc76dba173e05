#!/bin/sh
# The slice of the simulation that every `make test` runs: every 61st case of each part, and all of the planted defects.
# `make sim` runs the rest.
set -u
sim=$BUILD/tests/sim/sim
n=0
echo 1..7
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
