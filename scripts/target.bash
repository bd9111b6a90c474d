# What building for a board's processor needs, for the scripts beside this file: to be read by bash, in the root of
# the project.

# Where cargo builds.
output=${CARGO_TARGET_DIR:-target}
[[ $output == /* ]] || output=$PWD/$output

# The targets that are known here.
all=(x86_64-unknown-linux-musl i686-unknown-linux-musl aarch64-unknown-linux-musl
    armv7-unknown-linux-gnueabihf riscv64gc-unknown-linux-gnu)

fail() {
    echo "$*" >&2
    exit 1
}

# A command, by the package that has it.
need() {
    local command=$1 package=$2
    command -v "$command" >/dev/null && return
    [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null || fail "there is no $command: install $package"
    apt-get install -y -qq "$package" || { apt-get update -qq && apt-get install -y -qq "$package"; }
}

# The linker of a target, and the emulator (none where its programs run here).
prepare() {
    target=$1 linker=rust-lld runner=
    case $target in
        x86_64-unknown-linux-musl) ;;
        i686-unknown-linux-musl) runner="qemu-i386" ;;
        aarch64-unknown-linux-musl) runner="qemu-aarch64" ;;
        armv7-unknown-linux-gnueabihf)
            linker=arm-linux-gnueabihf-gcc runner="qemu-arm -L /usr/arm-linux-gnueabihf"
            need "$linker" gcc-arm-linux-gnueabihf
            ;;
        riscv64gc-unknown-linux-gnu)
            linker=riscv64-linux-gnu-gcc runner="qemu-riscv64 -L /usr/riscv64-linux-gnu"
            need "$linker" gcc-riscv64-linux-gnu
            ;;
        *) fail "$target is none of those that are known here: ${all[*]}" ;;
    esac
    rustup target list --installed | grep -qx "$target" || rustup target add "$target"
    case $(uname -m)/$target in
        x86_64/x86_64-* | x86_64/i686-* | aarch64/aarch64-*) runner= ;;
    esac
    [ -z "$runner" ] || need "${runner%% *}" qemu-user
    local name=${target^^}
    name=CARGO_TARGET_${name//-/_}
    export "${name}_LINKER=$linker" "${name}_RUNNER=$runner"
    [ -n "$runner" ] || unset "${name}_RUNNER"
}
