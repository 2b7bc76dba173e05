#!/bin/sh
# forget: mmectl lets go, everything stays; import takes it back.
. tests/e2e/lib.sh

forget() {
    rm -f "$T/trace"
    run "$MMECTL" forget "$@" -auto-approve --local --stats --trace="$T/trace"
}

# told EXPRESSION: of the one stack s that the document printed last tells of.
told() {
    ok "$mode: a document" "$PYTHON" -I -S tests/e2e/json_check.py document "$T/out"
    is "$("$PYTHON" -I -S -c 'import json, sys; s, = json.load(open(sys.argv[1]))["stacks"]; print(eval(sys.argv[2]))' "$T/out" "$1")" "$2" "$3"
}

bucket=sagemaker-us-east-1-123456789012
arn=arn:aws:sagemaker:us-east-1:123456789012:endpoint
for mode in stable versioned; do
    fast_local
    spec=$(copy_demo $mode)
    drop_model "$spec" model_deep
    drop_model "$spec" model_aggressive
    drop_model "$spec" model_balanced
    [ $mode = stable ] || edit "$spec" 's/targetModels: stable/targetModels: versioned/'
    mme apply "$spec"
    is_exit 0 "$mode: apply"
    answer=$(predict "$spec" model_fast)
    models=$(things | grep -E "^object .*/$mode/(models|data|training)/")

    run "$MMECTL" forget --all -f "$spec" --local
    is_exit 1 "$mode: forget asks"
    forget -f "$spec"
    is_exit 64 "$mode: what is said, not guessed"
    forget aws_s3_bucket.this -f "$spec"
    is_exit 1 "$mode: what has no tags of ours cannot be forgotten alone"
    has_err '^hint: .*aws_sagemaker_endpoint\.this' "$mode: and what can is said"

    forget aws_sagemaker_endpoint.this -f "$spec"
    is_exit 0 "$mode: forget the endpoint"
    has_out '^Forget complete! Resources: 1 forgotten, 0 destroyed\.$' "$mode: it alone"
    has_out "endpoint '$mode' \(InService\): ml\.m5\.large × 1: \\\$0\.115/h" "$mode: that it goes on costing is said"
    call sm ListTags "{\"ResourceArn\": \"$arn/$mode\"}" >"$T/out"
    lacks_out 'mmectl:' "$mode: none of our tags is on it"
    has_out '"project"' "$mode: the spec's own are"
    mme destroy "$spec"
    is_exit 1 "$mode: destroy does not know it any more"
    forget --all -f "$spec"
    is_exit 0 "$mode: then the rest"
    same_things "$mode: every object stays" "$models" "^object .*/$mode/(models|data|training)/"
    is "$(count_things "/$mode/control/")" 0 "$mode: but for the record and the lease"
    is "$(count_things "^endpoint $mode InService")" 1 "$mode: the endpoint serves"
    forget --all -f "$spec"
    has_out '^Nothing to forget' "$mode: a second time there is nothing to do"
    is "$(stat_of mutating)" 0 "$mode: and nothing is done"

    run "$MMECTL" import "$spec" -auto-approve --local
    is_exit 0 "$mode: import takes it back"
    has_out '^Plan: 1 to import, 0 to add' "$mode: as it is"
    mme apply "$spec"
    is_exit 0 "$mode: apply"
    is "$(sent CreateTrainingJob)$(sent UpdateEndpoint)$(sent CreateModel)" 000 "$mode: nothing is made again"
    is "$(predict "$spec" model_fast)" "$answer" "$mode: and it answers as before"
    mme plan "$spec" -detailed-exitcode
    is_exit 0 "$mode: nothing is left to do"

    # Interrupted on the way, the same command goes on.
    fault '{"operation": "DeleteTags", "nth": 3, "kind": "error", "status": 400, "code": "AccessDeniedException", "message": "no"}'
    forget --all -f "$spec"
    isnt "$exit" 0 "$mode: forget that fails in between"
    call nofaults
    run "$MMECTL" forget --all -f "$spec" --local -json
    is_exit 1 "$mode: with -json nobody is asked"
    has_err 'nobody to ask with --json' "$mode: and that is said"
    forget --all -f "$spec" -json
    is_exit 0 "$mode: goes on when repeated"
    is "$(count_things "/$mode/control/")" 0 "$mode: to the end"
    told 's["complete"], s["record_removed"], [f["address"] for f in s["forgotten"]][-1:]' \
        "(True, True, ['aws_sagemaker_endpoint.this'])" "$mode: -json says what was forgotten"
    told 's["stays"]["endpoint"], s["stays"]["home"]' \
        "({'name': '$mode', 'status': 'InService'}, 's3://$bucket/$mode')" "$mode: and what stays"
    told 's["stays"]["objects"] > 2 and s["stays"]["bytes"] > 1000' True "$mode: and how much of it"
    forget --all -f "$spec" -json
    told 's["complete"], s["forgotten"], s["record_removed"]' "(True, [], False)" "$mode: -json of nothing"

    run "$MMECTL" import "$spec" -auto-approve --local -json
    is_exit 0 "$mode: import -json"
    told 's["complete"], s["endpoint"]["name"], s["added"], s["next_apply_rolls"], s["not_imported"], s["left"]' \
        "(True, '$mode', [], False, [], [])" "$mode: import -json says what was taken over"
    "$MMECTL" local stop >/dev/null
    rm -rf "$MMECTL_HOME"
done
done_testing
