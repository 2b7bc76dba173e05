#!/bin/sh
# cppcheck over the product. Its advice on const, scope and names is left to reviewers, and knownConditionTrueFalse
# takes loop variables for constants; whatever else it says is a fault.
. "$(dirname "$0")/lib.sh"

# shellcheck disable=SC2046  # lists of words
cppcheck --enable=warning,style,performance,portability --inline-suppr --quiet -j 2 --std=c11 -I. \
    -D_POSIX_C_SOURCE=200809L --suppress=missingIncludeSystem --suppress=unusedStructMember \
    --suppress=constParameterCallback --suppress=variableScope --suppress=constParameterPointer \
    --suppress=shadowFunction --suppress=knownConditionTrueFalse \
    --suppress=constVariablePointer --suppress=constParameter --suppress=constVariable --suppress=normalCheckLevelMaxBranches \
    --template='{file}:{line}: {id}: {message}' $(c_files | grep '\.c$') 2>"$faults"
gate_end
