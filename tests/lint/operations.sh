#!/bin/sh
# The tables of operations in Markdown pages are what the X lists of engine/local say. They stand between the lines
# "<!-- operations of the stand-in -->" and "<!-- end -->"; with -i they are written anew.
rewrite=
if [ "${1:-}" = -i ]; then
    rewrite=yes
    shift
fi
. "$(dirname "$0")/lib.sh"

table=$(mktemp)
fresh=$(mktemp)
trap 'rm -f "$faults" "$table" "$fresh"' EXIT
{
    echo "| service | operations |"
    echo "|---|---|"
    cat engine/local/*.h | tr -d '\\\n' | grep -oE 'X\(LOCAL_[A-Z0-9]+, *"[A-Za-z0-9]+"' |
        sed 's/X(LOCAL_\([A-Z0-9]*\), *"\(.*\)"/\1 \2/' | grep -v '^ADMIN ' | sort -u | awk '
        BEGIN {
            n = split("S3|S3,SAGEMAKER|SageMaker,RUNTIME|SageMaker Runtime,LOGS|CloudWatch Logs,CLOUDWATCH|CloudWatch,SCALING|Application Auto Scaling,STS|STS,IAM|IAM", rows, ",")
        }
        { list[$1] = list[$1] " `" $2 "`"; count[$1]++ }
        END { for (i = 1; i <= n; i++) { split(rows[i], at, "|"); if (count[at[1]]) print "| " at[2] " (" count[at[1]] ") |" list[at[1]] " |" } }'
} >"$table"
find . -name '*.md' ! -path './build/*' ! -path './tests/lint/*' | sed 's|^\./||' | while read -r page; do
    grep -qx '<!-- operations of the stand-in -->' "$page" || continue
    awk -v table="$table" '
        /^<!-- end -->$/ { skipping = 0 }
        !skipping { print }
        /^<!-- operations of the stand-in -->$/ { skipping = 1; while ((getline line < table) > 0) print line }' "$page" >"$fresh"
    cmp -s "$fresh" "$page" && continue
    if [ -n "$rewrite" ]; then
        cat "$fresh" >"$page"
    else
        echo "$page:1: its operations are not those of engine/local; run 'make docs'" >>"$faults"
    fi
done
gate_end
