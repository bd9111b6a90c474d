"""Plays a session as a block shows it, in a shell on a pseudo-terminal: what is typed is typed, and the screen must be
in the end what the block is, line by line."""

import codecs
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import threading
import time

from shell import Failure, signal_group, without_release
from town import cast, wait_for

PROMPTS = re.compile(r"^(\$ |Welcome to Chat Client\. Enter your login: |.*\(yes/no\)\? )(.+)$")
# In a chat or to a server, these are typed.
TYPED = re.compile(r"^(@|!|HELLO-FROM |LIST$|SEND )")
# What differs from run to run.
DIFFERS = [
    (re.compile(r"SHA256:[0-9a-f]{64}"), "SHA256:FINGERPRINT"),
    (re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d[+-]\d\d:\d\d)?"), "DATE"),
    (re.compile(r"^\[\d\d:\d\d\]", re.M), "[TIME]"),
]


def normal(text):
    for pattern, word in DIFFERS:
        text = pattern.sub(word, text)
    return "\n".join(line.rstrip() for line in text.split("\n")).rstrip("\n")


class Screen:
    """As much of a terminal as a line editor needs, with room for all that is said."""

    COLUMNS = 200
    SEQUENCE = re.compile(r"\x1b(\[([0-9;?]*)([@-~])|\][^\x07\x1b]*(\x07|\x1b\\)|[()].|[=>78])", re.S)

    def __init__(self):
        self.rows, self.row, self.column, self.left = [[]], 0, 0, ""

    def text(self):
        return "\n".join("".join(row).rstrip() for row in self.rows)

    def take(self, text):
        """Returns what a terminal answers."""
        text, self.left, answers = self.left + text, "", ""
        at = 0
        while at < len(text):
            if text[at] == "\x1b":
                match = self.SEQUENCE.match(text, at)
                if not match:
                    self.left = text[at:]
                    break
                answers += self.obey(match[2] or "", match[3] or "")
                at = match.end()
            else:
                self.put(text[at])
                at += 1
        return answers

    def put(self, character):
        if character == "\n":
            self.row += 1
        elif character == "\r":
            self.column = 0
        elif character == "\b":
            self.column = max(0, self.column - 1)
        elif character >= " ":
            if self.column == self.COLUMNS:
                self.row, self.column = self.row + 1, 0
            row = self.here()
            row[self.column : self.column + 1] = character
            self.column += 1
        self.here()

    def here(self):
        while len(self.rows) <= self.row:
            self.rows.append([])
        row = self.rows[self.row]
        row.extend(" " * (self.column - len(row)))
        return row

    def obey(self, parameters, final):
        number = int(parameters.split(";")[0]) if re.match(r"\d", parameters) else 0
        some = number or 1
        if final == "K" and number == 0 or final == "J" and number == 0:
            del self.here()[self.column :]
            if final == "J":
                del self.rows[self.row + 1 :]
        elif final == "J":
            self.rows, self.row, self.column = [[]], 0, 0
        elif final == "P":
            del self.here()[self.column : self.column + some]
        elif final in "ABCDG" and final:
            self.row = max(0, self.row + {"A": -some, "B": some}.get(final, 0))
            self.column = max(0, some - 1 if final == "G" else self.column + {"C": some, "D": -some}.get(final, 0))
        elif final == "n" and number == 6:
            return f"\x1b[{self.row + 1};{self.column + 1}R"
        return ""


class Session:
    def __init__(self, world, folder):
        self.screen, self.lock = Screen(), threading.Lock()
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 100, Screen.COLUMNS, 0, 0))
        self.process = subprocess.Popen(
            ["sh", "-i"], cwd=folder, env=world.environment, stdin=slave, stdout=slave, stderr=slave,
            start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
        )  # fmt: skip
        os.close(slave)
        self.terminal = master
        self.reader = threading.Thread(target=self.listen, daemon=True)
        self.reader.start()

    def listen(self):
        decoder = codecs.getincrementaldecoder("utf-8")("replace")
        try:
            while data := os.read(self.terminal, 65536):
                with self.lock:
                    answer = self.screen.take(decoder.decode(data))
                if answer:
                    self.types(answer)
        except OSError:
            pass

    def types(self, text):
        os.write(self.terminal, text.encode())

    def shown(self):
        with self.lock:
            return self.screen.text()

    def play(self, block, town, deadline):
        end = time.monotonic() + deadline
        shown_by = block.said.get("shown by")
        come, _, _ = cast(f"{shown_by}\n{block.text}")
        expected = []
        for line in ([f"$ {shown_by}", "..."] if shown_by else []) + block.lines:
            prompt, said = PROMPTS.match(line), re.match(r"(?:\[[^\]]*\] )?From (\w+): (.*)", line)
            if prompt:
                self.expect(expected + [prompt[1]], end)
                self.types(without_release(prompt[2]) + "\n")
                line = prompt[1] + without_release(prompt[2])
            elif TYPED.match(line):
                self.expect(expected, end)
                self.types(line + "\n")
            elif said and said[1] in town.people:
                self.expect(expected, end)
                for name in come - {said[1]}:
                    town.people[said[1]].says(name, said[2])
            expected.append(line)
        self.expect(expected, end, more=True)

    def expect(self, lines, end, more=False):
        parts = ["(?:.*\n)*?" if line == "..." else re.escape(normal(line)) + "\n" for line in lines]
        any_more = r"(\n(.|\n)*)?" if more and lines[-1].strip() != "$" else ""
        pattern = re.compile("".join(parts).rstrip("\n") + any_more)
        while not pattern.fullmatch(normal(self.shown())):
            shell_is_back = self.shown().endswith("\n$") and not lines[-1].startswith("$")
            end = min(end, time.monotonic() + 1) if shell_is_back else end
            if time.monotonic() > end:
                raise Failure("\n".join(lines), self.shown().rstrip("\n"))
            time.sleep(0.01)

    def end(self):
        """As a terminal whose window is closed."""
        foreground = os.tcgetpgrp(self.terminal)
        for group in {foreground, self.process.pid} - {0}:
            for number in (signal.SIGHUP, signal.SIGCONT):
                signal_group(group, number)
        if not wait_for(lambda: self.process.poll() is not None and not signal_group(foreground, 0), 5):
            signal_group(foreground, signal.SIGKILL)
            self.process.kill()
            self.process.wait()
        self.reader.join(2)
        os.close(self.terminal)
