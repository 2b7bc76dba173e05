#!/bin/sh
# cppcheck over the product. Its advice on const and scope is left to reviewers; what it finds wrong is a fault.
. "$(dirname "$0")/lib.sh"

# shellcheck disable=SC2046  # lists of words
cppcheck --enable=warning,style,performance,portability --inline-suppr --quiet -j 2 --std=c11 -I. \
    -D_POSIX_C_SOURCE=200809L --suppress=missingIncludeSystem --suppress=unusedStructMember \
    --suppress=constParameterCallback --suppress=variableScope --suppress=constParameterPointer \
    --suppress=constVariablePointer --suppress=constParameter --suppress=constVariable --suppress=normalCheckLevelMaxBranches \
    --template='{file}:{line}: {id}: {message}' $(c_files | grep '\.c$') 2>"$faults"
gate_end
