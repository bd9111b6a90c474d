"""What a server's machine has beside chinwagd, where a block needs it: a door by ssh, and a certificate of an authority
that everybody trusts."""

import os
import shutil
import subprocess
from pathlib import Path

LETSENCRYPT = Path("/etc/letsencrypt/live/chat.example.org")
AUTHORITIES = Path("/etc/ssl/certs/ca-certificates.crt")


class Missing(Exception):
    """What is not there to run a block with."""


def sshd(world):
    """ssh's server with the configuration that there is now, the reader's key let in: its process."""
    program = shutil.which("sshd", path=world.environment["PATH"])
    if not (program and shutil.which("ssh") and world.own):
        raise Missing("there is no sshd, or no namespace for it")
    if Path("/proc/self/setgroups").read_text().strip() == "deny":
        raise Missing("sshd needs root")
    keys, host = world.home / ".ssh", world.scratch / "host_key"
    if not keys.exists():
        make_keys(world, keys, host)
    Path("/run/sshd").mkdir(exist_ok=True)
    command = [program, "-D", "-h", str(host), "-o", "UsePAM=no", "-o", "PermitRootLogin=yes"]
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def make_keys(world, keys, host):
    keys.mkdir(mode=0o700)
    for folder in (world.home, world.scratch):
        folder.chmod(0o755)
    for file in (keys / "id_ed25519", host):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(file)], check=True)
    public = (keys / "id_ed25519.pub").read_text()
    (keys / "authorized_keys").write_text(public)
    (keys / "known_hosts").write_text(f"chat.example.org {Path(f'{host}.pub').read_text()}")
    # A user whom people with nothing but ssh come as.
    home = Path("/home/chat")
    (home / ".ssh").mkdir(parents=True)
    with open("/etc/passwd", "a") as users, open("/etc/shadow", "a") as secrets:
        users.write(f"chat:x:5378:5378::{home}:/bin/sh\n")
        secrets.write("chat:*:19000:0:99999:7:::\n")
    (home / ".ssh/authorized_keys").write_text(public)
    for path in (home, home / ".ssh", home / ".ssh/authorized_keys"):
        os.chown(path, 5378, 5378)


def certificate(world):
    """One as certbot leaves it."""
    if not (shutil.which("openssl") and AUTHORITIES.exists() and world.own):
        raise Missing("there is no openssl, or nobody whom this system trusts")
    if LETSENCRYPT.exists():
        return
    LETSENCRYPT.mkdir(parents=True)
    key = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2"
    for command in (
        f"{key} -subj /CN=authority -keyout authority.key -out authority.pem",
        f"{key} -subj /CN=chat -CA authority.pem -CAkey authority.key -addext basicConstraints=critical,CA:FALSE"
        " -addext subjectAltName=DNS:chat.example.org -keyout privkey.pem -out fullchain.pem",
    ):
        made = subprocess.run(["openssl", *command.split()], cwd=LETSENCRYPT, capture_output=True, text=True)
        if made.returncode:
            raise Missing(f"openssl makes no certificate: {made.stderr}")
    with open(AUTHORITIES, "a") as file:
        file.write((LETSENCRYPT / "authority.pem").read_text())
