# tests/e2e/identity.sh - a clean user beside a stand-in, and the services that give credentials; source it after lib.sh.
#
# `as NAME=VALUE... COMMAND...` runs a command as a user with an empty home ($home) and only these variables. The stand-in
# is AWS for it: AWS_ENDPOINT_URL_* of what it has. $side is identity.py's address, $T/side its folder.

[ -n "${AWS_ENDPOINT_URL:-}" ] || fast_local # unless the test has started one
url=$AWS_ENDPOINT_URL
admin_id=$AWS_ACCESS_KEY_ID admin_secret=$AWS_SECRET_ACCESS_KEY
home=$T/user
mkdir -p "$home/.aws" "$T/side"
"$PYTHON" -I -S tests/e2e/identity.py "$T/side" &
side_pid=$!
lib_tries=0
until [ -s "$T/side/port" ]; do
    lib_tries=$((lib_tries + 1))
    [ "$lib_tries" -lt 100000 ] && kill -0 "$side_pid" 2>/dev/null || bail "identity.py does not start"
done
side=http://127.0.0.1:$(cat "$T/side/port")
trap 'kill "$side_pid" 2>/dev/null; lib_finish' EXIT

as() {
    run env -i PATH="$PATH" HOME="$home" AWS_REGION=us-east-1 AWS_EC2_METADATA_DISABLED=true AWS_MAX_ATTEMPTS=1 \
        MMECTL_HOME="$MMECTL_HOME" AWS_ENDPOINT_URL="$url" AWS_ENDPOINT_URL_SSO="$side" AWS_ENDPOINT_URL_SSO_OIDC="$side" \
        ${ASAN_OPTIONS:+ASAN_OPTIONS="$ASAN_OPTIONS"} ${UBSAN_OPTIONS:+UBSAN_OPTIONS="$UBSAN_OPTIONS"} \
        ${LSAN_OPTIONS:+LSAN_OPTIONS="$LSAN_OPTIONS"} "$@"
}

# who NAME=VALUE...: `doctor` as that user; $source is where its credentials are from, as it says.
who() {
    as "$@" "$MMECTL" doctor "$spec" -json
    source=$("$PYTHON" -I -S -c '
import json, sys
try:
    checks = json.load(open(sys.argv[1]))["stacks"][0]["checks"]
    print([c["text"] for c in checks if c["check"] == "credentials"][0])
except Exception:
    print("nobody: " + open(sys.argv[2]).read())' "$T/out" "$T/err")
}

# new_key ID SECRET [TOKEN [ACCOUNT [SECONDS]]]: a key that the stand-in knows, for as long as that.
new_key() {
    lib_end=
    [ -z "${5:-}" ] || lib_end=", \"expires_ms\": $(($(date +%s%3N) + $5 * 1000))"
    AWS_ACCESS_KEY_ID=$admin_id AWS_SECRET_ACCESS_KEY=$admin_secret call key \
        "{\"access_key\": \"$1\", \"secret_key\": \"$2\"${3:+, \"session_token\": \"$3\"}${4:+, \"account\": \"$4\"}$lib_end}" >/dev/null ||
        bail "making key $1 failed"
}

# gives ID SECRET TOKEN SECONDS: what the services beside AWS give from now on.
gives() {
    printf '{"id": "%s", "secret": "%s", "token": "%s", "seconds": %s}\n' "$1" "$2" "$3" "$4" >"$T/side/keys"
}
