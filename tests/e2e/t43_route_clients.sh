#!/bin/sh
# fast
# The clients of examples/clients resolve routes as tests/vectors/routes/routes.json says; so does mmectl (unit test of engine/stack/route.c).
. tests/e2e/lib.sh

# vectors LANGUAGE COMMAND...: it prints TAP of its own, which is passed on.
vectors() {
    language=$1
    shift
    run "$@"
    is_exit 0 "$language: the vectors are read"
    has_out '^1\.\.(19|[2-9][0-9])$' "$language: all of them"
    grep -E '^(not )?ok ' "$T/out" >"$T/tap"
    while read -r line; do
        case $line in
        not*) fail "${line#*- }" ;;
        *) pass "${line#*- }" ;;
        esac
    done <"$T/tap"
}

vectors Python "$PYTHON" -B tests/vectors/routes/check.py
if command -v node >/dev/null 2>&1 || tests/harness/apt.sh nodejs >"$T/apt.log" 2>&1; then
    vectors JavaScript node tests/vectors/routes/check.mjs
    "$PYTHON" -c 'print("{\"format\": 1, \"models\": {\"a\": {\"key\": \"p/models/a--1.tar.gz\"}}, \"routes\": {\"r\": {\"split\": {\"a\": 1}}}}")' >"$T/stack.json"
    is "$(node examples/clients/mme_client.mjs r k <"$T/stack.json")" "a--1.tar.gz" "JavaScript: from a shell"
    run node examples/clients/mme_client.mjs
    is_exit 64 "JavaScript: without a name"
else
    skip "JavaScript" "there is no node, and apt cannot install nodejs: $(tail -n 1 "$T/apt.log")"
fi
run "$PYTHON" -B examples/clients/mme_client.py
is_exit 1 "Python: without arguments"
has_err "mme_client.py BUCKET PREFIX NAME" "it says what it takes"
run "$PYTHON" -B tests/vectors/routes/make_vectors.py
is_exit 0 "the vectors can be made anew, from the logarithm itself"
is "$(cmp "$T/out" tests/vectors/routes/routes.json 2>&1)" "" "and are the ones in the tree"
done_testing
