#!/bin/sh
# Each header compiles alone, is guarded by its path, and opens with "/* path - what it is".
. "$(dirname "$0")/lib.sh"

{ c_files; c_files tests; } | grep '\.h$' | while read -r header; do
    guard=$(printf '%s' "$header" | tr 'a-z/.' 'A-Z__' | tr -c 'A-Z0-9_\n' _)
    head -n 1 "$header" | grep -qF "/* $header - " || echo "$header:1: does not open with '/* $header - '"
    grep -qx "#ifndef $guard" "$header" && grep -qx "#define $guard" "$header" || echo "$header:1: its guard is not $guard"
    ${CC:-gcc} -std=c17 -I. -D_POSIX_C_SOURCE=200809L -Wall -Wextra -Werror -fsyntax-only -x c - <<EOF >/dev/null 2>&1 ||
#include "$header"
EOF
        echo "$header:1: does not compile alone"
done >"$faults"
gate_end
