#!/bin/sh
# plan -format=markdown: a comment for a pull request, whatever the plan.
. tests/e2e/lib.sh

fast_local
spec=$(copy_demo request)
mme plan "$spec" -format=markdown
is_exit 0 "a first plan"
is "$(sed -n 1p "$T/out")" "## Plan Result (request)" "starts with the heading"
has_out '^<!-- label: add-or-update -->$' "has its label"
lacks_out ':warning:' "warns of nothing"
has_out '^<details><summary>' "folds the details"
mme apply "$spec"
mme plan "$spec" -format=markdown
has_out '^<!-- label: no-changes -->$' "no changes: the label"
has_out '<pre><code>No changes\. Your infrastructure matches the configuration\.$' "no changes: the line"
drop_model "$spec" model_fast
mme plan "$spec" -format=markdown -detailed-exitcode
is_exit 2 "a removal: the exit status is the plan's"
has_out '^<!-- label: destroy -->$' "a removal: the label"
is "$(sed -n 5p "$T/out")" "### :warning: Resource Deletion will happen :warning:" "a removal: comes first"
has_out '^\* `aws_s3_object.model\["model_fast"\]` will be destroyed$' "a removal: is named"

# Three hundred models of the user's own, each new, listed one by one: far more than a comment holds.
call s3 get "sagemaker-us-east-1-123456789012/$(call s3 ls sagemaker-us-east-1-123456789012/request/models/ | head -n 1)" >"$T/request/model.tar.gz"
awk 'BEGIN { for (i = 1; i <= 300; i++) printf "    - {name: \"customer-with-a-rather-long-name-%03d\", artifact: model.tar.gz}\n", i }' >"$T/models"
sed "/^  training:/,/^  endpoint:/{/^  endpoint:/!d}; /^  endpoint:/{
i\\  models:
r $T/models
N
}" "$spec" >"$T/raw.yaml"
awk '/^  endpoint:/ { held = $0; next } /customer-with/ { print; next } held != "" { tail = tail held "\n"; held = "" } tail != "" { tail = tail $0 "\n"; next } { print } END { printf "%s", tail }' \
    "$T/raw.yaml" >"$T/request/many.yaml"
run "$MMECTL" validate "$T/request/many.yaml"
is_exit 0 "a spec of 300 models"
mme plan "$T/request/many.yaml" -format=markdown --full
is_exit 0 "its plan"
ok "is smaller than a comment may be" test "$(wc -c <"$T/out")" -lt 60000
has_out '^… [0-9]+ more lines; see the log of the run$' "and says what was cut"
is "$(grep -c '</details>' "$T/out")" 1 "and ends as it should"
mme plan "$T/request/many.yaml" "$spec" -format=markdown --full
ok "two stacks share the room" test "$(wc -c <"$T/out")" -lt 60000
done_testing
