#!/usr/bin/env bash
# Tries the recipes without the systems that they are for: their makefiles with stand-ins for what those include, the
# very build commands, and the scripts that start the server, with stand-ins for what starts them.
set -euo pipefail
cd "$(dirname "$0")"
top=$(realpath ..)
. ../scripts/target.bash
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
target=$(rustc -vV | sed -n 's/^host: //p')
# Shared by all that is built fast, for a look at it.
[[ -n ${CARGO_TARGET_DIR-} ]] || output=$top/target
export CARGO_TARGET_DIR=$output/packaging
# What is built here is looked at and thrown away.
export CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 CARGO_PROFILE_RELEASE_OPT_LEVEL=0

echo "== scripts are POSIX shell"
for script in openwrt/files/chinwagd.init buildroot/package/chinwag/S95chinwagd; do
    for shell in sh dash busybox; do
        command -v "$shell" >/dev/null || continue
        if [ "$shell" = busybox ]; then busybox sh -n "$script"; else "$shell" -n "$script"; fi
    done
done

echo "== systemd: the units"
if command -v systemd-analyze >/dev/null; then
    # It looks for the program, too.
    sed "s|^ExecStart=.*|ExecStart=$(command -v true)|" systemd/chinwagd.service >"$work/chinwagd.service"
    cp systemd/chinwagd.socket "$work"
    systemd-analyze verify --man=no "$work/chinwagd.service" "$work/chinwagd.socket" || fail "a unit is wrong"
else
    echo "left out: there is no systemd-analyze"
fi

echo "== OpenWrt: the makefile, and its build"
# What rules.mk, package.mk and rust-package.mk have in common with these is their variables and the form of the
# build command.
openwrt=$work/openwrt
mkdir -p "$openwrt/include" "$openwrt/feeds/packages/lang/rust"
cat >"$openwrt/rules.mk" <<'MAKE'
INCLUDE_DIR:=$(TOPDIR)/include
INSTALL_DIR:=install -d -m0755
INSTALL_BIN:=install -m0755
INSTALL_CONF:=install -m0600
CP:=cp -fpR
MAKE
cat >"$openwrt/include/package.mk" <<'MAKE'
PKG_BUILD_DIR:=$(TOPDIR)/build/$(PKG_NAME)-$(PKG_VERSION)
PKG_INSTALL_DIR:=$(PKG_BUILD_DIR)/ipkg-install
.DEFAULT_GOAL:=all
compile:
	$(Build/Prepare)
	$(Build/Compile)
define BuildPackage
  $(if $(and $(findstring TITLE:=,$(Package/$(1))),$(findstring DEPENDS:=,$(Package/$(1)))),,$$(error $(1) is not defined))
  all: install-$(1)
  install-$(1): compile
	$(call Package/$(1)/install,$(TOPDIR)/root-$(1))
endef
MAKE
cat >"$openwrt/feeds/packages/lang/rust/rust-package.mk" <<'MAKE'
RUST_ARCH_DEPENDS:=@HAS_RUST
CARGO_PKG_PROFILE:=release
define Build/Compile/Cargo
	+cargo install -v --profile $(CARGO_PKG_PROFILE) \
		$(if $(strip $(RUST_PKG_FEATURES)),--features "$(strip $(RUST_PKG_FEATURES))") \
		--root $(PKG_INSTALL_DIR) --path "$(PKG_BUILD_DIR)/$(if $(strip $(1)),$(strip $(1)))" $(2)
endef
MAKE
make -C openwrt TOPDIR="$openwrt" CONFIG_CHINWAG_TLS=y >"$work/log" 2>&1 || { tail -20 "$work/log"; exit 1; }
(cd "$openwrt" && find root-chinwag root-chinwagd -type f -printf '%m %p\n' | sort -k2) | tee "$work/files"
diff "$work/files" - <<'FILES'
755 root-chinwag/usr/bin/chinwag
600 root-chinwagd/etc/config/chinwagd
755 root-chinwagd/etc/init.d/chinwagd
755 root-chinwagd/usr/bin/chinwagd
FILES

"$openwrt/root-chinwag/usr/bin/chinwag" --help | grep -q -- --tls-pin || fail "it is built without TLS"

echo "== OpenWrt: the server is started as its configuration says"
# Stand-ins for rc.common, functions.sh and procd.sh: one section, whose options are variables.
cat >"$work/rc.common" <<'SHELL'
config_load() { [ "$1" = chinwagd ]; }
config_foreach() { "$1" main; }
config_get() { eval "$1=\${option_$3:-}"; }
config_get_bool() { eval "$1=\${option_$3:-$4}"; }
procd_open_instance() { echo "instance $1"; }
procd_set_param() { echo "$@"; }
procd_append_param() { echo "$@"; }
procd_close_instance() { :; }
procd_add_reload_trigger() { echo "reload $1"; }
. "$1"
start_service
SHELL
options() { sed -n "s/^[[:space:]]*option \([a-z_]*\) '\(.*\)'/option_\1='\2'/p" openwrt/files/chinwagd.config; }
# shellcheck disable=SC2086 # they are several words
started() { (eval "$(options)"; eval "$1"; export ${!option_*}; sh "$work/rc.common" openwrt/files/chinwagd.init); }
[ -z "$(started :)" ] || fail "it is not off"
started "option_enabled=1 option_echobot=1 option_port=0" >"$work/procd"
grep -qx 'user nobody' "$work/procd" || fail "it runs as root"
command=$(sed -n 's/^command \(.*\)/\1/p' "$work/procd" | tr '\n' ' ')
echo "$command"
[ "$command" = "/usr/bin/chinwagd --address 0.0.0.0 --port 0 --max-users 16 --max-memory 1M --echobot " ] || fail "not as meant"
# The program knows these options.
# shellcheck disable=SC2086
timeout 5 $openwrt/root-chinwagd$command </dev/null | {
    read -r said
    echo "$said"
    [[ $said = "listening on 0.0.0.0:"* ]] || fail "it does not listen"
} || [ "${PIPESTATUS[0]}" = 124 ]

echo "== Buildroot: the recipe, and its build"
# cargo-package evaluates the recipe's variables, builds and installs.
buildroot=$work/buildroot
mkdir -p "$buildroot/build"
(cd "$top" && tar -c Cargo.toml Cargo.lock build.rs src benches examples tests) | tar -x -C "$buildroot/build"
ln -s "$CARGO_TARGET_DIR" "$buildroot/build/target"
cat >"$buildroot/Makefile" <<'MAKE'
INSTALL = install
TARGET_DIR = $(CURDIR)/root
CHINWAG_PKGDIR = $(BR2_EXTERNAL_CHINWAG_PATH)/package/chinwag
define cargo-package
all:
	cd build && cargo build --offline --release --manifest-path Cargo.toml --locked $$(CHINWAG_CARGO_BUILD_OPTS)
	$$(MAKE) install
install: build
	$$(CHINWAG_INSTALL_TARGET_CMDS)
	$$(CHINWAG_INSTALL_INIT_SYSV)
endef
include $(BR2_EXTERNAL_CHINWAG_PATH)/external.mk
MAKE
for server in '' y; do
    rm -rf "$buildroot/root"
    make -C "$buildroot" all BR2_EXTERNAL_CHINWAG_PATH="$PWD/buildroot" BR2_PACKAGE_CHINWAG_SERVER=$server BR2_PACKAGE_CHINWAG_TLS=$server \
        RUSTC_TARGET_NAME="$target" CHINWAG_BUILT="$CARGO_TARGET_DIR/release" >"$work/log" 2>&1 || { tail -20 "$work/log"; exit 1; }
    made=$(cd "$buildroot/root" && find . -type f -printf '%P ' | xargs -n 1 | sort | xargs)
    echo "$made"
    [ "$made" = "${server:+etc/init.d/S95chinwagd }usr/bin/chinwag${server:+ usr/bin/chinwagd}" ] || fail "not as meant"
done
