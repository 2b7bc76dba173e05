#!/bin/sh
# Credentials that end while an apply is under way: it takes new ones, once, and nobody notices.
. tests/e2e/lib.sh
start_local --delay all=0 --delay training_starting_ms=2500 --delay training_stopping_ms=0
. tests/e2e/identity.sh

spec=$(copy_demo expiring)
drop_model "$spec" model_deep
drop_model "$spec" model_fast
set_keys() { : >"$T/side/asked"; printf '%s\n' "$@" >"$T/side/keys"; }
box="AWS_CONTAINER_CREDENTIALS_FULL_URI=$side/container"
apply() { as "$@" "$MMECTL" apply "$spec" -auto-approve --stats --trace="$T/trace"; }

# AWS says that they are over, long before they should be: revoked, or a clock that is wrong.
new_key ASIAONE canary-one canary-one-token "" 1
new_key ASIATWO canary-two canary-two-token
set_keys '{"id": "ASIAONE", "secret": "canary-one", "token": "canary-one-token", "seconds": 3600}' \
    '{"id": "ASIATWO", "secret": "canary-two", "token": "canary-two-token", "seconds": 3600}'
apply $box
is_exit 0 "an apply whose credentials are over half-way goes on with others"
has_out '^Apply complete! Resources: [0-9]+ added, 0 changed, 0 destroyed\.$' "and is complete"
ok "AWS had said that they are over" grep -q 'ExpiredToken\|^< 40[03]' "$T/trace"
is "$(grep -c '^GET /container' "$T/side/asked")" 2 "its source was asked twice: at the start, and once after that"

# Those that are over at once are asked for once more, and that is all.
new_key ASIAPAST canary-past canary-past-token "" 0
set_keys '{"id": "ASIAPAST", "secret": "canary-past", "token": "canary-past-token", "seconds": 3600}'
edit "$spec" 's/eta: 0\.3/eta: 0.31/'
apply $box
is_exit 1 "a source that gives what AWS refuses"
has_err '^Error: GetCallerIdentity: .*expired' "AWS's refusal is the error"
is "$(grep -c '^GET /container' "$T/side/asked")" 2 "it was asked again once"
is "$(stat_of requests)" 2 "and the call was sent once more"

# Near their end they are renewed before: what lives for 40 s is asked for again in the last ten.
set_keys '{"id": "ASIATWO", "secret": "canary-two", "token": "canary-two-token", "seconds": 2}'
apply $box
is_exit 0 "a source with short lives"
ok "is asked again before each is over" test "$(grep -c '^GET /container' "$T/side/asked")" -ge 2
lacks_err 'expired' "nothing was sent with one that is over"

# Given keys cannot be renewed.
new_key ASIAENV canary-env canary-env-token "" 0
edit "$spec" 's/eta: 0\.31/eta: 0.32/'
apply AWS_ACCESS_KEY_ID=ASIAENV AWS_SECRET_ACCESS_KEY=canary-env AWS_SESSION_TOKEN=canary-env-token
is_exit 1 "keys of the environment that are over"
has_err '^hint: the session token has expired: sign in again, or set new AWS_\* variables$'
is "$(stat_of requests)" 1 "are not tried again"
apply AWS_ACCESS_KEY_ID=ASIATWO AWS_SECRET_ACCESS_KEY=canary-two AWS_SESSION_TOKEN=canary-two-token \
    AWS_CREDENTIAL_EXPIRATION=2026-01-01T00:00:00+01:00
is_exit 1 "keys whose end is known are not even tried"
has_err '^Error: .*the credentials from the environment have expired$'
is "$(stat_of requests)" 0 "nothing was sent"
done_testing
