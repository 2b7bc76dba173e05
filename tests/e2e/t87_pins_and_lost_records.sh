#!/bin/sh
# `version:` in the spec publishes a version that is kept and ends a hold; and in both modes a record that is deleted, broken
# or old changes no plan for what exists: older versions are known by their keys.
. tests/e2e/lib.sh

fast_local
bucket=sagemaker-us-east-1-123456789012

version() { # N: of the N-th line of the history
    "$MMECTL" history model_fast -f "$spec" --local -json | "$PYTHON" -I -S -c 'import json,sys
print(json.load(sys.stdin)["stacks"][0]["models"][0]["versions"][int(sys.argv[1])]["version"])' "$1"
}

pin() {
    edit "$spec" "s/^\( *\)- name: model_fast\$/&\n\1  version: $1/"
}

unpin() {
    edit "$spec" '/^ *version: [0-9a-f]\{8,\}$/d'
}

three_versions() { # NAME MODE: v3 is live, v2 and v1 are kept
    spec=$(copy_demo "$1")
    edit "$spec" "s/targetModels: stable.*/targetModels: $2/;s/^spec:\$/&\n  versions: {retain: 2}/"
    mme apply "$spec"
    first=$(predict "$spec" model_fast)
    edit "$spec" 's/eta: 0\.4/eta: 0.05/'
    mme apply "$spec"
    second=$(predict "$spec" model_fast)
    edit "$spec" 's/eta: 0\.05/eta: 0.06/'
    mme apply "$spec"
    third=$(predict "$spec" model_fast)
    is_exit 0 "$2: three versions"
}

for mode in versioned stable; do
    three_versions "p$mode" "$mode"
    record="$bucket/p$mode/control/stack.json"
    call s3 get "$record" >"$T/good.json"
    v1=$(version 2)
    v2=$(version 1)

    # ---- pins ----
    pin "$(echo "$v1" | cut -c1-8)"
    mme apply "$spec"
    is_exit 0 "$mode: eight digits pin a version"
    has_out "model 'model_fast' is pinned at $(echo "$v1" | cut -c1-16) by the spec" "$mode: plan says so"
    is "$(sent CreateTrainingJob)" 0 "$mode: nothing trains"
    is "$(predict "$spec" model_fast)" "$first" "$mode: v1 answers, bit for bit"
    mme plan "$spec" -detailed-exitcode
    is_exit 0 "$mode: a pin is no difference once it is applied"
    run "$MMECTL" rollback model_fast -f "$spec" --local -auto-approve
    is_exit 1 "$mode: a pinned model is not rolled back"
    has_err "is pinned at .* by the spec" "$mode: it says why"
    run "$MMECTL" status "$spec" --local
    has_out "^model_fast +pinned " "$mode: status shows it"
    unpin
    mme apply "$spec"
    is_exit 0 "$mode: without the pin"
    is "$(predict "$spec" model_fast)" "$third" "$mode: v3 is published again"
    run "$MMECTL" rollback model_fast -f "$spec" --local -auto-approve --to "$v1"
    is_exit 0 "$mode: --to names a version whole"
    is "$(predict "$spec" model_fast)" "$first" "$mode: v1 answers"
    pin "$v2"
    mme apply "$spec"
    is_exit 0 "$mode: a pin ends the hold"
    is "$(predict "$spec" model_fast)" "$second" "$mode: v2 answers, bit for bit"
    unpin
    mme apply "$spec"
    is "$(predict "$spec" model_fast)" "$third" "$mode: and nothing holds it afterwards"
    pin 0123456789
    mme plan "$spec"
    is_exit 1 "$mode: a pin on what is not kept is refused"
    has_err "mme\.yaml:[0-9]+:[0-9]+: .*version '0123456789' is not kept|version '0123456789' is not kept" "$mode: it says so"
    has_err "there are: $(version 0 | cut -c1-16) \(live\)" "$mode: with what there is"
    unpin

    # ---- records that are lost, broken, old ----
    things | grep "/p$mode/" | grep -v control/ >"$T/world"
    call s3 get "$record" >"$T/now.json"
    for what in lost broken old; do
        case $what in
        lost) call s3 rm "$record" ;;
        broken) echo '{"format": 1, "models": 7' >"$T/bad.json" && call s3 put "$record" "$T/bad.json" ;;
        old) call s3 put "$record" "$T/good.json" ;;
        esac
        mme plan "$spec"
        is_exit 0 "$mode, record $what: plan"
        lacks_out '^  # ' "$mode, record $what: nothing that exists is to change"
        mme apply "$spec"
        is_exit 0 "$mode, record $what: apply"
        is "$(sent CreateTrainingJob) $(sent UpdateEndpoint)" "0 0" "$mode, record $what: makes nothing"
        things | grep "/p$mode/" | grep -v control/ >"$T/after"
        if cmp -s "$T/world" "$T/after"; then
            pass "$mode, record $what: both older versions are still there"
        else
            fail "$mode, record $what: both older versions are still there" "$(diff "$T/world" "$T/after")"
        fi
        mme plan "$spec" -detailed-exitcode
        is_exit 0 "$mode, record $what: nothing is left to do"
    done
    call s3 rm "$record"
    run "$MMECTL" rollback model_fast -f "$spec" --local -auto-approve --to "$(echo "$v1" | cut -c1-16)"
    is_exit 0 "$mode: without a record a version is found by its key"
    is "$(predict "$spec" model_fast)" "$first" "$mode: v1 answers"
    for other in model_conservative model_deep; do
        run "$MMECTL" route "$other" -f "$spec" --local
        is_exit 0 "$mode: $other stays published through a rollback without a record"
    done
    run "$MMECTL" resume model_fast -f "$spec" --local
    is_exit 0 "$mode: resume"
    mme apply "$spec"
    is "$(predict "$spec" model_fast)" "$third" "$mode: v3 answers again"

    # ---- the version that is held goes ----
    run "$MMECTL" rollback model_fast -f "$spec" --local -auto-approve --to "$v1"
    is_exit 0 "$mode: held at v1"
    call s3 get "$record" >"$T/now.json"
    held=$("$PYTHON" -I -S -c 'import json,sys
print(json.load(open(sys.argv[1]))["models"]["model_fast"]["key"])' "$T/now.json")
    call s3 rm "$bucket/$held"
    for time in first second third; do
        mme apply "$spec"
        is_exit 3 "$mode: what is held at a version that is gone is left out ($time time)"
        has_err "model 'model_fast' is held at $(echo "$v1" | cut -c1-16), and that version is gone" "$mode: it says so"
        is "$(sent CreateTrainingJob)" 0 "$mode: and does not train what the spec says"
    done
    run "$MMECTL" status "$spec" --local
    is_exit 0 "$mode: status of one without a version"
    run "$MMECTL" route model_fast -f "$spec" --local
    is_exit 1 "$mode: it has no target"
    has_err "model 'model_fast' is not published" "$mode: which it says"
    run "$MMECTL" doctor "$spec" --local
    has_out "the artifact is gone" "$mode: doctor sees it"
    run "$MMECTL" resume model_fast -f "$spec" --local
    is_exit 0 "$mode: the hold is there to be lifted"
    mme apply "$spec"
    is_exit 0 "$mode: and then the spec's version is published"
    is "$(predict "$spec" model_fast)" "$third" "$mode: v3 answers"

    # ---- fewer are kept ----
    edit "$spec" 's/retain: 2/retain: 0/'
    mme apply "$spec"
    is_exit 0 "$mode: retain: 0"
    has_out '^Apply complete! Resources: 0 added, 0 changed, 1 destroyed\.$' "$mode: removes the older version that is left"
    has_out 'an older version, beyond versions.retain' "$mode: and says why"
    mme destroy "$spec"
    is_exit 0 "$mode: destroy"
done
done_testing
