#!/usr/bin/env bash
# Installs a Debian package of chinwag on the system that this runs on, uses what is in it, and removes it: each file
# is where it should be, the server serves a chat when it is started as its unit starts it, and nothing is left in the
# end. packaging/deb.sh has it run where that does no harm.
#
#     packaging/deb-try.sh FILE
set -euo pipefail
package=$1
fail() { echo "$*" >&2; exit 1; }
# What is there already is somebody's.
for mine in /usr/bin/chinwag /usr/bin/chinwagd /var/lib/chinwagd /var/lib/private/chinwagd; do
    [ ! -e "$mine" ] || fail "$mine is there: nothing is touched"
done
! dpkg-query -W chinwag >/dev/null 2>&1 || fail "a chinwag is installed: nothing is touched"

work=$(mktemp -d)
server=
finish() {
    [ -z "$server" ] || kill "$server" 2>/dev/null || true
    dpkg --purge chinwag >/dev/null 2>&1 || true
    rm -rf "$work"
}
trap finish EXIT
comes() {
    local _
    for _ in {1..600}; do
        grep -qF -- "$2" "$1" && return
        sleep 0.05
    done
    fail "\"$2\" did not come, but: $(cat "$1")"
}
# What a package can leave behind. Not what others keep of it: dpkg's journal, and indexes of manuals.
everything() {
    find /etc /usr /opt /var -xdev -path /var/lib/dpkg -prune -o -path /var/cache -prune -o -path /var/log -prune \
        -o -path /var/lib/private -o -path "$work" -prune -o -print | sort
}
cd /
export HOME=$work

everything >"$work/before"
echo "== installed"
# Images of containers leave manuals out.
dpkg --path-include='/usr/share/*' --install "$package"
dpkg --listfiles chinwag | while read -r file; do [ -d "$file" ] || echo "$file"; done | sort | tee "$work/names"
while read -r file; do
    mode=644
    [[ $file != /usr/bin/* ]] || mode=755
    [ "$(stat -c '%a %u %g' "$file")" = "$mode 0 0" ] || fail "$file is not there, or as it should be"
done <"$work/names"
for file in /usr/bin/chinwag /usr/bin/chinwagd /usr/share/man/man1/chinwag.1.gz /usr/share/man/man8/chinwagd.8.gz \
    /usr/share/bash-completion/completions/chinwag /usr/share/bash-completion/completions/chinwagd \
    /usr/share/fish/vendor_completions.d/chinwag.fish /usr/share/fish/vendor_completions.d/chinwagd.fish \
    /usr/share/zsh/vendor-completions/_chinwag /usr/share/zsh/vendor-completions/_chinwagd \
    /usr/lib/systemd/system/chinwagd.service /usr/lib/systemd/system/chinwagd.socket \
    /usr/share/doc/chinwag/copyright /usr/share/doc/chinwag/changelog.Debian.gz /usr/share/doc/chinwag/README.md; do
    grep -qx "$file" "$work/names" || fail "$file is not in it"
done

echo "== the programs, with all features"
for program in chinwag chinwagd; do
    "$program" --version
    [ "$(man -w "$program")" = "$(grep "/$program\.[18]\.gz" "$work/names")" ] || fail "no manual of $program"
    [ -n "$(man "$program" 2>/dev/null)" ] || fail "its manual is empty"
done
chinwag --help >"$work/help"
grep -q -- --pretty "$work/help" && grep -q -- --tls-pin "$work/help" || fail "a feature is left out"

echo "== completions"
completed=$(bash -c '. /usr/share/bash-completion/completions/chinwag; function=$(complete -p chinwag | sed "s/.*-F \([^ ]*\).*/\1/")
    COMP_WORDS=(chinwag --recon) COMP_CWORD=1; "$function" chinwag --recon chinwag; echo "${COMPREPLY[*]}"')
[ "$completed" = --reconnect ] || fail "bash completes --recon to \"$completed\""
bash -n /usr/share/bash-completion/completions/chinwagd
! command -v fish >/dev/null || [ "$(fish -c "complete -C'chinwag --recon'" | cut -f 1)" = --reconnect ] || fail "fish does not complete"
! command -v zsh >/dev/null || zsh -n /usr/share/zsh/vendor-completions/_chinwag || fail "zsh cannot read it"

echo "== nothing is on that was not asked for"
for unit in chinwagd.socket chinwagd.service; do
    [ "$(systemctl is-enabled "$unit")" = disabled ] || fail "$unit is on"
done
systemd-analyze verify chinwagd.socket chinwagd.service || fail "a unit is wrong"
# kill(1), for one, is not on every Debian.
for program in $(sed -n 's/^Exec[A-Za-z]*=\([^ ]*\).*/\1/p' /usr/lib/systemd/system/chinwagd.service); do
    owner=$(dpkg --search "$program" | tail -1 | cut -d : -f 1)
    [ "$owner" = chinwag ] || [ "$(dpkg-query --show --showformat '${Essential}' "$owner")" = yes ] ||
        fail "$program is $owner's, which need not be there"
done

echo "== the server, as its unit starts it: from a socket, as nobody, without a network of its own"
alone=(unshare --net)
"${alone[@]}" true 2>/dev/null || { alone=() && echo "with the network, as none can be kept from it here"; }
socket=$work/chinwag.sock
started=$(sed -n 's/^ExecStart=//p' /usr/lib/systemd/system/chinwagd.service)
echo "$started"
chmod 755 "$work"
# shellcheck disable=SC2086 # They are several words.
# It is told of a supervisor, if of one who does not listen: so a SIGHUP is no terminal's, which would end it.
: >"$work/server" && : >"$work/bob"
systemd-socket-activate --setenv=CHINWAGD_ECHOBOT=yes --setenv=NOTIFY_SOCKET=@nobody --listen="$socket" \
    ${alone[@]+"${alone[@]}"} setpriv --reuid 65534 --regid 65534 --clear-groups --no-new-privs --bounding-set=-all --inh-caps=-all \
    $started >"$work/server" 2>&1 &
server=$!
comes "$work/server" Listening
mkfifo "$work/typed"
chinwag "bob@$socket" <"$work/typed" >"$work/bob" 2>&1 &
bob=$!
exec 7>"$work/typed"
comes "$work/bob" 'logged in as bob'
chinwag "ann@$socket" --send bob 'hello there'
comes "$work/bob" 'From ann: hello there'
echo '@echobot and you?' >&7
comes "$work/bob" 'From echobot: and you?'
MAINPID=$server bash -c "$(sed -n 's/^ExecReload=//p' /usr/lib/systemd/system/chinwagd.service)"
echo '@echobot still there?' >&7
comes "$work/bob" 'From echobot: still there?'
echo '!quit' >&7 && exec 7>&-
wait "$bob"
cat "$work/bob"
kill "$server"
wait "$server" || fail "the server ends with status $?"
server=

echo "== put on, used, and purged: nothing is left"
systemctl enable chinwagd.socket 2>&1
mkdir -p /var/lib/private/chinwagd
ln -s private/chinwagd /var/lib/chinwagd
dpkg --remove chinwag
[ -d /var/lib/private/chinwagd ] || fail "to remove it takes the server's certificate"
dpkg --purge chinwag
[ ! -e /var/lib/private/chinwagd ] || fail "its certificate is left"
everything >"$work/after"
diff "$work/before" "$work/after" || fail "something is left, or gone"
echo "as before"
