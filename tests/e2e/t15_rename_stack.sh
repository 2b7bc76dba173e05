#!/bin/sh
# Renaming the stack in the spec makes another stack and never touches the first one.
. tests/e2e/lib.sh

fast_local
empty=$(things)
first=$(copy_demo first)
mme apply "$first"
is_exit 0 "apply"
answer=$(predict "$first" model_fast)
before=$(things | grep -v ^log-group)

# Everything named after the stack goes along.
second=$(copy_demo second)
mme plan "$second"
has_out '^Plan: 15 to add, 0 to change, 0 to destroy\.$' "only the bucket is shared"
mme apply "$second"
is_exit 0 "apply under another name"
things | sort >"$T/both"
printf '%s\n' "$before" | sort >"$T/before"
is "$(comm -23 "$T/before" "$T/both")" "" "the first stack is as it was"
mme plan "$first" -detailed-exitcode
is_exit 0 "and has nothing to do"

# Only metadata.name: the prefix and the endpoint are still the first stack's, which is refused before anything is done.
mkdir "$T/third"
cp -r examples/data "$T/third/data"
sed '/^metadata:/,/^variables:/s/name: first/name: third/' "$first" >"$T/third/mme.yaml"
both=$(things)
mme apply "$T/third/mme.yaml"
is_exit 1 "a prefix that is another stack's is refused"
has_err "^Error: the prefix .*/first. belongs to another stack, .first" "naming whose it is"
same_things "and nothing has changed" "$both"
edit "$T/third/mme.yaml" 's/prefix: first/prefix: third/'
mme apply "$T/third/mme.yaml"
is_exit 1 "an endpoint that is another stack's is refused"
has_err "^Error: .*endpoint 'first'" "by name"
same_things "and nothing has changed then either" "$both"
# A prefix inside another stack's.
edit "$T/third/mme.yaml" 's/prefix: third/prefix: first\/models/;/^  endpoint:/,$s/name: first/name: third/'
mme apply "$T/third/mme.yaml"
is_exit 1 "a prefix inside another stack's is refused"
has_err "^Error: the prefix .*/first/models. lies inside another stack" "naming both"
same_things "and nothing has changed then either" "$both"

mme destroy "$second"
is_exit 0 "destroy the second"
same_things "leaves the first one as it was" "$before" '^(bucket|object|training-job|model|endpoint|endpoint-config) '
is "$(predict "$first" model_fast)" "$answer" "which still serves"
mme destroy "$first"
is_exit 0 "destroy the first"
same_things "and the bucket is all that is left" "$(printf '%s\nbucket sagemaker-us-east-1-123456789012' "$empty" | grep .)" \
    '^(bucket|object|training-job|model|endpoint|endpoint-config) '
done_testing
