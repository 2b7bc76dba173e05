#!/bin/sh
# Makes a minimal Debian 12 as a tarball, from where this machine's own apt gets its packages: base.sh BASE.tar. Kept from
# run to run; root and debootstrap are needed.
set -eu
tar=$1
[ ! -s "$tar" ] || exit 0
suite=bookworm
work=$(mktemp -d "$(dirname "$tar")/base.XXXXXX")
trap 'rm -rf --one-file-system "$work"' EXIT
mirror=$(apt-get indextargets --format '$(REPO_URI) $(CODENAME)' 'Created-By: Packages' |
    awk -v suite="$suite" '$2 == suite { print $1; exit }')
[ -n "$mirror" ] || { echo "this machine's apt has no source for $suite" >&2; exit 1; }
proxy=$(apt-config dump Acquire::http::Proxy | sed -n 's/^Acquire::http::Proxy "\(.*\)";$/\1/p')
[ -z "$proxy" ] || export http_proxy="$proxy"
debootstrap --variant=minbase "$suite" "$work" "$mirror" >"$work.log" 2>&1 || { tail -n 20 "$work.log" >&2; exit 1; }
rm -f "$work.log" "$work/etc/apt/sources.list"
# Packages come by the rules that hold here; only Debian's own sources, as others may need keys.
for source in /etc/apt/sources.list /etc/apt/sources.list.d/*; do
    [ -f "$source" ] && grep -qF "${mirror%/}" "$source" || continue
    cp "$source" "$work${source}"
done
cp -r /etc/apt/apt.conf.d/. "$work/etc/apt/apt.conf.d/"
[ ! -f /etc/apt/apt.conf ] || cp /etc/apt/apt.conf "$work/etc/apt/"
cp /etc/resolv.conf "$work/etc/resolv.conf" 2>/dev/null || true
cp /etc/hosts "$work/etc/hosts"
rm -f "$work"/var/cache/apt/archives/*.deb
chmod 755 "$work"
tar -cf "$tar.new" --one-file-system -C "$work" .
mv "$tar.new" "$tar"
