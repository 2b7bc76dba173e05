# tests/lint/lib.sh - what the gates share. A gate is called with the root of a tree (the project, or its seeded defect),
# prints one line per fault, "file:line: what", and ends with gate_end: exit 1 when there was one.
set -u
LC_ALL=C
export LC_ALL
root=${1:-.}
lint=$(cd "$(dirname "$0")" && pwd)
cd "$root" || exit 70
faults=$(mktemp)
trap 'rm -f "$faults"' EXIT

# The C files and headers of the product, or of the folders named.
c_files() {
    [ $# -gt 0 ] || set -- engine specs cmd
    for folder in "$@"; do
        [ ! -d "$folder" ] || find "$folder" -name '*.[ch]' ! -path '*/seeded/*'
    done | sort
}

gate_end() {
    cat "$faults"
    [ ! -s "$faults" ]
    exit
}
