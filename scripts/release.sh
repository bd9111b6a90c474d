#!/usr/bin/env bash
# Makes what a release has to offer, in the folder dist (CHINWAG_DIST names another): see docs/releasing.md.
#
#     scripts/release.sh check [TAG]    the version is the same everywhere, and the names are those of the archives
#     scripts/release.sh origin         Cargo.toml names the repository that this runs for
#     scripts/release.sh TARGET...      an archive for each: programs with the features rich and tls, and their manuals
#     scripts/release.sh deb            the Debian package for this machine, tried
#     scripts/release.sh sbom TARGET... what is in the programs of each, in CycloneDX
#     scripts/release.sh sums           SHA256SUMS of all that is there
#     scripts/release.sh notes          what CHANGELOG.md says of this version
set -euo pipefail
cd "$(dirname "$0")/.."
. scripts/target.bash
dist=${CHINWAG_DIST:-$PWD/dist}
version=$(sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -1)

# The archive of a target, and the folder in it.
archive_of() { echo "chinwag-$version-$1"; }

# A string of Cargo.toml, by its key.
manifest() { sed -n "s/^$1 = \"\(.*\)\"\$/\1/p" Cargo.toml | head -1; }

same() { [ "$2" = "$3" ] || fail "$1: \"$2\", and not \"$3\""; }

check() {
    [ $# = 0 ] || same "the tag" "$1" "v$version"
    grep -qE "^## \[$version\] - [0-9]{4}-[0-9]{2}-[0-9]{2}$" CHANGELOG.md || fail "CHANGELOG.md has no $version with a date"
    same "packaging/deb/changelog" "$(sed -n '1s/^chinwag (\(.*\)-1) .*/\1/p' packaging/deb/changelog)" "$version"
    local page
    for page in packaging/man/*.[18]; do
        grep -q "^\.TH .* $version\"" "$page" || fail "$page is not of $version"
    done
    # The targets are those that the workflow builds, and that are told of; whoever names an archive means one of them.
    local named
    for named in "${all[@]}"; do
        grep -qx " *- $named" .github/workflows/release.yml || fail "the release workflow does not build for $named"
        grep -q "^| $named " docs/releasing.md || fail "docs/releasing.md does not know $named"
    done
    for named in $(grep -ohE 'chinwag-[A-Za-z0-9._-]+\.tar\.gz' README.md docs/*.md); do
        named=${named#chinwag-VERSION-} named=${named#"chinwag-$version-"} named=${named%.tar.gz}
        [ "$named" = TARGET ] || grep -qx " *- $named" .github/workflows/release.yml || fail "no release has an archive for $named"
    done
    # What binstall looks for is what is made here.
    local target=x86_64-unknown-linux-musl template url folder
    template=$(manifest pkg-url)
    url=${template//'{ name }'/chinwag} url=${url//'{ version }'/$version} url=${url//'{ target }'/$target}
    same "pkg-url" "$url" "{ repo }/releases/download/v$version/$(archive_of $target).tar.gz"
    folder=$(manifest bin-dir)
    folder=${folder//'{ name }'/chinwag} folder=${folder//'{ version }'/$version} folder=${folder//'{ target }'/$target}
    same "bin-dir" "$folder" "$(archive_of $target)/{ bin }{ binary-ext }"
    echo "version $version: all agree"
}

origin() {
    same "Cargo.toml's repository" "$(manifest repository)" "$GITHUB_SERVER_URL/$GITHUB_REPOSITORY"
}

# One archive, the same bytes of the same programs.
archive() {
    local target=$1 name folder runner=
    name=$(archive_of "$target")
    if [[ $target == *-apple-darwin ]]; then
        rustup target list --installed | grep -qx "$target" || rustup target add "$target"
    else
        prepare "$target" && compiler "$target"
    fi
    cargo build --release --locked --features rich,tls --target "$target"
    folder=$dist/$name
    rm -rf "$folder" && mkdir -p "$folder"
    cp "$output/$target/release/chinwag" "$output/$target/release/chinwagd" "$folder"
    cp -R packaging/man packaging/completions packaging/systemd "$folder"
    cp README.md CHANGELOG.md SECURITY.md LICENSE-MIT LICENSE-APACHE "$folder"
    cp -R docs "$folder"
    local order=() tar=tar
    ! command -v gtar >/dev/null || tar=gtar
    ! "$tar" --version | grep -q GNU || order=(--sort=name --owner=0 --group=0 --numeric-owner --mtime="@$(git log -1 --format=%ct)")
    "$tar" -c ${order[@]+"${order[@]}"} -C "$dist" "$name" | gzip -9n >"$dist/$name.tar.gz"
    rm -rf "$folder"
    tried "$dist/$name.tar.gz" "$name" "$target"
}

# What is in the archive runs, with both features.
tried() {
    local work program says
    work=$(mktemp -d)
    tar -xzf "$1" -C "$work"
    for program in chinwag chinwagd; do
        # shellcheck disable=SC2086 # The emulator and its arguments are words.
        if says=$($runner "$work/$2/$program" --version); then
            same "$program" "$says" "$program $version"
        else
            [[ $3 == *-apple-darwin ]] || fail "$program of $3 does not run"
            echo "not run, as it is for another machine: $program of $3"
        fi
    done
    ls -l "$work/$2" "$1"
    rm -rf "$work"
}

deb() {
    packaging/deb.sh "$dist"
}

sbom() {
    local target name
    tool cargo-cyclonedx 0.5.9
    mkdir -p "$dist"
    for target in "$@"; do
        name=$(archive_of "$target").cdx
        cargo cyclonedx --quiet --format json --spec-version 1.5 --features rich,tls --target "$target" --override-filename "$name"
        mv "$name.json" "$dist"
        grep -q '"bomFormat": "CycloneDX"' "$dist/$name.json" || fail "$name.json is no CycloneDX"
        ls -l "$dist/$name.json"
    done
}

sums() {
    cd "$dist"
    rm -f SHA256SUMS
    if command -v sha256sum >/dev/null; then sha256sum -- *; else shasum -a 256 -- *; fi >"$PWD.sums"
    mv "$PWD.sums" SHA256SUMS
    cat SHA256SUMS
}

notes() { awk -v head="## [$version] " 'index($0, "## ") == 1 { here = index($0, head) == 1; next } here' CHANGELOG.md; }

case ${1-} in
    check | origin | deb | sbom | sums | notes) "$@" ;;
    *-*) for target in "$@"; do archive "$target"; done ;;
    *) fail "usage: scripts/release.sh check [TAG] | origin | TARGET... | deb | sbom TARGET... | sums | notes" ;;
esac
