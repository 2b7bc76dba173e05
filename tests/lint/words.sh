#!/bin/sh
# Words that promise something for later, and paths of somebody's machine.
. "$(dirname "$0")/lib.sh"

find . -type f ! -path './.git*' ! -path './build/*' ! -path './tests/lint/*' ! -name '*.csv' | sed 's|^\./||' | sort |
    while read -r file; do
        grep -nIE '\b(TODO|FIXME|XXX|HACK)\b|[Ff]or now\b|[Nn]ot yet implemented|[Nn]ot implemented yet' "$file" |
            sed "s|^\([0-9]*\):.*|$file:\1: a promise instead of the thing|"
        grep -nIE '(^|[^A-Za-z0-9._-])/(work|root|home/[a-z]+|Users)/' "$file" |
            sed "s|^\([0-9]*\):.*|$file:\1: a path of somebody's machine|"
    done >"$faults"
gate_end
