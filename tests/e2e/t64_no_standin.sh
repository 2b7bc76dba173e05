#!/bin/sh
# A stand-in that is not there and cannot be started, or not where it was asked for: said with the reason, and nothing is left.
. tests/e2e/lib.sh
. tests/e2e/bad.sh

# This one runs throughout; what goes wrong beside it is none of its business.
fast_local
call s3 mb bystander
before=$(things)
spec=examples/mme-demo.yaml

# at HOME COMMAND...: with another home for the stand-in.
at() {
    home=$1
    shift
    run env MMECTL_HOME="$home" "$MMECTL" "$@"
}

# nobody HOME NAME: no stand-in runs for it.
nobody() {
    at "$1" local status -json
    is "$exit $(grep -c '"running": false' "$T/out")" "1 1" "$2: nothing runs"
    at "$1" local stop
}

# ---- no place for its files ----

echo "a file" >"$T/file"
for home in "$T/file" "$T/file/below"; do
    at "$home" apply "$spec" --local -auto-approve --stats
    refused "home is ${home#"$T/"}" 1 "the stand-in has no home folder: creating folder '$T/file': Not a directory" "" \
        "set MMECTL_HOME to a folder that can be written to"
done
is "$(cat "$T/file")" "a file" "the file is as it was"
at /proc/nobody plan "$spec" --local --stats
refused "home in /proc" 1 "the stand-in has no home folder: creating folder '/proc/nobody': .*" "" "set MMECTL_HOME to .*"
run env -i PATH="$PATH" "$MMECTL" plan "$spec" --local --stats
refused "no home at all" 1 "there is no home folder for the stand-in" "" "set MMECTL_HOME to a folder for its files"
if [ "$(id -u)" = 0 ]; then
    skip "home in a folder of somebody else" "root may write everywhere"
else
    mkdir "$T/closed" && chmod 500 "$T/closed"
    at "$T/closed/home" plan "$spec" --local --stats
    refused "home in a folder of somebody else" 1 "the stand-in has no home folder: .*: Permission denied" "" ".+"
fi

# ---- files that are no world ----

mkdir -p "$T/garbage" "$T/taken/server.log" "$T/newer"
seq 1 2000 >"$T/garbage/world.db"
cp "$T/garbage/world.db" "$T/garbage.copy"
at "$T/garbage" plan "$spec" --local --stats
refused "world.db is no database" 1 "cannot start the stand-in: .*'?$T/garbage/world\.db'?.*" "" ".+"
ok "world.db is no database: it is not overwritten" cmp "$T/garbage/world.db" "$T/garbage.copy"
nobody "$T/garbage" "world.db is no database"
at "$T/taken" plan "$spec" --local --stats
refused "server.log is a folder" 1 "opening '$T/taken/server\.log': Is a directory" "" ".+"
echo "nonsense" >"$T/newer/local.json"
at "$T/newer" local start
is_exit 0 "a damaged local.json is no obstacle"
at "$T/newer" local stop
is_exit 0 "and is written anew"

# ---- ports ----

port=${AWS_ENDPOINT_URL##*:}
at "$T/second" local start --port="$port"
refused "port taken" 1 "cannot start the stand-in: port $port on 127\.0\.0\.1 is taken" "" "choose another with --port, or none for any free one"
nobody "$T/second" "port taken"
at "$T/second" local start
is_exit 0 "port taken: any free one does"
at "$T/second" local stop
run "$MMECTL" local start --port=1
refused "another port than it runs on" 1 "the stand-in is running on port $port already" "" "'mmectl local stop' ends it"
run "$MMECTL" local start
is_exit 0 "starting it twice is fine"
has_out "^AWS stand-in is running already at http://127\.0\.0\.1:$port\$" "and says where it is"
for wrong in 0 65536 -1 http; do
    at "$T/third" local start --port="$wrong"
    refused "no port: $wrong" 64 "there is no port 65536|option '--port' takes a whole number of at least 1, not '.*'" "" ".+"
done
at "$T/third" local start --delay=training
refused "a delay without a value" 64 "option '--delay' takes NAME=MS, not 'training'" "" "see 'mmectl help local start'"
at "$T/third" local start --delay=nosuch_ms=5
refused "a delay that is not there" 64 "there is no delay 'nosuch_ms'" "" "see 'mmectl help local start'"
is "$(ls "$T/third" 2>/dev/null)" "" "a wrong command line leaves no files"

# ---- not running, and nobody to start it ----

at "$T/fourth" local status
refused "status of none" 1 "no stand-in is running for '$T/fourth'" "" "'mmectl local start' starts it"
at "$T/fourth" local stop
is_exit 0 "stopping none is fine"
has_out '^No AWS stand-in is running\.$' "and says so"
at "$T/fourth" apply "$spec" -auto-approve --stats --endpoint-url http://127.0.0.1:1
refused "an endpoint URL where nobody listens" 1 "GetCallerIdentity: no connection to '127\.0\.0\.1:1': .*" "" "check the network, the region and any configured endpoint URL"
at "$T/fourth" plan "$spec" --endpoint-url nonsense
refused "an endpoint URL that is none" 64 "--endpoint-url is not a URL: 'nonsense'" "" "it looks like .*"

# Somebody else answers at that port: not taken for AWS.
"$PYTHON" -u -I -S -m http.server --bind 127.0.0.1 --directory "$T/third" 0 >"$T/http.log" 2>&1 &
other=$!
tries=0
until grep -qs 'port [0-9]' "$T/http.log" || [ $tries -ge 200 ]; do
    tries=$((tries + 1))
    "$PYTHON" -I -S -c 'import time; time.sleep(0.05)'
done
somebody=$(sed -n 's/.*port \([0-9]*\).*/\1/p' "$T/http.log")
at "$T/fourth" plan "$spec" --stats --endpoint-url "http://127.0.0.1:$somebody"
refused "an endpoint URL where a web server listens" 1 "GetCallerIdentity: .*" "" ".+"
kill $other
wait $other 2>/dev/null

same_things "the other stand-in saw nothing of it" "$before"
done_testing
