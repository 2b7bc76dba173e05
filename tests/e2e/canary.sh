#!/bin/sh
# Looks for the stand-in's secret key, which tests/run.sh chooses, wherever a test left something.
#
# usage: tests/e2e/canary.sh FILE|FOLDER...    prints the files that hold $MMECTL_LOCAL_SECRET_KEY, as it is, in base64,
# or percent-encoded; nothing when there is none.
#
# Three things know it and are left out: local.json of the stand-in (mode 0600: how to reach it); in its database the
# table access_key alone, against which signatures are checked, while every other table is looked through; and the one
# line of `mmectl local env` whose purpose it is, "export AWS_SECRET_ACCESS_KEY='...'".
set -u
secret=$MMECTL_LOCAL_SECRET_KEY
for shape in "$secret" "$(printf '%s' "$secret" | base64 -w0 | cut -c1-40)" "$(printf '%s' "$secret" | sed 's:/:%2F:g; s:+:%2B:g')"; do
    grep -rlaF --exclude=local.json --exclude='world.db*' -e "$shape" "$@" 2>/dev/null | while read -r file; do
        ! grep -aF -e "$shape" "$file" | grep -qavxF -e "export AWS_SECRET_ACCESS_KEY='$secret'" || echo "$file"
    done
done | sort -u
find "$@" -name world.db 2>/dev/null | while read -r world; do
    "${PYTHON:-python3}" -I -S - "$world" "$secret" <<'END'
import sqlite3, sys
world = sqlite3.connect(sys.argv[1])
for (table,) in world.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name != 'access_key'").fetchall():
    for row in world.execute('SELECT * FROM "%s"' % table):
        if any(sys.argv[2].encode() in (v if isinstance(v, bytes) else str(v).encode()) for v in row):
            print("%s, table %s" % (sys.argv[1], table))
            break
END
done
