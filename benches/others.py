#!/usr/bin/env python3
"""What programs cost that one could use instead of chinwag, each beside it in the same rounds, on Linux.

    cargo build --release
    python3 benches/others.py                       # all that are installed; the others are named and left out
    python3 benches/others.py --only 'chinwag|nc'   # a regular expression
    python3 benches/others.py --quick               # tried out rather than measured
    python3 benches/others.py --program 'with TLS=target/tls/release/chinwag' ...

Debian: apt install netcat-openbsd ncat sic ii irssi weechat-curses ngircd strace; crates.io: cargo install confab.
(tiny is there in no version that a present Rust compiles; it is measured if it is installed.) Whatever it starts
talks to this script on 127.0.0.1, which is the server: of chinwag's protocol, of bare lines, or of IRC.
"""
import argparse, fcntl, os, pty, re, resource, shlex, shutil, signal, socket, statistics, struct, subprocess, sys
import tempfile, termios, threading, time

TEXT = "a message of some length, as people write them when they chat"[:64].ljust(64, ".")
LINES = {"chat": f"DELIVERY alice {TEXT}\n", "lines": f"{TEXT}\n", "irc": f":alice!a@localhost PRIVMSG me :{TEXT}\r\n"}
WELCOME = "".join(f":localhost {code} me {rest}\r\n" for code, rest in [
    ("001", ":Welcome"), ("002", ":Your host is localhost, running version 1"), ("003", ":Created"),
    ("004", "localhost 1 i n"), ("422", ":No MOTD")])
TINY = """servers: [{{addr: {host}, port: {port}, tls: false, hostname: h, realname: me, nicks: [me], join: []}}]
defaults: {{nicks: [me], hostname: h, realname: me, join: [], tls: false}}
log_dir: {dir}
"""
# A name; the protocol; the messages of a flood; on a terminal or not; the command; keys that open alice's window.
PROGRAMS = [
    ("nc", "lines", 1_000_000, False, "nc 127.0.0.1 {port}", ""),
    ("ncat", "lines", 1_000_000, False, "ncat 127.0.0.1 {port}", ""),
    ("confab", "lines", 100_000, True, "confab 127.0.0.1 {port}", ""),
    ("sic", "irc", 100_000, False, "sic -h 127.0.0.1 -p {port} -n me", ""),
    ("ii", "irc", 100_000, False, "ii -s 127.0.0.1 -p {port} -n me -i {dir}", ""),
    ("irssi", "irc", 20_000, True, "irssi --home={dir} -c 127.0.0.1 -p {port} -n me", "/query alice\r"),
    ("weechat", "irc", 20_000, True, "weechat -d {dir} irc://me@127.0.0.1:{port}", "/query -server 127.0.0.1 alice\r"),
    ("tiny", "irc", 20_000, True, "tiny", "\x0e\x0e"),
]


def programs(arguments):
    ours = [("", "target/release/chinwag")] + [(" " + p.split("=")[0], p.split("=")[1]) for p in arguments.program]
    found = []
    for name, program in ours:
        command = f"{os.path.abspath(program)} --address 127.0.0.1 --port {{port}} --name me"
        found.append(("chinwag" + name, "chat", 1_000_000, False, command, ""))
        found.append(("chinwag" + name + ", terminal", "chat", 100_000, True, command, ""))
    for name, protocol, count, terminal, command, keys in found + PROGRAMS:
        if not re.search(arguments.only, name):
            continue
        if shutil.which(command.split()[0]):
            yield name, protocol, count // (20 if arguments.quick else 1), terminal, command, keys
        else:
            print(f"{name}: left out, as there is no {command.split()[0]}")


class Run:
    """A program that is started, connected and logged in."""

    def __init__(self, program, before=()):
        self.name, self.protocol, self.count, terminal, command, keys = program
        self.directory = tempfile.mkdtemp()
        with socket.create_server(("127.0.0.1", 0)) as listener:
            listener.settimeout(30)
            port = listener.getsockname()[1]
            with open(f"{self.directory}/.tinyrc.yml", "w") as file:
                file.write(TINY.format(host="127.0.0.1", port=port, dir=self.directory))
            argv = [*before, *shlex.split(command.format(port=port, dir=self.directory))]
            environment = {k: v for k, v in os.environ.items() if not k.startswith(("CHINWAG", "PYTHON"))}
            environment |= {"TERM": "xterm-256color", "HOME": self.directory, "LC_ALL": "C.UTF-8"}
            started = time.monotonic()
            if terminal:
                self.keyboard, line = pty.openpty()
                fcntl.ioctl(line, termios.TIOCSWINSZ, struct.pack("4H", 24, 80, 0, 0))
                own = lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0)
                ends = dict(stdin=line, stdout=line, stderr=line, preexec_fn=own)
            else:
                line, self.keyboard = os.pipe()
                ends = dict(stdin=line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            self.process = subprocess.Popen(argv, env=environment, start_new_session=True, **ends)
            os.close(line)
            self.socket, _ = listener.accept()
            self.connected = time.monotonic() - started
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if terminal:
            threading.Thread(target=self.drain, daemon=True).start()
        self.log_in()
        if keys:
            # A window of its own for whom the messages are from, or some programs would draw none of them.
            time.sleep(1.5)
            self.socket.sendall(LINES[self.protocol].encode())
            time.sleep(0.5)
            for key in keys:
                os.write(self.keyboard, key.encode())
                time.sleep(0.05)
        self.wait_until_idle()

    def drain(self):
        try:
            while os.read(self.keyboard, 1 << 16):
                pass
        except OSError:
            pass

    def log_in(self):
        if self.protocol == "lines":
            return
        said = b""
        self.socket.settimeout(10)
        while not re.search(rb"HELLO-FROM me\n|USER .*\n", said):
            new = self.socket.recv(4096)
            if b"CAP LS" in new:
                self.socket.sendall(b":localhost CAP * LS :\r\n")
            said += new
        self.socket.sendall(b"HELLO me\n" if self.protocol == "chat" else WELCOME.encode())
        self.socket.settimeout(None)
        # What it says later is read and forgotten.
        threading.Thread(target=self.forget, daemon=True).start()

    def forget(self):
        try:
            while self.socket.recv(1 << 16):
                pass
        except OSError:
            pass

    def pids(self):
        """The program itself, and whatever it has started."""
        children = open(f"/proc/{self.process.pid}/task/{self.process.pid}/children").read().split()
        return [self.process.pid, *map(int, children)]

    def tasks(self):
        return [f"/proc/{p}/task/{t}" for p in self.pids() for t in os.listdir(f"/proc/{p}/task")]

    def cpu(self):
        """Nanoseconds on a processor, of all threads."""
        return sum(int(open(f"{task}/schedstat").read().split()[0]) for task in self.tasks())

    def wake_ups(self):
        statuses = (open(f"{task}/status").read() for task in self.tasks())
        return sum(int(re.search(r"^voluntary.*\s(\d+)", status, re.M)[1]) for status in statuses)

    def wait_until_idle(self):
        """Until a third of a second takes less than a millisecond."""
        before = -1e9
        while (now := self.cpu()) - before > 1e6:
            before = now
            time.sleep(0.33)

    def fields(self, file, names):
        text = "".join(open(f"/proc/{p}/{file}").read() for p in self.pids())
        return [sum(map(int, re.findall(rf"^{name}:\s+(\d+)", text, re.M))) for name in names]

    def libraries(self):
        """What is mapped beside the program itself and the C library: shared objects, and their KiB."""
        mapped = {l.split(None, 5)[5].strip() for p in self.pids() for l in open(f"/proc/{p}/maps") if ".so" in l}
        mapped = [m for m in mapped if os.path.exists(m) and not re.search(r"/(libc|libm|ld-linux[\w-]*)\.so", m)]
        return len(mapped), sum(map(os.path.getsize, mapped)) // 1024

    def end(self):
        self.socket.close()
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        os.close(self.keyboard)
        shutil.rmtree(self.directory, ignore_errors=True)


NGIRCD = """[Global]\nName = irc.localhost\nInfo = x\nListen = 127.0.0.1\nPorts = {port}\nMotdPhrase = x\n
[Limits]\nMaxConnections = 0\nMaxConnectionsIP = 0\nMaxPenaltyTime = 0\n[Options]\nDNS = no\nIdent = no\nPAM = no\n"""
# What users a and b say first, what a sends to b, and the command.
SERVERS = {
    "chinwagd": ("HELLO-FROM {name}\n", "SEND b {text}\n", "target/release/chinwagd --port {port}"),
    "ncat --chat": ("", "{text}\n", "ncat --chat --listen 127.0.0.1 {port}"),
    "ngircd": ("NICK {name}\r\nUSER x 0 * :x\r\n", "PRIVMSG b :{text}\r\n", "ngircd -n -f {dir}/ngircd.conf"),
}


class Relay(Run):
    """A server with two users."""

    def __init__(self, name):
        log_in, self.message, command = SERVERS[name]
        self.directory = tempfile.mkdtemp()
        os.chmod(self.directory, 0o755)
        with socket.create_server(("127.0.0.1", 0)) as listener:
            port = listener.getsockname()[1]
        with open(f"{self.directory}/ngircd.conf", "w") as file:
            file.write(NGIRCD.format(port=port))
        argv = shlex.split(command.format(port=port, dir=self.directory))
        self.keyboard, quiet = os.open(os.devnull, os.O_RDONLY), subprocess.DEVNULL
        self.process = subprocess.Popen(argv, stdin=quiet, stdout=quiet, stderr=quiet, start_new_session=True)
        self.socket, self.other = self.enter(port, "a", log_in), self.enter(port, "b", log_in)
        time.sleep(2)
        threading.Thread(target=self.forget, daemon=True).start()

    def enter(self, port, name, log_in):
        until = time.monotonic() + 10
        while True:
            try:
                connection = socket.create_connection(("127.0.0.1", port), 10)
                break
            except ConnectionRefusedError:
                if time.monotonic() > until:
                    raise
                time.sleep(0.05)
        connection.sendall(log_in.format(name=name).encode())
        return connection

    def relay(self, count):
        """CPU nanoseconds for each message that has come to b."""
        before = self.cpu()
        block = self.message.format(text=TEXT).encode() * 500
        sender = threading.Thread(target=lambda: [self.socket.sendall(block) for _ in range(count // 500)], daemon=True)
        sender.start()
        come, count = 0, count // 500 * 500
        while come < count:
            # Lines, as some tear texts.
            come += self.other.recv(1 << 16).count(b"\n")
        self.wait_until_idle()
        return (self.cpu() - before) / count


def size(command):
    """KiB of the program without symbols."""
    program = os.path.realpath(shutil.which(command.split()[0]))
    with tempfile.NamedTemporaryFile() as copy:
        stripped = subprocess.run(["strip", "-o", copy.name, program], stderr=subprocess.DEVNULL).returncode == 0
        return os.path.getsize(copy.name if stripped else program) // 1024


def idle(run, command, seconds):
    time.sleep(2)
    before = run.wake_ups()
    time.sleep(seconds)
    woken = run.wake_ups() - before
    memory = ["Rss", "Pss", "Private_Clean", "Private_Dirty", "Anonymous"]
    resident, proportional, clean, dirty, anonymous = run.fields("smaps_rollup", memory)
    memory = [resident, proportional, clean + dirty, anonymous]
    result = [size(command), *run.libraries(), *memory, len(run.tasks()), woken]
    run.end()
    return result


def flood(program):
    """CPU nanoseconds for each message."""
    run = Run(program)
    before = run.cpu()
    block = LINES[run.protocol].encode() * 500
    for _ in range(run.count // 500):
        run.socket.sendall(block)
    run.wait_until_idle()
    spent = (run.cpu() - before) / (run.count // 500 * 500)
    run.end()
    return spent


def calls(program, turns, are_sent):
    """System calls in so many turns, with a message in each or without."""
    with tempfile.NamedTemporaryFile("r") as report:
        run = Run(program, ["strace", "-f", "-c", "-o", report.name])
        for _ in range(turns):
            if are_sent:
                run.socket.sendall(LINES[run.protocol].encode())
            time.sleep(0.02)
        time.sleep(0.5)
        for pid in run.pids()[1:]:
            os.kill(pid, signal.SIGKILL)
        run.process.wait()
        total = re.search(r"(\d+)\s+(?:\d+\s+)?total", report.read())
        run.end()
        return int(total[1])


def start(program):
    """Milliseconds from start to connection."""
    run = Run((*program[:5], ""))
    run.end()
    return run.connected * 1000


def relay(count):
    def measure(program):
        run = Relay(program[0])
        spent = run.relay(count)
        run.end()
        return spent
    return measure


def table(title, head, rows):
    if not rows:
        return
    rows = [head, *[[row[0], *(f"{v:,.2f}" if isinstance(v, float) else f"{v:,}" for v in row[1:])] for row in rows]]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    print(f"\n{title}\n")
    for row in rows:
        cells = [row[0].ljust(widths[0]), *(cell.rjust(width) for cell, width in zip(row[1:], widths[1:]))]
        print("  ".join(cells).rstrip(), flush=True)


def in_turns(found, rounds, measure):
    """The least, and the one in the middle, of rounds in which all take turns."""
    samples = {program[0]: [] for program in found}
    for turn in range(rounds if found else 0):
        for program in found[turn % len(found):] + found[:turn % len(found)]:
            samples[program[0]].append(measure(program))
    return [[name, min(s), float(statistics.median(s))] for name, s in samples.items()]


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--only", default="")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--program", action="append", default=[], metavar="NAME=PATH", help="another build of chinwag")
    arguments = parser.parse_args()
    found, quick = list(programs(arguments)), arguments.quick
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    seconds = 2 if quick else 10
    head = ["", "program", "libraries", "their size", "RSS", "PSS", "private", "anonymous", "threads", "wake-ups"]
    table(f"idle, {seconds} s (KiB)", head,
          [[program[0], *idle(Run(program), program[4], seconds)] for program in found])
    if shutil.which("strace"):
        most = 20 if quick else 200
        table("system calls for a message that comes in alone", ["", "calls"],
              [[program[0], (calls(program, most, True) - calls(program, most, False)) / most] for program in found])
    else:
        print("system calls: left out, as there is no strace")
    table("CPU ns for a message of 64 bytes in a flood", ["", "min", "median"],
          in_turns(found, 1 if quick else 5, flood))
    servers = [name for name in SERVERS if re.search(arguments.only, name)]
    servers = [name for name in servers if shutil.which(SERVERS[name][2].split()[0])]
    table(f"servers with two users, idle, {seconds} s (KiB)", head,
          [[name, *idle(Relay(name), SERVERS[name][2], seconds)] for name in servers])
    table("servers: CPU ns for a message of 64 bytes in a flood from one user to another", ["", "min", "median"],
          in_turns([[name] for name in servers], 1 if quick else 5, relay(10_000 if quick else 200_000)))
    table("ms from start to connection", ["", "min", "median"], in_turns(found, 2 if quick else 10, start))


if __name__ == "__main__":
    sys.exit(main())
