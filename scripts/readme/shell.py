"""Runs a block of commands by a shell, as it stands, but that servers in its foreground come up and are kept."""

import os
import re
import shlex
import signal
import subprocess
import tempfile
from pathlib import Path

from town import wait_for

WORDS = r"(?:\w+=\S*\s+)*(?:sudo\s+)?"
SERVER = re.compile(rf"^{WORDS}(chinwagd\b|systemd-socket-activate\b|(chinwag|cargo run)\b.*\s--host\b)(?!.*(--help|--version|\|))")


def starts_server(text):
    return any(SERVER.match(line.strip().removeprefix("$ ")) for line in text.splitlines())


# These log in and stay, as whoever stands before the @.
BOT = re.compile(r"^(?:cargo run\b.* --example \w+|(?:sh|bash|python3|node) (?:\S*/)?bot\.\w+)\b[^|&;]*?(\w+)@\S+")

PRELUDE = """set -eu
readme_reach() {
    readme_n=0
    until chinwag --name visitor --send "$2" hello >/dev/null 2>&1; do
        readme_n=$((readme_n + 1))
        if ! kill -0 "$1" 2>/dev/null || [ "$readme_n" -gt "$4" ]; then
            echo "$2 was not there, and said:" >&2; cat "$3" >&2; exit 1
        fi
        sleep 0.05
    done
    kill "$1"
    wait "$1" || [ $? = 143 ]
}
readme_up() {
    readme_n=0
    until grep -qiE 'listening on|hosting at' "$2"; do
        readme_n=$((readme_n + 1))
        if [ ! -e "/proc/$1" ] && [ -d /proc/self ] || [ -e "$2.status" ] || [ "$readme_n" -gt "$3" ]; then
            echo "it did not come up, and said:" >&2; cat "$2" >&2; exit 1
        fi
        sleep 0.05
    done
}
"""


def commands(text, shell):
    """The lines, those together that make one command."""
    waiting = ""
    for line in text.splitlines():
        waiting += line + "\n"
        if line.endswith("\\"):
            continue
        if subprocess.run([shell, "-n"], input=waiting, text=True, capture_output=True).returncode == 0:
            yield waiting
            waiting = ""
    if waiting:
        yield waiting


def without_release(text):
    """A build for a try need not be a small and fast one, which takes minutes."""
    if os.environ.get("README_RELEASE"):
        return text
    text = re.sub(r"(\bcargo (?:build|run|test)\b[^\n]*?) --release\b", r"\1", text)
    return re.sub(r"\bcargo install\b", "cargo install --debug", text)


# What a trace has of the functions above.
OF_OURS = re.compile(r"\++ (readme_|sleep 0.05|grep -qiE .listening|\[ |kill -0|chinwag --name visitor)")


class Failure(Exception):
    """What was expected, and what came."""


class Shell:
    """What a section has started and not ended yet."""

    def __init__(self, world):
        self.world, self.groups = world, []

    def run(self, block, text, folder, deadline):
        shell = block.language if block.language == "bash" else "sh"
        servers, script = [], PRELUDE + block.said.get("first", "") + "\n"
        for command in commands(without_release(text), shell):
            bot, server = BOT.match(command.strip()), SERVER.match(command.strip())
            if bot or server:
                place = tempfile.mkdtemp(dir=self.world.scratch, prefix="server-")
                said, typed = f"{place}/said", f"{place}/typed"
                os.mkfifo(typed)
                line = re.sub(r"\s*&?\s*$", "", re.sub(r"\s#[^'\"]*$", "", command))
                script += f": {shlex.quote(line)}\n"
            if bot:
                script += f"{line} <>{typed} >{said} 2>&1 &\nreadme_reach $! {bot[1]} {said} {deadline * 20}\n"
            elif server:
                servers.append(said)
                script += f"( trap : TERM; {line} || readme_s=$?; echo ${{readme_s-0}} >{said}.status ) "
                script += f"<>{typed} >{said} 2>&1 &\nreadme_up $! {said} {deadline * 20}\n"
            else:
                script += command
        script += block.said.get("then", "") + "\n"
        self.play(shell, script, folder, deadline, servers)

    def play(self, shell, script, folder, deadline, servers):
        output = self.world.scratch / "output"
        with open(output, "wb") as file:
            process = subprocess.Popen(
                [shell, "-xc", script],
                cwd=folder,
                env=self.world.environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )
        self.groups.append((process, servers))
        try:
            status = process.wait(deadline)
        except subprocess.TimeoutExpired:
            status = f"it had not ended after {deadline} s"
        if status != 0 or not servers:
            list(end_group(*self.groups.pop()))
        if status != 0:
            said = [line for line in output.read_text(errors="replace").splitlines() if not OF_OURS.match(line)]
            raise Failure("status 0", f"{status}\n" + "\n".join(said[-15:]))

    def end(self):
        """Ends whom it started; servers that do not end well are a failure."""
        groups, self.groups = self.groups, []
        bad = [mistake for process, servers in groups for mistake in end_group(process, servers)]
        if bad:
            raise Failure("status 0 or 143 after SIGTERM", "\n".join(bad))


def end_group(process, servers):
    """By SIGTERM, and says which of its servers did not end well by that."""
    signal_group(process.pid, signal.SIGTERM)
    for said in filter(os.path.exists, servers):
        ended = Path(f"{said}.status")
        if not wait_for(lambda: ended.exists() and ended.read_text()):
            yield f"it went on; it had said:\n{Path(said).read_text()}"
        elif (status := ended.read_text().strip()) not in ("0", "143"):
            yield f"{status}; it had said:\n{Path(said).read_text()}"
    if not wait_for(lambda: process.poll() is not None and not signal_group(process.pid, 0), 2):
        signal_group(process.pid, signal.SIGKILL)
        process.wait()


def signal_group(group, number):
    try:
        os.killpg(group, number)
        return True
    except (ProcessLookupError, PermissionError):
        return False
