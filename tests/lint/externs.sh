#!/bin/sh
# A symbol that no other object of the product uses must be static. What only tests use is listed, with its reason, in
# tests/lint/externs.txt; a line there that has become untrue is a fault as well.
# usage: externs.sh ROOT [OBJECTS]; OBJECTS is the folder of compiled files (build/obj), relative to ROOT.
. "$(dirname "$0")/lib.sh"

objects=${2:-build/obj}
listed=tests/lint/externs.txt
[ -f "$listed" ] || listed=/dev/null
# Objects of deleted sources do not count.
c_files | sed -n "s|\(.*\)\.c\$|$objects/\1.o|p" | while read -r object; do
    [ ! -f "$object" ] || nm -A "$object"
done | awk -v listed="$listed" -v objects="$objects/" '
    BEGIN {
        while ((getline line < listed) > 0) {
            if (line ~ /^(#|$)/) continue
            split(line, word, " "); excused[word[1]] = 1
            if (line !~ /^[A-Za-z0-9_]+ +[^ ]+ /) print listed ":1: no reason given for " word[1]
        }
    }
    {
        split($0, at, ":"); object = at[1]; type = $(NF - 1); name = $NF; seen++
        if (type == "U") used[name] = 1
        else if (type ~ /^[TDBRGSC]$/) defined[name] = object
    }
    END {
        if (seen == 0) { print "no objects under " objects ": build first"; exit }
        for (name in defined) {
            file = defined[name]; sub(objects, "", file); sub(/\.o$/, ".c", file)
            if (name == "main" || name in used) { if (name in excused) print listed ":1: " name " is used by the product now"; continue }
            if (!(name in excused)) print file ":1: " name " is used by no other file: make it static, or remove it"
        }
        for (name in excused) if (!(name in defined)) print listed ":1: " name " does not exist"
    }' | sort >"$faults"
gate_end
