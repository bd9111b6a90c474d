#!/usr/bin/env bash
# Makes the Debian package, looks it over with lintian, and tries it (packaging/deb-try.sh).
#
#     packaging/deb.sh [FOLDER]       without one: debian, in the target folder
#
# Where root may, it is installed into an overlay of this system, so that nothing here is touched. Where there can be no
# overlay (in most containers), it is installed here, unless there is a chinwag already.
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/target.bash
made=${1:-$output/debian}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

tool cargo-deb 3.8.0
need lintian lintian
# Nothing else compares the versions.
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)
head -1 packaging/deb/changelog | grep -qF "chinwag ($version-1) " || fail "packaging/deb/changelog lacks $version"
rm -f "$made"/chinwag_*.deb
cargo deb --locked --output "$made/"
package=$(realpath "$made"/chinwag_*.deb)
lintian --allow-root --fail-on error,warning "$package"

[ "$(id -u)" = 0 ] || { echo "left out, as only root can install it: $package"; exit; }
need man man-db
need systemd-socket-activate systemd
mkdir "$work/tmp"
cp "$package" "$work/tmp/chinwag.deb"
cp packaging/deb-try.sh "$work/tmp"
# An overlay without what runs here: /run is its own, so that systemd is not told.
overlay='set -e
    mkdir "$1/upper" "$1/lower" "$1/root"
    mount -t overlay overlay -o "lowerdir=/,upperdir=$1/upper,workdir=$1/lower" "$1/root"
    for folder in proc dev sys; do mount --rbind "/$folder" "$1/root/$folder"; done
    mount -t tmpfs tmpfs "$1/root/run"
    mount --bind "$1/tmp" "$1/root/tmp"'
if unshare --mount bash -c "$overlay" bash "$work" 2>/dev/null; then
    rm -rf "$work/upper" "$work/lower" "$work/root"
    unshare --mount bash -c "$overlay"'; exec chroot "$1/root" bash /tmp/deb-try.sh /tmp/chinwag.deb' bash "$work"
else
    bash packaging/deb-try.sh "$package"
fi
