#!/bin/sh
# engine/serve/Dockerfile makes an image that SageMaker takes. Its steps are carried out in a minimal Debian 12, and the
# result is run; IMAGE_FROM_SOURCE=1 (`make image`) builds the program in there as well, else it is this tree's.
. tests/e2e/lib.sh

unit=engine/serve/mmectl-serve.service
is "$(grep -c '^ExecStart=/usr/local/bin/mmectl serve' "$unit")" 1 "the systemd unit runs serve"
if command -v systemd-analyze >/dev/null 2>&1; then
    sed 's|^ExecStart=/usr/local/bin/mmectl|ExecStart=/bin/true|' "$unit" >"$T/mmectl-serve.service"
    ok "systemd takes the unit" systemd-analyze verify --man=no "$T/mmectl-serve.service"
fi
why=
[ "$(id -u)" = 0 ] || why="carrying out a Dockerfile without Docker needs root"
command -v debootstrap >/dev/null 2>&1 || why="debootstrap is not installed"
case $BUILD in
*asan | *tsan | *cover) [ -n "${IMAGE_FROM_SOURCE:-}" ] || why="the libraries of a sanitizer are not in the image" ;;
esac
work=$PWD/build/image
mkdir -p "$work"
if [ -z "$why" ] && ! sh tests/image/base.sh "$work/base.tar" >"$T/base.log" 2>&1; then
    why="no minimal Debian can be had: $(tail -n 1 "$T/base.log")"
fi
if [ -n "$why" ]; then
    skip "the image" "$why"
    done_testing
    exit
fi
binary=$MMECTL
[ -z "${IMAGE_FROM_SOURCE:-}" ] || binary=-
"$PYTHON" -B tests/image/image.py engine/serve/Dockerfile "$work" "$binary" "$work/base.tar" >"$T/image.tap" 2>&1
while IFS= read -r line; do
    case $line in
        'ok - '*) pass "${line#ok - }" ;;
        'not ok - '*) fail "${line#not ok - }" ;;
        *) note "$line" ;;
    esac
done <"$T/image.tap"
grep -q '^done$' "$T/image.tap" && pass "every step was carried out" || fail "it ended early"
done_testing
