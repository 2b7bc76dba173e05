#!/bin/sh
# targetModels stable -> versioned -> stable: one roll each, nothing trained, the same predictions under other names.
. tests/e2e/lib.sh

fast_local
spec=$(copy_demo mode)
mme apply "$spec"
is_exit 0 "apply, stable"
fast=$(predict "$spec" model_fast)
deep=$(predict "$spec" model_deep)

switched() { # TO TARGET-MODEL-REGEX
    is_exit 0 "to $1"
    as_planned "to $1"
    is "$(sent CreateTrainingJob) $(sent UpdateEndpoint)" "0 1" "to $1: nothing is trained, one roll"
    is "$(predict "$spec" model_fast)" "$fast" "to $1: the same prediction"
    is "$(predict "$spec" model_deep)" "$deep" "to $1: of another model, too"
    run "$MMECTL" route --local -f "$spec" model_fast
    has_out "$2" "to $1: route prints the new name"
    is "$(count_things '/models/')" 5 "to $1: five artifacts, none of the other layout"
    is "$(count_things '^endpoint-config ') $(count_things '^model ')" "1 1" "to $1: one config, one model"
    mme plan "$spec" -detailed-exitcode
    is_exit 0 "to $1: nothing is left to do"
}

edit "$spec" 's/targetModels: stable.*/targetModels: versioned/'
mme apply "$spec"
switched versioned '^model_fast--[0-9a-f]{16}\.tar\.gz$'
edit "$spec" 's/targetModels: versioned/targetModels: stable/'
mme apply "$spec"
switched stable '^model_fast\.tar\.gz$'

# With a change of content at the same time.
edit "$spec" 's/targetModels: stable/targetModels: versioned/;s/eta: 0\.4/eta: 0.04/'
mme apply "$spec"
is_exit 0 "with a changed model"
is "$(sent CreateTrainingJob) $(sent UpdateEndpoint)" "1 1" "one job, one roll"
isnt "$(predict "$spec" model_fast)" "$fast" "the new content is served"
is "$(predict "$spec" model_deep)" "$deep" "and the old one of the others"
mme plan "$spec" -detailed-exitcode
is_exit 0 "nothing is left to do"
done_testing
