#!/bin/sh
# What `make bench` calls: each figure against a named baseline measured in the same run, in rounds that alternate, so
# that a busy machine disturbs both. The ratio is the median of the rounds' ratios; with it come the medians, and in
# brackets the smallest and the largest round. A missed target is said and does not fail; only what breaks does.
#
# usage: tests/bench/run.sh BUILD [NAME...]     NAME: the words of $known below; all when none is given
# BENCH_ROUNDS=N sets the rounds of each (7). The rounds' figures stay in BUILD/bench/NAME.txt, in microseconds.
set -u
LC_ALL=C
export LC_ALL

build=${1:?usage: tests/bench/run.sh BUILD [NAME...]}
shift
known="training customers warm cold plan start sim sign serve_one serve_many serve_rate serve_models load_bin load_ubj loaded \
uniform memory zipf s3_put s3_get s3_list s3_upload s3_memory"
wanted=${*:-$known}
rounds=${BENCH_ROUNDS:-7}
case $build in
/*) ;;
*) build=$PWD/$build ;;
esac
mmectl=$build/mmectl
helpers=$build/tests/bench
out=$build/bench
spec=$out/spec.yaml
endpoint=mme-demo
threads=$(nproc)
server_threads=$((threads > 2 ? threads : 2)) # as engine/httpd counts them
MMECTL_HOME=$out/home
export MMECTL_HOME
missed=0

moto_pid=

finish() {
    code=$?
    trap - EXIT INT TERM
    [ -z "$moto_pid" ] || kill "$moto_pid" 2>/dev/null
    "$mmectl" local stop >/dev/null 2>&1
    rm -rf "$MMECTL_HOME"
    exit "$code"
}
trap finish EXIT
trap 'exit 130' INT
trap 'exit 143' TERM

broken() {
    echo "bench: $*" >&2
    exit 1
}

must() { # COMMAND...: quietly
    "$@" >"$out/log" 2>&1 || broken "'$*' failed: $(tail -n 5 "$out/log")"
}

# ---- the world ----

prepare() {
    "$mmectl" local stop >/dev/null 2>&1
    rm -rf "$out"
    mkdir -p "$out/models" "$MMECTL_HOME"
    cp -r examples/data "$out/data"
    sed 's/^\( *backend:\) sagemaker/\1 local/' examples/mme-demo.yaml >"$spec"
    grep -q '^ *backend: local' "$spec" || broken "examples/mme-demo.yaml has no backend to change"
    models=$(sed -n 's/^ *- name: *//p' "$spec")
    head -n 1 "$out/data/breast-cancer-validation.csv" | cut -d, -f2- >"$out/row"
    must "$mmectl" local start --delay all=0
    must "$mmectl" apply "$spec" --local -auto-approve
    must "$helpers/train_bare" "$spec" "$threads" "$out/models"
}

# Microseconds from the first training's start to the last one's end, by the times of the events.
training_us() {
    awk '
        /"type":"apply_(start|complete)"/ && /"addr":"mmectl_local_training\./ {
            at = $0; sub(/.*"@timestamp":"[^T]*T/, "", at); sub(/Z".*/, "", at)
            split(at, t, ":"); s = t[1] * 3600 + t[2] * 60 + t[3]
            if (!n++) first = s
            ended += /"type":"apply_complete"/
            last = s
        }
        END {
            if (n != 2 * models || ended != models) exit 1
            if (last < first) last += 86400
            printf "%.0f\n", (last - first) * 1e6
        }' models="$(echo "$models" | wc -l)" "$1"
}

# ---- the measurements: lines "OURS BASELINE" ----

measure_training() {
    round=0
    while [ "$round" -lt "$rounds" ]; do
        round=$((round + 1))
        must "$mmectl" local reset
        "$mmectl" apply "$spec" --local -auto-approve -json >"$out/events" 2>"$out/log" ||
            broken "apply failed: $(tail -n 5 "$out/events" "$out/log")"
        ours=$(training_us "$out/events") || broken "the events of apply do not have every training"
        bare=$("$helpers/train_bare" "$spec" "$threads") || exit 1
        echo "$ours $bare"
    done
}

# 100,000 rows of 1,000 customers, mixed: the same numbers every time.
customers_csv() {
    awk 'BEGIN {
        x = 1
        for (row = 0; row < 100000; row++) {
            sum = 0; line = ""
            for (col = 0; col < 20; col++) {
                x = (x * 69069 + 1) % 4294967296
                v = int(x / 4294967296 * 20000 - 10000) / 10000
                if (col < 3) sum += v
                line = line "," v
            }
            print "customer " ((row * 619) % 1000) "," (sum > 0) line
        }
    }'
}

# From the first training's start to the last one's end, without what packing takes; both have read the file before.
measure_customers() {
    customers_csv >"$out/customers.csv"
    cat >"$out/customers.yaml" <<EOF
apiVersion: mmectl/v1
kind: MultiModelEndpoint
metadata: {name: customers}
spec:
  region: us-east-1
  role: arn:aws:iam::123456789012:role/SageMakerExecutionRole
  training:
    backend: local
    channels: {train: {source: customers.csv, contentType: text/csv}}
    hyperparameters: {objective: "binary:logistic", eval_metric: auc, num_round: 30, max_depth: 3, eta: 0.4}
  modelSets:
    - {name: "{key}", partition: {column: 0}}
  endpoint: {instance: {type: ml.m5.large}}
EOF
    round=0
    while [ "$round" -lt $(((rounds + 1) / 2)) ]; do
        round=$((round + 1))
        must "$mmectl" local reset
        "$mmectl" apply "$out/customers.yaml" --local -auto-approve -json >"$out/events" 2>"$out/log" ||
            broken "apply failed: $(tail -n 5 "$out/events" "$out/log")"
        ours=$(awk '
            !/"type":"apply_(start|complete)"/ || !/"addr":"mmectl_local_training\./ { next }
            { at = $0; sub(/.*"@timestamp":"[^T]*T/, "", at); sub(/Z".*/, "", at)
              split(at, t, ":"); s = t[1] * 3600 + t[2] * 60 + t[3] }
            !n++ { first = s }
            /"type":"apply_complete"/ { ended++; last = s }
            END {
                if (ended != 1000) exit 1
                if (last < first) last += 86400
                printf "%.0f\n", (last - first) * 1e6
            }' "$out/events") || broken "the events of apply do not have every training"
        bare=$("$helpers/groups_bare" "$out/customers.csv" "$threads" 30 objective=binary:logistic eval_metric=auc \
            max_depth=3 eta=0.4) || exit 1
        echo "$((ours - ${bare#* })) ${bare% *}"
    done
    must "$mmectl" local reset # the rows after this one want the demo
    must "$mmectl" apply "$spec" --local -auto-approve
}

# Model by model, so that each has its rounds; half of them is plenty for one. Client and servers are put on one core:
# otherwise a round says where the scheduler put them rather than what an answer costs, and waking an idle core hides it.
measure_warm() {
    cores=$(taskset -cp $$ | sed 's/.*: *//')
    core=${cores%%[!0-9]*}
    pid=$("$mmectl" local status --json 2>/dev/null | sed -n 's/.*"pid": *\([0-9]*\).*/\1/p' | head -n 1)
    must taskset -acp "$core" "${pid:?no stand-in}"
    for model in $models; do
        taskset -c "$core" "$helpers/invoke" warm "$(((rounds + 1) / 2))" 2000 "$endpoint" "$out/row" \
            "$helpers/static_server" "$server_threads" "$model" || exit 1
    done
    must taskset -acp "$cores" "$pid"
}

measure_cold() {
    # shellcheck disable=SC2086  # a list of words
    "$helpers/invoke" cold $((2 * rounds)) "$endpoint" "$out/row" "$out/models" $models
}

# `mmectl serve` against libmicrohttpd alone: 130 trees of depth 6 (450 KB and more), a row of 30 values.
served() { # MODE ARGUMENT...
    mode=$1
    shift
    [ -f "$out/served/00.row" ] || must "$helpers/serve_load" train "$out/served"
    OMP_NUM_THREADS=1 "$helpers/serve_load" "$mode" "$@"
}

measure_serve_one() { served warm p50 1 1 5 5000 "$out/served" "$mmectl" "$helpers/static_server"; }
measure_serve_many() { served warm p50 64 1 5 50000 "$out/served" "$mmectl" "$helpers/static_server"; }
measure_serve_rate() { served warm rate 64 1 5 50000 "$out/served" "$mmectl" "$helpers/static_server"; }
measure_serve_models() { served warm rate 64 1000 5 50000 "$out/served" "$mmectl" "$helpers/static_server"; }
measure_load_bin() { served cold bin 5 200 "$out/served" "$mmectl"; }
measure_load_ubj() { served cold ubj 5 200 "$out/served" "$mmectl"; }
measure_zipf() { served zipf 5 20000 1000 300 "$out/served"; }

# These three come from one run, which takes a minute to load its models.
of_many() {
    [ -f "$out/many/memory.txt" ] || {
        mkdir -p "$out/many"
        served many 10 "${SERVE_MODELS:-10000}" 5 20000 "$out/served" "$mmectl" "$out/many" || return 1
    }
    cat "$out/many/$1.txt"
}
measure_loaded() { of_many loaded; }
measure_uniform() { of_many uniform; }
measure_memory() { of_many memory; }

# ---- S3 of the stand-in against moto's server, as tests/interop installs it ----

free_port() {
    /usr/bin/python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

# false: there is none, and why is in $out/moto.why.
start_moto() {
    [ -z "$moto_pid" ] || return 0
    [ ! -e "$out/moto.why" ] || return 1
    venv=$(/usr/bin/python3 -B tests/interop/harness/install.py python 2>"$out/moto.why") || return 1
    moto_port=$(free_port)
    "$venv/bin/python" -B -m moto.server -p "$moto_port" >/dev/null 2>&1 &
    moto_pid=$!
    rm -f "$out/moto.why"
    tries=0
    until curl -s -o "$out/log" --noproxy '*' "http://127.0.0.1:$moto_port/moto-api/"; do
        tries=$((tries + 1))
        [ "$tries" -lt 600 ] && kill -0 "$moto_pid" 2>/dev/null || broken "moto's server does not answer"
        sleep 0.1
    done
}

s3_load() { # MODE ROUNDS COUNT WIDTH [PID OTHER_PID]
    (
        eval "$("$mmectl" local env)"
        mode=$1 times=$2 count=$3 width=$4
        shift 4
        "$helpers/s3_load" "$mode" "$times" "$count" "$width" "${AWS_ENDPOINT_URL##*:}" "$moto_port" "$@"
    )
}

standin_pid() {
    "$mmectl" local status --json 2>/dev/null | sed -n 's/.*"pid": *\([0-9]*\).*/\1/p' | head -n 1
}

measure_s3_put() { s3_load put $(((rounds + 1) / 2)) 1000 4; }
measure_s3_get() { s3_load get $(((rounds + 1) / 2)) 1000 4; }
measure_s3_list() { s3_load list $(((rounds + 1) / 2)) 20 4; }
measure_s3_upload() { s3_load upload $(((rounds + 2) / 3)) 512 2; }
measure_s3_memory() { s3_load memory 2 512 2 "$(standin_pid)" "$moto_pid"; }

measure_plan() {
    must "$mmectl" plan "$spec" --local -detailed-exitcode # exit 2 when there is something to do
    "$helpers/runs" $((2 * rounds)) "$mmectl" plan "$spec" --local -- "$helpers/empty"
}

measure_start() {
    needed "$mmectl" >"$out/ours.needed"
    needed "$helpers/empty" >"$out/empty.needed"
    cmp -s "$out/ours.needed" "$out/empty.needed" || broken "the empty program is linked to other libraries than mmectl"
    "$helpers/runs" $((10 * rounds)) "$mmectl" version -- "$helpers/empty"
}

# Microseconds of CPU, since a simulation is one thread that waits for nothing.
measure_sim() {
    "$helpers/sim_rate" "$rounds" 80000
}

measure_sign() {
    "$helpers/sign" $((2 * rounds))
}

needed() {
    readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' | sort
}

# ---- the table ----

line='%-38s %-26s %-26s %6s  %-9s %s\n'

# row NAME TITLE BASELINE KIND LIMIT: KIND ratio: ours / baseline is at most LIMIT; best: of the best rounds of each, and
# kib: of kilobytes; ms: ours is at most LIMIT ms; mib: ours is at most LIMIT MiB; told: no target.
row() {
    case " $wanted " in
    *" $1 "*) ;;
    *) return ;;
    esac
    case $1 in
    s3_*)
        start_moto || {
            echo "$2: skipped, moto $(cat "$out/moto.why")"
            return
        }
        ;;
    esac
    "measure_$1" >"$out/$1.txt" || broken "measuring '$1' failed"
    figures=$(awk '
        function sort(a, n,    i, k, t) {
            for (i = 2; i <= n; i++) { t = a[i]; for (k = i - 1; k > 0 && a[k] > t; k--) a[k + 1] = a[k]; a[k + 1] = t }
        }
        function median(a, n) { return n % 2 ? a[(n + 1) / 2] : (a[n / 2] + a[n / 2 + 1]) / 2 }
        function shown(a, n) {
            if (kind == "kib" || kind == "mib") return sprintf("%.0f MiB", median(a, n) / 1024)
            return median(a, n) >= 10000 ? sprintf("%.0f (%.0f-%.0f) ms", median(a, n) / 1e3, a[1] / 1e3, a[n] / 1e3) \
                : median(a, n) >= 1000 ? sprintf("%.1f (%.1f-%.1f) ms", median(a, n) / 1e3, a[1] / 1e3, a[n] / 1e3) \
                : sprintf("%.0f (%.0f-%.0f) us", median(a, n), a[1], a[n])
        }
        NF == 2 && $1 > 0 && $2 > 0 { n++; ours[n] = $1; base[n] = $2; ratio[n] = $1 / $2; next }
        { exit bad = 1 }
        END {
            if (bad || n == 0) exit 1
            sort(ours, n); sort(base, n); sort(ratio, n)
            r = median(ratio, n)
            if (kind == "best" || kind == "kib") r = ours[1] / base[1]
            met = kind == "told" ? 1 : kind == "ms" ? median(ours, n) <= limit * 1000 \
                : kind == "mib" ? median(ours, n) <= limit * 1024 : r <= limit
            printf "%s|%s|%.2f|%s|%s\n", shown(ours, n), shown(base, n), r,
                kind == "told" ? "-" : kind == "ms" ? "<= " limit " ms" : kind == "mib" ? "<= " limit " MiB" : "<= " limit "x", met ? "ok" : "MISSED"
        }' kind="$4" limit="$5" "$out/$1.txt") || broken "the figures of '$1' cannot be read: $(head -n 3 "$out/$1.txt")"
    IFS='|' read -r ours base ratio target verdict <<EOF
$figures
EOF
    # shellcheck disable=SC2059  # the format is ours
    printf "$line" "$2" "$ours" "$base" "$ratio" "$target" "$verdict"
    printf '  baseline: %s\n' "$3"
    [ "$verdict" = ok ] || missed=$((missed + 1))
}

for name in $wanted; do
    case " $known " in
    *" $name "*) ;;
    *) broken "there is no '$name' to measure" ;;
    esac
done
[ -x "$mmectl" ] || broken "there is no $mmectl: run 'make bench'"
prepare
echo "$(uname -m), $threads cores, load $(cut -d' ' -f1 /proc/loadavg); median (min-max), $rounds rounds; ratio: median over rounds"
# shellcheck disable=SC2059
printf "$line" "" ours baseline ratio target ""
row training "five variants, backend: local" \
    "libxgboost's C calls alone, same parameters, $threads threads, nothing packed" ratio 1.3
row customers "1,000 models from one CSV, local" \
    "libxgboost's C calls alone on the same groups, $threads threads; packing taken out" ratio 1.15
row warm "warm invoke, p50, one connection" \
    "libmicrohttpd alone, a fixed answer of the same size, same client, request and core" ratio 2
row cold "first call of an unloaded model" \
    "libxgboost loading the model's bytes and scoring the row, no HTTP, no archive" ms 10
row plan "plan without changes" \
    "an empty program linked to the same libraries" ms 150
row start "start-up: mmectl version" \
    "an empty program linked to the same libraries" ratio 1.3
row sim "80,000 requests of a simulation (CPU)" \
    "as many SigV4 signatures alone" ms 1000
row sign "signing 1,000 requests, key cached" \
    "OpenSSL's SHA-256 and HMAC of the same bytes, fetched once, contexts reused" ms 4
row serve_one "serve: p50, one connection" \
    "libmicrohttpd alone, a fixed answer of the same size, same client and requests; here and below" best 1.2
row serve_many "serve: p50, 64 connections" "as above" best 1.5
row serve_rate "serve: 1,000 calls, 64 connections" "as above" best 1.43
row serve_models "serve: 1,000 calls of 1,000 models" "as above; 20 distinct models, copied" best 1.67
row load_bin "serve: load and first call, p99" "libxgboost loading the same bytes and scoring the row" ms 5
row load_ubj "serve: the same, of UBJSON" "as above" ms 5
row loaded "serve: p50 while 10,000 are loaded" "the same model while 10 are loaded" best 1.2
row uniform "serve: 1,000 calls of 10,000 models" "of the 10" told -
row memory "serve: memory of 10,000 models" "as many boosters of libxgboost (a tenth of them, times ten)" kib 0.5
row zipf "cache: 1,000 calls of 1,000, room for 300" "room for all; by Zipf's law, s = 1, in process" told -
row s3_put "stand-in: PUT of 4 KiB" \
    "moto's server, same client and signed requests, 4 connections; here and below" ratio 0.05
row s3_get "stand-in: GET of 4 KiB" "as above" ratio 0.025
row s3_list "stand-in: a listing of 1,000 keys" "as above" ratio 0.025
row s3_upload "stand-in: 512 MiB in parts of 8 MiB" "as above, 2 connections" ratio 0.667
row s3_memory "stand-in: its growth meanwhile" "as above" mib 16
if [ "$missed" -gt 0 ]; then
    echo "$missed MISSED"
else
    echo "all targets met"
fi
