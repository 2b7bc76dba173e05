#!/bin/sh
# Builds a program with one known defect put back.
# usage: tests/mutants/build.sh BUILD NAME PROGRAM...
#   NAME     a patch of tests/mutants (or of the folder MUTANTS_FROM) without its ending
#   PROGRAM  mmectl, or the path of a test: tests/unit/engine/kinds/test_endpoint, tests/sim/sim, tests/fuzz/replay
# The patch is applied to copies of the files it names; everything else is what BUILD holds already. The changed objects
# stand before the library on the linker's line, so its own versions of them are not taken. Programs: BUILD/mutants/NAME/.
set -eu

build=$1 name=$2
shift 2
patches=${MUTANTS_FROM:-tests/mutants}
patch=$patches/$name.patch
out=$build/mutants/$name
[ -f "$patch" ] || { echo "there is no $patch; there are: $(cd "$patches" && echo *.patch)" >&2; exit 1; }

rm -rf "$out"
mkdir -p "$out/src"
case $build in build | */build) mode=release ;; *) mode=${build##*/} ;; esac
make -s --no-print-directory MODE="$mode" print-CC print-CPPFLAGS print-CFLAGS_ALL print-LDFLAGS_ALL print-LDLIBS >"$out/flags"
{ read -r CC && read -r CPPFLAGS && read -r CFLAGS && read -r LDFLAGS && read -r LDLIBS; } <"$out/flags"
files=$(sed -n 's,^+++ b/\([^[:space:]]*\).*,\1,p' "$patch")
for file in $files; do
    mkdir -p "$out/src/$(dirname "$file")"
    cp "$file" "$out/src/$file"
done
# The lines about it come to be nearly unchanged for long; a patch that has to guess is out of date.
patch -s -d "$out/src" -p1 -F 2 <"$patch" >"$out/patch.log" 2>&1 || {
    echo "$patch does not apply any more: mend it" >&2
    sed 's/^/  /' "$out/patch.log" >&2
    exit 1
}
objects='' commands=''
for file in $files; do
    object=$out/$(echo "${file%.c}" | tr / _).o
    # A defect may leave something unused behind; that is not what is looked at.
    # shellcheck disable=SC2086
    $CC $CPPFLAGS -I"$(dirname "$file")" $CFLAGS -Wno-error -w -c -o "$object" "$out/src/$file"
    case $file in
        cmd/*) commands="$commands $build/obj/${file%.c}.o" objects="$objects $object" ;;
        *) objects="$objects $object" ;;
    esac
done

for program; do
    case $program in
        mmectl)
            mains=
            for main in "$build"/obj/cmd/*.o; do
                case " $commands " in *" $main "*) ;; *) mains="$mains $main" ;; esac
            done
            # shellcheck disable=SC2086
            $CC $CFLAGS $LDFLAGS -o "$out/mmectl" $mains $objects "$build/libmmectl.a" $LDLIBS
            ;;
        tests/sim/*)
            # shellcheck disable=SC2086
            $CC $CFLAGS $LDFLAGS -o "$out/$(basename "$program")" $objects "$build"/obj/tests/sim/*.o "$build/libharness.a" \
                "$build/libmmectl.a" -lcmocka $LDLIBS
            ;;
        tests/fuzz/*)
            make -s --no-print-directory MODE="$mode" print-FUZZ_OBJS >"$out/fuzz"
            other=replay door=-fsanitize=fuzzer
            [ "$program" = tests/fuzz/fuzz ] || other=libfuzzer door=
            # shellcheck disable=SC2046,SC2086
            $CC $CFLAGS $LDFLAGS $door -o "$out/$(basename "$program")" $objects \
                $(tr ' ' '\n' <"$out/fuzz" | grep -v "/$other.o") "$build/libmmectl.a" $LDLIBS
            ;;
        tests/unit/*)
            # shellcheck disable=SC2086
            $CC $CFLAGS $LDFLAGS -o "$out/$(basename "$program")" "$build/obj/$program.o" $objects "$build/libharness.a" \
                "$build/libcmd.a" "$build/libmmectl.a" -lcmocka $LDLIBS
            ;;
        *) echo "don't know how to build $program" >&2; exit 1 ;;
    esac
done
