"""Who is there while a block runs: a server where none was started, and people who are written to or who write."""

import re
import shlex
import socket
import subprocess
import threading
import time

PORT = 5378
# People whom the server has of itself, and hosts that look like people.
NOBODY = {"echobot", "localhost", "chat", "NAME"}


def wait_for(what, seconds=10):
    end = time.monotonic() + seconds
    while not (result := what()) and time.monotonic() < end:
        time.sleep(0.02)
    return result


def listens(port=PORT):
    try:
        socket.create_connection(("127.0.0.1", port), timeout=5).close()
        return True
    except OSError:
        return False


def cast(text):
    """Those who have to be there for a block, and those who come by it."""
    come = set(re.findall(r"(?:login: |--name |-n )(\w+)|(\w+)@(?=[\w.\[/-])", text))
    come = {name for pair in come for name in pair if name}
    written_to = set(re.findall(r"@(\w+) \S|(?:--to|--send) (\w+)", text))
    written_to = {name for pair in written_to for name in pair if name} - come - NOBODY
    write = set(re.findall(r"^(?:\[[^\]]*\] )?From (\w+): ", text, re.M)) - come - NOBODY
    return come, written_to, write


class Person:
    """Somebody who is logged in and listens."""

    def __init__(self, name):
        self.name, self.heard, self.answers = name, [], []
        self.socket = socket.create_connection(("127.0.0.1", PORT), timeout=10)
        self.socket.settimeout(None)
        self.socket.sendall(f"HELLO-FROM {name}\n".encode())
        threading.Thread(target=self.listen, daemon=True).start()
        if not wait_for(lambda: self.answers):
            raise OSError(f"{name} had no answer from the server")
        if not self.answers[0].startswith(b"HELLO "):
            raise OSError(f"{name} could not log in: {self.answers[0]!r}")

    def listen(self):
        try:
            for line in self.socket.makefile("rb"):
                (self.heard if line.startswith(b"DELIVERY ") else self.answers).append(line)
        except OSError:
            pass

    def says(self, receiver, text):
        self.socket.sendall(f"SEND {receiver} {text}\n".encode())

    def leaves(self):
        self.socket.shutdown(socket.SHUT_RDWR)
        self.socket.close()


class Town:
    def __init__(self, world):
        self.world, self.server, self.people = world, None, {}

    def prepare(self, text, brings_its_own):
        """Has everybody there whom a block needs."""
        if brings_its_own:
            self.end()
        elif re.search(r"\b(chinwag|nc)\b|\w+@localhost|bot\.\w+ ", text) and not listens():
            self.open()
        for name in [] if brings_its_own else self.people_needed(text):
            if name not in self.people:
                self.people[name] = Person(name)

    @staticmethod
    def people_needed(text):
        _, written_to, write = cast(text)
        return sorted(written_to | write)

    def open(self):
        places = [f"127.0.0.1:{PORT}", f"[::1]:{PORT}", "127.0.0.1:4000"]
        command = ["chinwagd", "--echobot", "--max-users", "50", *(part for place in places for part in ("--address", place))]
        self.server = subprocess.Popen(
            command, env=self.world.environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        if not wait_for(listens):
            raise OSError(f"{shlex.join(command)} does not listen")

    def close_door(self):
        """Of those who were there for one block."""
        for person in self.people.values():
            person.leaves()
        self.people = {}

    def end(self):
        self.close_door()
        if self.server:
            self.server.terminate()
            self.server.wait(10)
            self.server = None
