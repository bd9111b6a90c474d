#!/usr/bin/env bash
# Boots a fresh Debian with its own systemd, and tries the package there as people would: nothing is on after it was
# installed; put on, the socket starts the server in all its confinement; it reloads; an upgrade restarts it, and the socket
# stays; to purge it leaves nothing. By hand only, as root: it fetches a Debian, for some minutes.
#
#     packaging/fresh.sh FILE [RELEASE]       of a package; without a release: bookworm
set -euo pipefail
package=$(realpath "$1")
release=${2:-bookworm}
cd "$(dirname "$0")/.."
. scripts/target.bash
need debootstrap debootstrap
need systemd-nspawn systemd-container
work=$(mktemp -d)
trap 'rm -rf --one-file-system "$work"' EXIT
root=$work/root

debootstrap --variant=minbase --include=systemd-sysv,dbus,man-db "$release" "$root" >"$work/debootstrap"
cp "$package" "$root/root/one.deb"
# The same, as if it were the next one.
dpkg-deb --raw-extract "$package" "$work/next"
sed -i 's/^Version: .*/&+next/' "$work/next/DEBIAN/control"
dpkg-deb --root-owner-group --build "$work/next" "$root/root/next.deb" >/dev/null

cat >"$root/root/try" <<'TRY'
say() { echo "$1: $("${@:2}" 2>&1 | xargs)"; }
pid() { systemctl show --property MainPID --value chinwagd; }
both() { systemctl is-active chinwagd.socket chinwagd.service; }
status() { grep -E '^(NoNewPrivs|CapEff|CapBnd|Seccomp):' "/proc/$(pid)/status" | cut -f 2; }
network() { [ "$(readlink "/proc/$(pid)/ns/net")" = "$(readlink /proc/self/ns/net)" ] && echo shared || echo alone; }
cd /root
dpkg --install one.deb
say installed both
systemctl enable --now chinwagd.socket
say on both
mkdir -p /etc/systemd/system/chinwagd.service.d
printf '[Service]\nEnvironment=CHINWAGD_TLS=yes CHINWAGD_ECHOBOT=yes\n' >/etc/systemd/system/chinwagd.service.d/more.conf
systemctl daemon-reload
say unix sh -c 'chinwag ann@/run/chinwag.sock --send echobot hello; echo $?'
pin=$(journalctl --unit chinwagd --output cat | grep -o 'SHA256:[0-9a-f]*' | head -1)
say tls sh -c "chinwag ann@127.0.0.1:5378 --tls-pin $pin --send echobot hello; echo \$?"
say used both
say confined status
say network network
say files find -L /var/lib/chinwagd -printf '%m %P '
systemctl reload chinwagd
say reloaded both
before=("$(pid)" "$(stat -c %i /run/chinwag.sock)")
dpkg --install next.deb
after=("$(pid)" "$(stat -c %i /run/chinwag.sock)")
say upgraded both
[ "${before[0]}" = "${after[0]}" ] || echo "server: another"
[ "${before[1]}" != "${after[1]}" ] || echo "socket: the same"
rm -r /etc/systemd/system/chinwagd.service.d
systemctl daemon-reload
dpkg --remove chinwag
say removed both
dpkg --purge chinwag
say left find / -xdev -name '*chinwag*' -not -path '/root/*'
TRY
cat >"$root/etc/systemd/system/try.service" <<'UNIT'
[Unit]
After=basic.target dbus.socket
[Service]
Type=oneshot
ExecStart=/bin/bash /root/try
ExecStopPost=/bin/systemctl --no-block poweroff
StandardOutput=append:/root/tried
StandardError=append:/root/tried
[Install]
WantedBy=multi-user.target
UNIT
chroot "$root" systemctl enable try.service
# A network of its own, so that the service can have one, too.
timeout 300 systemd-nspawn --register=no --keep-unit --private-network --directory="$root" --boot >"$work/boot" 2>&1 || true
cat "$root/root/tried"
[ -s "$root/root/tried" ] || tail -20 "$work/boot"
grep -E '^[a-z]+: ' "$root/root/tried" >"$work/said"
diff - "$work/said" <<'SAID' || fail "it is not as it should be"
installed: inactive inactive
on: active inactive
unix: 0
tls: 0
used: active active
confined: 0000000000000000 0000000000000000 1 2
network: alone
files: 700 600 tls.pem
reloaded: active active
upgraded: active active
server: another
socket: the same
removed: inactive inactive
left: 
SAID
