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

# The C compiler of a target, for the feature `tls`. It need not know the target's C library: ring calls little of it.
compiler() {
    local target=$1 package
    case $(uname -m)/$target in
        x86_64/x86_64-unknown-linux-musl | aarch64/aarch64-unknown-linux-musl) compiler=musl-gcc package=musl-tools ;;
        */x86_64-unknown-linux-musl) compiler=x86_64-linux-gnu-gcc package=gcc-x86-64-linux-gnu ;;
        */i686-unknown-linux-musl) compiler=i686-linux-gnu-gcc package=gcc-i686-linux-gnu ;;
        */aarch64-unknown-linux-musl) compiler=aarch64-linux-gnu-gcc package=gcc-aarch64-linux-gnu ;;
        */armv7-unknown-linux-gnueabihf) compiler=arm-linux-gnueabihf-gcc package=gcc-arm-linux-gnueabihf ;;
        */riscv64gc-unknown-linux-gnu) compiler=riscv64-linux-gnu-gcc package=gcc-riscv64-linux-gnu ;;
        *) fail "no C compiler is known here for $target" ;;
    esac
    need "$compiler" "$package"
    export "CC_${target//-/_}=$compiler"
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

# A tool of cargo's, of this version: as it is only run here, it is built fast rather than to be fast.
tool() {
    local name=$1 version=$2
    command -v "$name" >/dev/null && return
    CARGO_PROFILE_RELEASE_OPT_LEVEL=0 CARGO_PROFILE_RELEASE_LTO=off CARGO_PROFILE_RELEASE_CODEGEN_UNITS=16 \
        CARGO_PROFILE_RELEASE_DEBUG=0 cargo install --quiet --locked --target-dir "$output/tools" "$name@$version"
    rm -rf "$output/tools"
}
