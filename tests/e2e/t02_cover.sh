#!/bin/sh
# The gate of `make cover` itself: what it must accuse, it does, and nothing else.
# fast
. tests/e2e/lib.sh
gate=$PWD/tests/harness/cover.sh

# One file of a small tree, "run 0" being what its tests do; lines that end in "HERE" must be accused.
covers() { # NAME PATH STATUS; C on stdin
    tree=$T/$1
    mkdir -p "$tree/$(dirname "$2")" "$tree/build/obj/$(dirname "$2")"
    cat >"$tree/$2"
    echo 'int run(int n); int main(void) { return run(0); }' >"$tree/main.c"
    run sh -c 'cd "$0" && "${CC:-gcc}" --coverage -O0 -c -o "build/obj/${1%.c}.o" "$1" &&
        "${CC:-gcc}" --coverage -o main main.c "build/obj/${1%.c}.o" && ./main && sh "$2" build' "$tree" "$2" "$gate"
    is_exit "$3" "$1: exit status $3"
    is "$(sed -n "s|^$2:\([0-9]*\): .*|\1|p" "$T/out" | sort -nu | tr '\n' ' ')" \
        "$(sed -n '/HERE/=' "$tree/$2" | tr '\n' ' ')" "$1: accused are the lines that should be"
}

covers covered engine/plan/a.c 0 <<'E1'
int run(int n)
{
    return n;
}
E1
has_out '100.0 % +2 +engine/plan/a.c' "the share of each file is told"

covers uncovered engine/plan/a.c 1 <<'E1'
int run(int n)
{
    if (n > 0)
        return 1; /* HERE */
    return 0;
}
E1
has_out 'engine/plan/a.c:4: return 1; /\* HERE \*/' "with the line's text"

covers elsewhere engine/local/a.c 0 <<'E1'
int run(int n)
{
    if (n > 0)
        return 1;
    return 0;
}
E1

covers marked specs/a.c 0 <<'E1'
int run(int n)
{
    if (n > 0)
        return 1; /* uncovered: no test asks for it */
    if (n > 1) {
        /* uncovered from here: nor for this */
        n++;
        return n;
        /* covered again */
    }
    return 0;
}
E1

covers stale engine/stack/a.c 1 <<'E1'
int run(int n)
{
    n++; /* uncovered: HERE it says so, and is wrong */
    /* uncovered from here: HERE, and nothing is uncovered */
    n--; /* HERE */
    /* covered again */
    /* uncovered: HERE is no code */
    if (n > 0)
        return 1; /* uncovered: */ /* HERE */
    return n;
}
E1

covers endless engine/resource/a.c 1 <<'E1'
int run(int n)
{
    if (n > 0)
        /* uncovered from here: and later than it should, it ends */
        return 1;
    return 0; /* HERE */
}
/* covered again */
/* covered again */ /* HERE */
/* uncovered from here: HERE */
E1

run sh -c 'cd "$0" && rm -r build/obj/engine/plan/a.gcda && sh "$1" build' "$T/covered" "$gate"
is_exit 1 "a file that no test runs"
has_out 'engine/plan/a.c:3: return n;' "is accused"
run sh -c 'cd "$0" && rm -r build && sh "$1" build' "$T/covered" "$gate"
is_exit 1 "no build is a failure"
run sh -c 'cd "$0" && mkdir -p build/obj && sh "$1" build' "$T/covered" "$gate"
is_exit 1 "a source without coverage is a failure"
done_testing
