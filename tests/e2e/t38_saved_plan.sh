#!/bin/sh
# plan -out, apply FILE: exactly what was approved is done, or nothing.
. tests/e2e/lib.sh

fast_local
spec=$(copy_demo saved)
file=$T/plan

mme plan "$spec" -out="$file" -detailed-exitcode
is_exit 2 "plan -out: the exit status is the plan's"
has_err "^Saved the plan to: $file\$" "plan -out: says where"
has_err "mmectl apply \"$file\"" "plan -out: and what to do with it"
is "$(stat -c %a "$file")" 600 "the file is readable by its owner alone"
is "$(ls "$T" | grep -c '^plan')" 1 "and nothing lies beside it"
is "$(head -c 14 "$file")" "mmectl-plan 1 " "it is known by its first bytes"

# ---- show ----
run "$MMECTL" show "$file"
is_exit 0 "show"
has_out '^Plan: 16 to add, 0 to change, 0 to destroy\.$' "show: the plan"
run "$MMECTL" show "$file" -json
is_exit 0 "show -json"
is "$("$PYTHON" -I -S -c 'import json, sys; d = json.load(open(sys.argv[1])); print(d["format_version"], len(d["resource_changes"]))' "$T/out")" "1.2 16" "show -json: Terraform's format"
run "$MMECTL" show "$spec"
is_exit 1 "show of a spec"
has_err "the saved plan is damaged" "says that it is none"
run "$MMECTL" show
is_exit 64 "show without a file"

# ---- what is refused before anything is sent ----
run "$MMECTL" destroy "$file" --local -auto-approve
is_exit 64 "destroy does not take it"
has_err "'mmectl apply' carries it out" "and says what does"
run "$MMECTL" apply "$file" "$spec" --local
is_exit 64 "nor does apply, with a spec beside it"
run "$MMECTL" apply "$file" --local "-target=aws_s3_bucket.this"
is_exit 64 "nor with a target"
has_err "give --target to 'mmectl plan'" "which belongs to the plan"
before=$(things)
for at in 3 12 40 100 5000 20000; do
    "$PYTHON" -I -S -c 'import sys
b = bytearray(open(sys.argv[1], "rb").read())
b[int(sys.argv[3])] ^= 1
open(sys.argv[2], "wb").write(b)' "$file" "$T/flipped" "$at"
    run "$MMECTL" apply "$T/flipped" --local -input=false
    isnt "$exit" 0 "a bit of byte $at flipped: refused"
done
head -c 3000 "$file" >"$T/short"
run "$MMECTL" apply "$T/short" --local
is_exit 1 "a file that was cut: refused"
has_err "the saved plan is damaged" "and says why"
same_things "and nothing was made" "$before"

# ---- applied ----
run "$MMECTL" apply "$file" --local -input=false
is_exit 0 "apply FILE asks nothing"
lacks_out '^  # ' "apply FILE: and does not show it again"
has_out '^Apply complete! Resources: 16 added, 0 changed, 0 destroyed\.$' "apply FILE: does what it says"
before=$(things)
run "$MMECTL" apply "$file" --local
is_exit 5 "a second time it is stale"
has_err "^Error: Saved plan is stale: stack 'saved' needs nothing now" "because nothing is needed"
has_err 'only in the saved plan: aws_sagemaker_endpoint.this \(create\)' "with the difference"
has_err 'hint: what is in AWS changed since it was made' "and why"
same_things "and nothing was done" "$before"
is "$(count_things control/lease)" 0 "no lease is left behind"

# ---- stale: the world ----
edit "$spec" 's/eta: 0\.4/eta: 0.04/'
mme plan "$spec" -out="$file"
call sm DeleteEndpoint '{"EndpointName": "saved"}' >/dev/null
before=$(things)
run "$MMECTL" apply "$file" --local -json
is_exit 5 "an endpoint that was deleted in between"
has_out '"summary":"Saved plan is stale' "as an event, too"
same_things "and nothing was done" "$before"
is "$(count_things control/lease)" 0 "no lease is left behind"

# ---- stale: the spec, the data ----
mme plan "$spec" -out="$file"
echo '# a comment' >>"$spec"
run "$MMECTL" apply "$file" --local
is_exit 5 "a spec that changed"
has_err "spec '.*' of stack 'saved' changed since it was made" "is named"
sed -i '$d' "$spec"
train=$T/saved/data/breast-cancer-train.csv
cp "$train" "$T/train"
head -n 200 "$T/train" >"$train"
run "$MMECTL" apply "$file" --local
is_exit 5 "data that changed"
has_err "hint: the spec's data, a variable or an option changed" "is told from a changed world"
cp "$T/train" "$train"
mv "$T/saved" "$T/moved"
run "$MMECTL" apply "$file" --local
is_exit 1 "a spec that is gone"
run "$MMECTL" apply "$file" --local -f "$T/moved/mme.yaml"
is_exit 0 "is found with -f"
mv "$T/moved" "$T/saved"
mme plan "$spec" -detailed-exitcode
is_exit 0 "and everything is done"

# ---- what does not matter ----
edit "$spec" 's/eta: 0\.2/eta: 0.02/'
mme plan "$spec" -out="$file"
echo foreign >"$T/foreign"
call s3 put sagemaker-us-east-1-123456789012/saved/notes.txt "$T/foreign"
run "$MMECTL" apply "$file" --local
is_exit 0 "somebody's file beside it does not make a plan stale"

# ---- targets go along ----
edit "$spec" 's/eta: 0\.1}/eta: 0.11}/; s/eta: 0\.3}/eta: 0.33}/'
mme plan "$spec" -out="$file" '-target=aws_s3_object.model["model_aggressive"]'
run "$MMECTL" apply "$file" --local
is_exit 0 "a plan of a target"
mme plan "$spec"
has_out '# aws_s3_object.model\["model_conservative"\] must be replaced' "leaves the rest"
lacks_out '# aws_s3_object.model\["model_aggressive"\] must be replaced' "and only the rest"
mme apply "$spec"

# ---- a guard is lifted by the plan ----
sed '/^  models:/,/^  endpoint:/{/^  endpoint:/!d}; s/^  endpoint:/  models: []\n&/' "$spec" >"$T/saved/empty.yaml"
mme plan "$T/saved/empty.yaml" -out="$file"
run "$MMECTL" apply "$file" --local
is_exit 6 "a plan that a guard refuses"
mme plan "$T/saved/empty.yaml" -out="$file" --allow-empty
run "$MMECTL" apply "$file" --local
is_exit 0 "is applied when it was made with the flag"
mme apply "$spec"

# ---- destroy ----
mme plan "$spec" -destroy -out="$file"
is_exit 0 "plan -destroy"
has_out '^Plan: 0 to add, 0 to change, [0-9]+ to destroy\.$' "plan -destroy: what goes"
before=$(things)
run "$MMECTL" apply "$file" --local -input=false
is_exit 0 "apply of a saved destroy"
has_out '^Destroy complete! ' "tears it down"
is "$(count_things saved)" "$(count_things notes.txt)" "whole"

# ---- several stacks in one file, variables ----
mkdir "$T/two"
cp -r examples/data "$T/two/data"
for name in left right; do
    sed "s/^\( *name: *\)mme-demo\( .*\)*\$/\1\${team}-$name/; s/^\( *prefix: *\)mme-demo\( .*\)*\$/\1\${team}-$name/; s/^  bucket: \"\".*/&\n  team: \"\"/" \
        examples/mme-demo.yaml >"$T/two/$name.yaml"
done
mme plan "$T/two" -out="$file" --set team=red
is_exit 0 "a plan of two stacks"
run "$MMECTL" apply "$file" --local
is_exit 1 "variables are not in the file"
run "$MMECTL" apply "$file" --local --set team=blue
is_exit 5 "other variables make other stacks"
lacks_err 'Creating' "and nothing is made"
MMECTL_VAR_team=red run "$MMECTL" apply "$file" --local
is_exit 0 "the same ones do, from wherever"
is "$(count_things '^endpoint red-')" 2 "both stacks are there"
mme plan "$T/none.yaml" -out="$T/never"
is_exit 1 "a plan that fails"
ok "is not saved" test ! -e "$T/never"
done_testing
