#!/usr/bin/env python3
"""Goes through the commands of README.md and the other pages, runs them as a reader types them, and says which are
not as they are printed.

    scripts/readme.py [FILE ...]   all pages, or those named
    scripts/readme.py --self-test  mistakes are put in, and must be found

Conventions. Every block of code is fenced, with a language:
  sh, bash   commands, run whole; a server in the foreground has to come up, and is kept to the end of its section
  console    a session, played on a terminal: `$ ` and what a chat takes is typed, the rest has to be on the screen;
             `...` is any lines; fingerprints and times may differ; what `From NAME: ...` says, NAME is made to say
  toml       a dependency, which has to build
  text       shown only
Comments before a block say more: <!-- not run: REASON -->, <!-- run: COMMANDS --> (these in its place;
without a block: for what stands in the prose),
<!-- first: COMMANDS --> and <!-- then: COMMANDS --> (around it), <!-- file: PATH --> (it is that file's content),
<!-- in: FOLDER --> (of the repository).

Where a block talks to a server that nobody started, one is there; so is whoever is written to, and has to hear it.
CHINWAG_PROGRAMS names a folder with the programs (features rich,tls); else they are built. README_SIZES names one with
plain release builds, to compare sizes with. `--release` is left out of commands unless README_RELEASE is set: what they
do is the same, but they take minutes.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

sys.dont_write_bytecode = True
sys.path.insert(0, str(Path(__file__).resolve().parent / "readme"))

import claims  # noqa: E402
import selftest  # noqa: E402
import world  # noqa: E402
from blocks import Runner  # noqa: E402

PAGES = ("*.md", "*/*.md", "examples/*/*.md", "tests/*/*.md")


def build():
    target = os.environ.get("CARGO_TARGET_DIR", str(world.TOP / "target"))
    subprocess.run(["cargo", "build", "--quiet", "--locked", "--features", "rich,tls", "--bins"], cwd=world.TOP, check=True)
    return f"{target}/debug"


def go_through(pages, judge, runner):
    for page in pages:
        mistakes, count, skipped = judge.judge(page)
        runner.note(page.file, f"{count} links, files, options and figures looked at", mistakes, skipped)
        for block in page.blocks:
            runner.run(block)
        runner.end_section()


def main(arguments):
    if "README_SCRATCH" not in os.environ:
        return world.enter(arguments, os.environ.get("CHINWAG_PROGRAMS") or build())
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    start = time.monotonic()
    there = world.World()
    judge = claims.Claims(there)
    if arguments == ["--self-test"]:
        return selftest.run(there, judge)
    files = arguments or [str(path.relative_to(world.TOP)) for pattern in PAGES for path in sorted(world.TOP.glob(pattern))]
    runner = Runner(there, judge)
    try:
        go_through([judge.page(file) for file in files], judge, runner)
    finally:
        runner.end_section()
    return runner.report(time.monotonic() - start)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
