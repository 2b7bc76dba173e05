#!/bin/sh
# Proves the README's first two commands where nothing is prepared: a minimal Debian 12 that holds git and make, in
# build/fresh/root, with a fresh clone of the last commit. Needs root and debootstrap; where packages come from is what
# this machine's own apt says. The root stays for a look and is made anew by the next run.
set -eu

top=$PWD
work=$top/build/fresh
root=$work/root
suite=bookworm
[ "$(id -u)" = 0 ] || { echo "make fresh needs root: debootstrap makes device nodes and mounts" >&2; exit 1; }
tests/harness/apt.sh debootstrap

[ -z "$(git status --porcelain)" ] || echo "note: what is not committed is not in the clone"
rm -rf --one-file-system "$root"
mkdir -p "$work"

mirror=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' |
    awk -v suite="$suite" '$2 == suite { print $1; exit }')
[ -n "$mirror" ] || { echo "this machine's apt has no source for $suite" >&2; exit 1; }
proxy=$(apt-config dump Acquire::http::Proxy | sed -n 's/^Acquire::http::Proxy "\(.*\)";$/\1/p')
[ -z "$proxy" ] || export http_proxy="$proxy"

echo "a minimal $suite from this machine's mirror, with git and make"
debootstrap --variant=minbase --include=git,make "$suite" "$root" "$mirror" >"$work/debootstrap.log" 2>&1 || {
    tail -n 20 "$work/debootstrap.log" >&2
    exit 1
}
# The clone installs packages by the rules that hold here; only Debian's own sources, as others may need keys.
rm -f "$root/etc/apt/sources.list"
for source in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
    [ -f "$source" ] || continue
    grep -qF "${mirror%/}" "$source" || continue
    mkdir -p "$root/etc/apt/$(basename "$(dirname "$source")" | sed 's/^apt$/./')"
    cp "$source" "$root/etc/apt/${source#/etc/apt/}"
done
cp -r /etc/apt/apt.conf.d/. "$root/etc/apt/apt.conf.d/"
[ ! -f /etc/apt/apt.conf ] || cp /etc/apt/apt.conf "$root/etc/apt/"
cp /etc/resolv.conf "$root/etc/resolv.conf" 2>/dev/null || true
cp /etc/hosts "$root/etc/hosts"

git clone -q --no-hardlinks "$top" "$root/mmectl"
installed=$(chroot "$root" dpkg-query -W | wc -l)
echo "$installed packages are installed there; no compiler: $(chroot "$root" sh -c 'command -v cc || echo none')"

# The new root becomes "/" of a mount namespace of its own, as a chroot could neither mount nor unshare: tests do both.
# Every mount ends with the command.
enter='mount --bind "$1" "$1" && cd "$1" && mount -t proc proc proc && mount --rbind /dev dev && mkdir -p .outside &&
    pivot_root . .outside && umount -l /.outside && cd /mmectl &&
    exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/nonexistent TERM=dumb $2'
inside() {
    echo "== $* (in the fresh root) =="
    start=$(date +%s)
    unshare -m --propagation private sh -c "$enter" sh "$root" "$*"
    echo "== $* took $(($(date +%s) - start)) s =="
}
inside make demo
inside make test
