"""A world of its own for the commands: namespaces in which chat.example.org is this machine, port 5378 is free, and
nothing stays of what is written to /etc, /usr, the home or the repository, nor anybody who was started."""

import contextlib
import ctypes
import fcntl
import os
import shutil
import signal
import socket
import struct
import subprocess
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[2]
HOSTS = "127.0.0.1 localhost chat.example.org\n::1 localhost ip6-localhost\n"
KEPT_AWAY = ("/etc", "/usr", "/var", "/home", "/root", "/opt")
MS_BIND, MS_REC, MS_PRIVATE, PR_SET_PDEATHSIG = 4096, 16384, 1 << 18, 1


def enter(arguments, programs):
    """Runs this script again in such a world, and returns its status. A scratch folder goes with it."""
    scratch = Path(tempfile.mkdtemp(prefix="readme-"))
    (scratch / "bin").mkdir()
    for program in ("chinwag", "chinwagd"):
        # A copy, as cargo commands replace the programs where they were built.
        shutil.copy(Path(programs) / program, scratch / "bin")
    environment = dict(os.environ, README_SCRATCH=str(scratch))
    parts = ["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]
    command = [sys.executable, str(TOP / "scripts/readme.py"), *arguments]
    for start in (["unshare", *parts], ["unshare", "--user", "--map-root-user", *parts]):
        if shutil.which("unshare") and subprocess.run([*start, "true"], capture_output=True).returncode == 0:
            # The shell is the first process there, and buries orphans.
            command, environment["README_WORLD"] = [*start, "sh", "-c", '"$@"; exit $?', "sh", *command], "own"
            break
    # Who is killed without a word takes it along.
    with_us = (lambda: ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)) if "README_WORLD" in environment else None
    child = subprocess.Popen(command, env=environment, start_new_session=True, preexec_fn=with_us)

    def end(number, _):
        sys.exit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, end)
    try:
        return child.wait()
    finally:
        # With its namespace everybody in it ends; without one, it has to end them itself.
        child.send_signal(signal.SIGKILL if "README_WORLD" in environment else signal.SIGTERM)
        child.wait()
        shutil.rmtree(scratch, ignore_errors=True)


def mount(source, target, kind=None, flags=0, data=""):
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.mount(source.encode(), str(target).encode(), kind and kind.encode(), flags, data.encode()):
        error = ctypes.get_errno()
        raise OSError(error, f"mount {target}: {os.strerror(error)}")


class World:
    def __init__(self):
        self.scratch = Path(os.environ["README_SCRATCH"])
        self.own = os.environ.get("README_WORLD") == "own"
        self.home = self.scratch / "home"
        self.home.mkdir()
        self.real = {
            "CARGO_HOME": os.environ.get("CARGO_HOME", str(Path.home() / ".cargo")),
            "RUSTUP_HOME": os.environ.get("RUSTUP_HOME", str(Path.home() / ".rustup")),
            "CARGO_TARGET_DIR": os.environ.get("CARGO_TARGET_DIR", str(TOP / "target")),
        }
        if self.own:
            self.set_up()
        self.environment = self.of_commands()

    def of_commands(self):
        environment = {
            key: value
            for key, value in os.environ.items()
            if not key.startswith(("CHINWAG", "XDG_", "LC_", "README_", "SSH_")) and key not in ("RUST_LOG", "NO_COLOR", "ENV")
        }
        return environment | self.real | {
            "HOME": str(self.home),
            "PATH": f"{self.scratch}/bin:{os.environ['PATH']}:/usr/local/sbin:/usr/sbin:/sbin",
            "TERM": "xterm",
            "LC_ALL": "C.UTF-8",
            "PS1": "$ ",
            # There is no network, and what cargo says is not what is looked at.
            "CARGO_NET_OFFLINE": "true",
            "CARGO_TERM_QUIET": "true",
            "CARGO_INSTALL_ROOT": f"{self.home}/.cargo",
        }

    def set_up(self):
        mount("none", "/", None, MS_REC | MS_PRIVATE)
        loopback_up()
        upper = self.scratch / "upper"
        upper.mkdir()
        mount("tmpfs", upper, "tmpfs")
        # What was built stays; it may lie below one of the folders that are covered.
        target = Path(self.real["CARGO_TARGET_DIR"])
        target.mkdir(parents=True, exist_ok=True)
        built = os.open(target, os.O_PATH)
        for number, folder in enumerate([*KEPT_AWAY, str(TOP)]):
            if not os.path.isdir(folder):
                continue
            above, work = upper / f"{number}", upper / f"{number}.work"
            above.mkdir()
            work.mkdir()
            shutil.copystat(folder, above)
            mount("overlay", folder, "overlay", data=f"lowerdir={folder},upperdir={above},workdir={work}")
        mount(f"/proc/self/fd/{built}", target, None, MS_BIND)
        os.close(built)
        mount("tmpfs", "/run", "tmpfs", data="mode=755")
        Path("/etc/hosts").write_text(HOSTS)
        # The reader is ann; ssh looks for her home here.
        passwd = Path("/etc/passwd")
        passwd.write_text(f"ann:x:0:0::{self.home}:/bin/sh\n" + passwd.read_text())
        with contextlib.suppress(OSError):  # which only root has
            shadow = Path("/etc/shadow")
            shadow.write_text("ann:*:19000:0:99999:7:::\n" + shadow.read_text())
        for program in ("chinwag", "chinwagd"):
            shutil.copy(self.scratch / "bin" / program, "/usr/local/bin")
        os.chdir(TOP)

    def why_not(self, text):
        """What a block needs that is not there."""
        if self.own:
            return None
        for word in ("chat.example.org", "/run/", "/etc/", "/usr/"):
            if word in text:
                return f"{word} needs namespaces of its own"
        return None


def loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        flags = fcntl.ioctl(any_socket, 0x8913, struct.pack("16sh14x", b"lo", 0))
        (now,) = struct.unpack_from("h", flags, 16)
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sh14x", b"lo", now | 1))
