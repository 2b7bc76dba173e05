#!/bin/sh
# import --from-stack: metadata.name has changed, and the stack is still the same one.
. tests/e2e/lib.sh

import() {
    rm -f "$T/trace"
    run "$MMECTL" import "$@" -auto-approve --local --stats --trace="$T/trace"
}

bucket=sagemaker-us-east-1-123456789012
for mode in stable versioned; do
    fast_local
    old=$(copy_demo old)
    edit "$old" 's/backend: sagemaker/backend: local/'
    [ $mode = stable ] || edit "$old" 's/targetModels: stable/targetModels: versioned/'
    mme apply "$old"
    is_exit 0 "$mode: apply"
    edit "$old" '/model_fast/,/hyper/s/eta: 0.4/eta: 0.5/'
    mme apply "$old"
    is_exit 0 "$mode: apply another version of a model"
    answer=$(predict "$old" model_fast)
    rm -rf "$T/new"
    mkdir "$T/new"
    cp -r examples/data "$T/new/data"
    new=$T/new/mme.yaml
    sed '/^metadata:/,/^variables:/s/name: old/name: new/' "$old" >"$new"

    before=$(things)
    import "$new" --from-stack=old
    is_exit 1 "$mode: one prefix is one stack's"
    has_err "^hint: give the renamed stack a storage\.prefix of its own" "$mode: and what helps is said"
    edit "$new" 's/prefix: old/prefix: new/'
    import "$new"
    is_exit 1 "$mode: another stack's endpoint"
    has_err "^hint: .*--from-stack=old" "$mode: is taken over with --from-stack"
    import "$new" --from-stack=nobody
    is_exit 1 "$mode: no such stack"
    same_things "$mode: nothing has changed" "$before"

    import "$new" --from-stack=old
    is_exit 0 "$mode: import --from-stack"
    has_out '^Plan: 1 to import, [56] to add, 0 to change, 0 to destroy\.$' "$mode: the endpoint and the artifacts"
    is "$(sent UpdateEndpoint)$(sent CreateModel)" 00 "$mode: the endpoint does not roll"
    is "$(predict "$new" model_fast)" "$answer" "$mode: clients of the new name are answered at once"
    import "$new" --from-stack=old
    has_out '^Nothing to import' "$mode: a second time there is nothing to do"
    is "$(stat_of mutating)" 0 "$mode: and nothing is done"

    mme destroy "$old"
    is_exit 6 "$mode: the old stack cannot be destroyed while the endpoint serves what is its"
    has_err "^hint: apply stack 'new' first" "$mode: and why is said"
    mme apply "$new"
    is_exit 0 "$mode: apply under the new name"
    as_planned "$mode"
    lacks_out 'training' "$mode: nothing is trained again"
    is "$(sent CreateEndpoint)$(sent DeleteEndpoint)" 00 "$mode: it is still the same endpoint"
    mme destroy "$old"
    is_exit 0 "$mode: now the rest of the old stack goes"
    is "$(count_things "$bucket/old/")" 0 "$mode: all of it"
    is "$(predict "$new" model_fast)" "$answer" "$mode: and the new one serves"
    if [ $mode = versioned ]; then
        call s3 get "$bucket/new/control/stack.json" >"$T/out"
        is "$(grep -c '"fp"' "$T/out")" 1 "the older version is in the history"
    fi
    mme plan "$new" -detailed-exitcode
    is_exit 0 "$mode: nothing is left to do"
    mme destroy "$new"
    is_exit 0 "$mode: destroy"
    "$MMECTL" local stop >/dev/null
    rm -rf "$MMECTL_HOME"
done

# With another endpoint: the old one serves until its stack is destroyed.
fast_local
old=$(copy_demo old)
edit "$old" 's/backend: sagemaker/backend: local/;s/targetModels: stable/targetModels: versioned/'
mme apply "$old"
edit "$old" '/model_fast/,/hyper/s/eta: 0.4/eta: 0.5/'
mme apply "$old"
run "$MMECTL" rollback model_fast -f "$old" --local -auto-approve --reason "worse"
is_exit 0 "a model is held at its older version"
rm -rf "$T/new"
mkdir "$T/new"
cp -r examples/data "$T/new/data"
new=$T/new/mme.yaml
sed 's/name: old$/name: new/;s/name: old /name: new /;s/prefix: old/prefix: new/' "$old" >"$new"
import "$new" --from-stack=old
is_exit 0 "import under another endpoint name"
has_out '^Plan: 0 to import, 6 to add' "only the artifacts"
has_err "^Warning: endpoint 'new' does not exist" "that callers have to change is said"
mme apply "$new"
is_exit 0 "apply"
lacks_out 'training' "nothing is trained"
mme plan "$new"
has_out '^Note: model .model_fast. is held .*: worse$' "the hold came along"
is "$(predict "$new" model_fast)" "$(predict "$old" model_fast)" "both serve the same"
mme destroy "$old"
is_exit 0 "destroy of the old stack"
mme plan "$new" -detailed-exitcode
is_exit 0 "leaves the new one alone"
done_testing
