"""Mistakes that a page can have: each must be found, and what is right must pass."""

import markdown
from blocks import Runner

CHAT = """$ chinwag chat.example.org
Welcome to Chat Client. Enter your login: ann
Successfully logged in as ann!
!who
There are 3 online users:
echobot
bob
ann
@bob shall we have lunch?
The message was sent successfully
From bob: in ten minutes
!quit
$"""

RIGHT = f"""# A page

See [below](#below), `--to NAME`, `src/lib.rs` and `CHINWAG_TO`.

```console
{CHAT}
```

## Below

```sh
chinwagd --echobot
printf 'ann\\n@echobot hello\\n' | chinwag | grep 'From echobot: hello'
```

<!-- not run: it needs another machine -->
```sh
false
```
"""


def block(language, text):
    return f"```{language}\n{text}\n```\n"


# What is wrong, and what is said of it.
WRONG = [
    (block("", "ls"), "with the language ''"),
    (block("shell", "ls"), "with the language 'shell'"),
    ("Type:\n\n    ls\n", "an indented block of code"),
    ("[there](docs/nowhere.md)\n", "docs/nowhere.md, which is not there"),
    ("[there](README.md#nowhere)\n", "where no such heading is"),
    ("Look into `src/nowhere.rs`.\n", "there is no src/nowhere.rs"),
    ("| what | is in |\n| --- | --- |\n| `no such text` | `src/lib.rs` |\n", "is in none of the files"),
    ("<!-- run: false -->\nOne can say `false`.\n", "+ false"),
    ("It needs no standard library (99 crates).\n", "there are"),
    ("Run `scripts/nowhere.sh`.\n", "there is no scripts/nowhere.sh"),
    ("Give it `--tso NAME`.\n", "no program has the option --tso"),
    ("Type `chinwagd --host`.\n", "chinwagd has no option --host"),
    ("Set `CHINWAG_TSO`.\n", "nothing reads CHINWAG_TSO"),
    ("`cargo test --test nowhere`\n", "there is no test nowhere"),
    ("`cargo build --features poor`\n", "there is no feature poor"),
    (block("sh", "chinwag --tso bob"), "chinwag has no option --tso"),
    (block("sh", "true\nfalse\ntrue"), "+ false"),
    (block("sh", "chinwagd --address 192.0.2.1"), "it did not come up"),
    (block("sh", "python3 bot.py bot@localhost"), "bot was not there"),
    (block("sh", "printf 'ann\\n' | chinwag   # and not: @bob hello"), "that bob hears something"),
    (block("sh", "echo hi | chinwag --name ann --strict --send nobody-at-all || exit 9"), "9"),
    (block("console", CHAT.replace("Successfully logged", "Happily logged")), "Happily logged in as ann!"),
    (block("console", CHAT.replace("There are 3", "There are 4")), "There are 3 online users:"),
    (block("console", "$ chinwag --version\nchinwag 99.9\n$"), "chinwag 99.9"),
    (block("toml", 'chinwag = { version = "99.9" }'), "version 0.1.0"),
    (block("toml", 'chinwag = { version = "0.1", features = ["poor"] }'), "a crate with it that builds"),
]


def failures(world, claims, text):
    runner = Runner(world, claims, show=lambda line: None, deadline=2)
    page = markdown.read("README.md", text)
    claims.pages.pop("README.md", None)
    mistakes, _, skipped = claims.judge(page)
    runner.note(page.file, "", mistakes, skipped)
    try:
        for each in page.blocks:
            runner.run(each)
    finally:
        runner.end_section()
    return [" ".join(map(str, failure)) for failure in runner.failures]


def run(world, claims):
    missed = [f"what is right was found wrong: {failure}" for failure in failures(world, claims, RIGHT)]
    for text, said in WRONG:
        found = failures(world, claims, text)
        if not any(said.replace("0.1.0", claims.version) in failure for failure in found):
            missed.append(f"{text!r} was to fail with {said!r}, and there was {found}")
    print(*missed, f"{len(WRONG) + 1 - len(missed)} of {len(WRONG) + 1} found", sep="\n")
    return 1 if missed else 0
