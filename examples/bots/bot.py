#!/usr/bin/env python3
"""A bot in Python. Run it: python3 bot.py bot@chat.example.org

It answers two words only, and with none of them: two bots do not talk for ever.
"""
import contextlib
import re
import subprocess
import sys

# Bytes, not str: a text need not be UTF-8, and only \n ends a line.
command = ["chinwag", "--max-message", "4K", *(sys.argv[1:] or ["bot@localhost"])]
leaving = contextlib.suppress(BrokenPipeError)
with leaving, subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as chat:
    for line in chat.stdout:
        message = re.fullmatch(rb"From ([^ ]*): (.*)\n", line)
        if not message:
            continue
        name, text = message.groups()
        if text == b"hello":
            answer = b"you are welcome: try say TEXT"
        elif text.startswith(b"say "):
            answer = b"you said: " + text.removeprefix(b"say ")
        else:
            continue
        chat.stdin.write(b"@%s %s\n" % (name, answer))
        chat.stdin.flush()
sys.exit(chat.returncode)
