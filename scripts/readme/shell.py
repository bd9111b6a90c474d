"""Runs a block of commands by a shell, as it stands, but that servers in its foreground come up and are kept."""

import os
import re
import shlex
import signal
import subprocess
import tempfile

from town import wait_for

WORDS = r"(?:\w+=\S*\s+)*(?:sudo\s+)?"
SERVER = re.compile(rf"^{WORDS}(chinwagd\b|systemd-socket-activate\b|(chinwag|cargo run)\b.*\s--host\b)(?!.*(--help|--version|\|))")


def starts_server(text):
    return any(SERVER.match(line.strip().removeprefix("$ ")) for line in text.splitlines())


PRELUDE = """set -eu
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
            if SERVER.match(command.strip()):
                place = tempfile.mkdtemp(dir=self.world.scratch, prefix="server-")
                said, typed = f"{place}/said", f"{place}/typed"
                os.mkfifo(typed)
                servers.append(said)
                line = re.sub(r"\s*&?\s*$", "", re.sub(r"\s#[^'\"]*$", "", command))
                script += f": {shlex.quote(line)}\n( trap : TERM; {line} || readme_s=$?; echo ${{readme_s-0}} >{said}.status ) "
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
            self.end(judge=False)
        if status != 0:
            said = output.read_text(errors="replace").splitlines()
            said = [line for line in said if not re.match(r"\++ (readme_|sleep 0.05|grep -qiE .listening|\[ )", line)]
            raise Failure("status 0", f"{status}\n" + "\n".join(said[-15:]))

    def end(self, judge=True):
        """Ends whom it started, by SIGTERM; servers that do not end well are a failure."""
        groups, self.groups = self.groups, []
        bad = []
        for process, servers in groups:
            signal_group(process.pid, signal.SIGTERM)
            for said in servers:
                if not wait_for(lambda: os.path.exists(f"{said}.status") and os.path.getsize(f"{said}.status")):
                    if os.path.exists(said):
                        bad.append(("its end after SIGTERM", f"it went on; it had said:\n{open(said).read()}"))
                elif (status := open(f"{said}.status").read().strip()) not in ("0", "143"):
                    bad.append(("status 0 or 143 after SIGTERM", f"{status}\n{open(said).read()}"))
            if not wait_for(lambda: not signal_group(process.pid, 0), 2):
                signal_group(process.pid, signal.SIGKILL)
            process.poll()
        if bad and judge:
            raise Failure(*bad[0])


def signal_group(group, number):
    try:
        os.killpg(group, number)
        return True
    except (ProcessLookupError, PermissionError):
        return False
