#!/bin/sh
# The layer rule and the quarantine of libraries, as engine/README.md's two tables state them.
. "$(dirname "$0")/lib.sh"

rules=$lint/../../engine/README.md
[ ! -f engine/README.md ] || rules=engine/README.md

c_files | while read -r file; do
    grep -nE '^#[ ]*include' "$file" | sed "s|^|$file |"
done | awk -F'|' -v rules="$rules" '
    function words(cell, list,    n, parts, i, m) { # the `quoted` words of a cell
        n = split(cell, parts, "`"); m = 0
        for (i = 2; i <= n; i += 2) list[++m] = parts[i]
        return m
    }
    function folder_of(path) {
        if (path ~ /^engine\//) { split(path, p, "/"); return p[1] "/" p[2] }
        sub("/.*", "", path); return path
    }
    function base_name(path) { sub(".*/", "", path); return path }
    function allowed(file, from, to,    n, i, rule, may) {
        if (folder_of(to) == from || folder_of(to) == "engine/base") return 1
        n = split(may_include[from], may, " ")
        for (i = 1; i <= n; i++) {
            rule = may[i]
            if (rule ~ /:$/) { i++; if (base_name(file) ":" == rule && may[i] == to) return 1; continue }
            if (to == rule || index(to, rule "/") == 1) return 1
        }
        return 0
    }
    function at_home(file, homes,    n, i, list) {
        n = split(homes, list, " ")
        for (i = 1; i <= n; i++) if (index(file, list[i]) == 1) return 1
        return 0
    }
    BEGIN {
        while ((getline line < rules) > 0) {
            if (line ~ /^<!-- \//) part = ""
            else if (line ~ /^<!-- /) part = line
            n = split(line, cell, "|")
            if (n < 4 || cell[2] !~ /`/) continue
            split("", one); split("", many)
            words(cell[2], one)
            if (part ~ /layers/) {
                m = words(cell[4], many); known[one[1]] = 1; rows++
                for (i = 1; i <= m; i++) may_include[one[1]] = may_include[one[1]] " " many[i]
            } else if (part ~ /libraries/) {
                m = words(cell[5], many); rows++
                for (i = 1; i <= m; i++) home[one[1]] = home[one[1]] " " many[i]
            }
        }
        if (rows < 10) { print rules ":1: the tables of layers and libraries were not found"; exit }
    }
    {
        split($0, head, " "); file = head[1]; line = head[2]; sub(":.*", "", line)
        from = folder_of(file)
        if (!(from in known)) { print file ":1: this folder has no row in engine/README.md"; next }
        if ($0 ~ /include "/) {
            to = $0; sub(".*include \"", "", to); sub("\".*", "", to)
            if (to !~ /\//) print file ":" line ": \"" to "\" is not written from the root"
            else if (!allowed(file, from, to)) print file ":" line ": " from " must not include " to
        } else for (library in home) {
            to = $0; sub(".*<", "", to)
            if (index(to, library) != 1) continue
            if (!at_home(file, home[library])) print file ":" line ": <" library "> belongs to" home[library]
        }
    }' >"$faults"
gate_end
