# tests/e2e/bad.sh - what tests of bad input source after lib.sh: `refused` says everything that a clear error is.

# refused NAME EXIT MESSAGE [PLACE [HINT]]: the last run ended with EXIT and said "Error: MESSAGE", " --> PLACE" and
# "hint: HINT" (each an extended regex for the rest of such a line); it sent no mutating request, and the world is what
# `before=$(things)` said. PLACE may be empty; without HINT any hint will do, but there must be one.
refused() {
    {
        [ "$exit" = "$2" ] || echo "wanted: exit $2"
        grep -Eq -e "^Error: ($3)\$" "$T/err" || echo "wanted: Error: $3"
        [ -z "${4:-}" ] || grep -Eq -e "^  --> ($4)\$" "$T/err" || echo "wanted:   --> $4"
        grep -Eq -e "^hint: (${5:-.+})\$" "$T/err" || echo "wanted: hint: ${5:-.+}"
        ! grep -q '^Requests: ' "$T/err" || [ "$(stat_of mutating)" = 0 ] || echo "wanted: no mutating request"
        printf '%s\n' "$before" >"$T/things.before"
        printf '%s\n' "$(things)" | diff "$T/things.before" -
    } >"$T/why"
    if [ -s "$T/why" ]; then
        fail "$1" "$(cat "$T/why")
$(lib_shown)"
    else
        pass "$1"
    fi
}

# key JSON: makes an access key of the stand-in (engine/local/admin.h: access_key, secret_key, session_token, deny, expires_ms).
key() {
    call key "$@" >"$T/key.log" || bail "making a key failed"
}

# as_key ACCESS SECRET COMMAND...: runs it with those keys and nothing else of AWS in the environment.
as_key() {
    lib_access=$1
    lib_secret=$2
    shift 2
    run env -u AWS_SESSION_TOKEN -u AWS_PROFILE AWS_ACCESS_KEY_ID="$lib_access" AWS_SECRET_ACCESS_KEY="$lib_secret" "$@"
}
