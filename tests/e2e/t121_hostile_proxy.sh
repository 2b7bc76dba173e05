#!/bin/sh
# What must not bring the HTTPS proxy down: tests/e2e/hostile_proxy.py. Afterwards nothing is left open.
. tests/e2e/lib.sh
"$MMECTL" local start --delay all=0 --https-proxy >"$T/start.log" 2>&1 || bail "local start: $(cat "$T/start.log")"
eval "$("$MMECTL" local env --https-proxy)"
pid=$("$MMECTL" local status --json | jq -r .pid)
"$PYTHON" -W ignore tests/e2e/hostile_proxy.py >"$T/hostile" || echo "not ok - it ended early" >>"$T/hostile"
while read -r word rest; do
    case $word in
    ok) pass "${rest#* - }" ;;
    not) fail "${rest#* - }" "$(cat "$T/hostile")" ;;
    1..*) planned=${word#1..} ;;
    esac
done <"$T/hostile"
is "${planned:-none}" "$tap_count" "every check was made"
left=
for _ in 1 2 3 4 5 6 7 8 9 10 11 12; do # what was cut off is closed after its time, ten seconds
    left=$(ls "/proc/$pid/fd" | wc -l)
    [ "$left" -gt 60 ] || break
    "$PYTHON" -c 'import select; select.select([], [], [], 1)'
done
ok "the descriptors are closed again" test "$left" -le 60
ok "the same process still runs" kill -0 "$pid"
is "$(grep -v "ASan doesn't fully support" "$MMECTL_HOME/server.log")" "" "it had nothing to complain of"
run "$MMECTL" local stop
is_exit 0 "and stops"
done_testing
