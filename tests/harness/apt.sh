#!/bin/sh
# Installs the Debian packages named as arguments that are missing, and says so. Without apt it only says what is needed.
set -eu

missing=
for package in "$@"; do
    status=$(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true)
    [ "$status" = installed ] || missing="$missing $package"
done
[ -n "$missing" ] || exit 0

if ! command -v apt-get >/dev/null 2>&1; then
    echo "needed, under these or similar names (no apt-get here, so nothing is installed):$missing" >&2
    exit 0
fi
sudo=
if [ "$(id -u)" != 0 ]; then
    command -v sudo >/dev/null 2>&1 || {
        echo "missing:$missing; install them as root: apt-get install --no-install-recommends$missing" >&2
        exit 1
    }
    sudo=sudo
fi
echo "Installing with apt:$missing"
export DEBIAN_FRONTEND=noninteractive
quiet="-qq -o Dpkg::Use-Pty=0 -o Acquire::Retries=3"
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086  # lists of words
if ! { $sudo apt-get $quiet update &&
    $sudo env DEBIAN_FRONTEND=noninteractive apt-get $quiet install -y --no-install-recommends $missing; } \
    </dev/null >"$log" 2>&1; then
    cat "$log" >&2
    exit 1
fi
