#!/bin/sh
# The command and option tables in Markdown pages are what `mmectl help markdown` prints. They stand between the lines
# "<!-- mmectl help markdown -->" and "<!-- end -->"; with -i they are written anew.
rewrite=
if [ "${1:-}" = -i ]; then
    rewrite=yes
    shift
fi
. "$(dirname "$0")/lib.sh"

tables=$(mktemp)
fresh=$(mktemp)
trap 'rm -f "$faults" "$tables" "$fresh"' EXIT
"$lint/../../build/mmectl" help markdown >"$tables" || echo "build/mmectl:1: build it first" >>"$faults"
find . -name '*.md' ! -path './build/*' ! -path './tests/lint/*' | sed 's|^\./||' | while read -r page; do
    grep -qx '<!-- mmectl help markdown -->' "$page" || continue
    awk -v tables="$tables" '
        /^<!-- end -->$/ { skipping = 0 }
        !skipping { print }
        /^<!-- mmectl help markdown -->$/ { skipping = 1; while ((getline line < tables) > 0) print line }' "$page" >"$fresh"
    cmp -s "$fresh" "$page" && continue
    if [ -n "$rewrite" ]; then
        cat "$fresh" >"$page"
    else
        echo "$page:1: its tables are not what 'mmectl help markdown' prints; run 'make docs'" >>"$faults"
    fi
done
gate_end
