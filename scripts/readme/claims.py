"""What a page says there is: links, files, options, variables, features, tests and sizes."""

import glob
import json
import os
import re
import shlex
import subprocess
from pathlib import Path

import markdown
from world import TOP

PATH = re.compile(r"^[\w.*{}-]+(/[\w.*{}-]+)*/?$")
ENDINGS = (".rs", ".py", ".sh", ".md", ".toml", ".svg", ".bash", ".mjs", ".dict", ".yml", ".service", ".socket")
# Files that are the reader's own, and options of programs that are named without them.
OF_READERS = {"ca.pem", "ca.key", "ann.pem", "ann.key", "messages.txt", "fullchain.pem", "privkey.pem", "feeds.conf"}
OF_OTHERS = {"--deploy-hook", "--build-arg", "--quick", "-Z", "-O2", "--features", "--release", "--locked", "--no-default-features", "--target"}
# What a plain release build is said to have.
SIZES = [("chinwag", r"(?:program|one file) of ([\d,]+) KiB"), ("chinwagd", r"`chinwagd` one of ([\d,]+) KiB")]

# How many crates a build is said to have beside the standard library, and how many another one has less.
PURE = ["--no-default-features"]
CRATES = [
    (r"\((\d+) crates; \d+ KiB and", [], None),
    (r"KiB and (\d+) crates\s+more with TLS", ["--features", "tls"], []),
    (r"standard library \((\d+) crates", PURE, None),
    (r"with\s+the\s+editor (\d+)\)", [*PURE, "--features", "editor"], None),
]


def all_files():
    command = ["git", "-C", str(TOP), "ls-files", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, capture_output=True, text=True)
    if listed.returncode == 0:
        return listed.stdout.split("\n")[:-1]
    files = (path for path in TOP.rglob("*") if path.is_file())
    return [name for path in files if not (name := str(path.relative_to(TOP))).startswith(("target/", ".git/"))]


class Claims:
    def __init__(self, world):
        self.environment = world.environment
        self.files = set(all_files())
        self.options = {program: self.help(program) for program in ("chinwag", "chinwagd")}
        metadata = self.output(["cargo", "metadata", "--no-deps", "--offline", "--format-version", "1"])
        packages = json.loads(metadata)["packages"]
        if not {"--tls", "--pretty"} <= self.options["chinwag"]:
            raise SystemExit("the programs are to be built with --features rich,tls")
        self.version = next(package["version"] for package in packages if package["name"] == "chinwag")
        self.features = {feature for package in packages for feature in package["features"]}
        self.targets = {target["name"] for package in packages for target in package["targets"]}
        code = [file for file in self.files if file.endswith((".rs", ".sh", ".py", "run")) and not file.startswith("scripts/readme")]
        self.code = "\n".join((TOP / file).read_text(errors="replace") for file in code if (TOP / file).is_file())
        self.pages = {}

    def output(self, command):
        return subprocess.run(command, cwd=TOP, env=self.environment, capture_output=True, text=True, check=True).stdout

    def help(self, program):
        return set(re.findall(r"(?<![\w-])--?[a-zA-Z][a-z-]*", self.output([program, "--help"]))) | {"-vv", "-vvv", "--help", "--version"}

    def is_there(self, page, path):
        """Whether a path is one of the repository's: from its top, from the page, or the end of one, as `harness/`."""
        here = os.path.dirname(page.file)
        for variant in re.sub(r"\{([^}]*)\}", r"*", path), os.path.normpath(os.path.join(here, path)):
            if variant in self.files or any(file.startswith(variant.rstrip("/") + "/") for file in self.files):
                return True
            if "*" in variant and glob.glob(str(TOP / variant)):
                return True
        ending = "/" + path.rstrip("/")
        if "*" in path:
            return any(Path("/" + file).match("*" + ending) for file in self.files)
        return any(f"/{file}".endswith(ending) or f"{ending}/" in f"/{file}" for file in self.files)

    def page(self, file):
        if file not in self.pages:
            self.pages[file] = markdown.read(file, (TOP / file).read_text())
        return self.pages[file]

    def judge(self, page):
        """(line, mistake) of each that is not so, how many were looked at, and why some were not."""
        self.mistakes, self.count, self.skipped = list(page.mistakes), 0, []
        for line, target in markdown.links(page):
            self.link(page, line, target)
        for line, span in markdown.spans(page):
            self.count += 1
            self.span(page, line, span)
        for block in page.blocks:
            self.commands(block)
        self.index(page)
        self.sizes(page)
        self.crates(page)
        return self.mistakes, self.count, self.skipped

    def link(self, page, line, target):
        self.count += 1
        if re.match(r"https?:|mailto:", target):
            return self.skipped.append(f"{target}: not looked up, there is no network")
        path, _, anchor = target.partition("#")
        file = os.path.normpath(os.path.join(os.path.dirname(page.file), path)) if path else page.file
        if not self.is_there(page, file) and not (TOP / file).exists():
            return self.mistakes.append((line, f"a link to {target}, which is not there"))
        if anchor and file.endswith(".md"):
            other = page if file == page.file else self.page(file)
            if anchor not in markdown.anchors(other):
                self.mistakes.append((line, f"a link to {target}, where no such heading is"))

    def span(self, page, line, span):
        try:
            words = shlex.split(span)
        except ValueError:
            words = span.split()
        first = words[0].strip(",") if words else ""
        if first.startswith("-") and self.is_of_another(page, line, span):
            return
        if first.startswith("-") and re.match(r"--?[a-zA-Z]", first):
            known = set().union(*self.options.values()) | OF_OTHERS | self.options_of_others(page)
            for word in words:
                word = word.split("=")[0].strip(",")
                if re.match(r"--?[a-zA-Z]", word) and word not in known:
                    self.mistakes.append((line, f"`{span}`: no program has the option {word}"))
        else:
            self.command(line, span)
        for word in words:
            self.word(page, line, span, word)

    @staticmethod
    def is_of_another(page, line, span):
        """Whether it stands in a column of a table that compares others with us."""
        lines = dict(page.prose)
        head = line
        while lines.get(head - 1, "").startswith("|"):
            head -= 1
        columns = [cell for cell in zip(lines[head].split("|"), lines[line].split("|")) if f"`{span}`" in cell[1]]
        return "| chinwag |" in lines[head] and bool(columns) and all("chinwag" not in cell[0] for cell in columns)

    def options_of_others(self, page):
        """Those that a page itself gives to programs that are not ours."""
        said = [span for _, span in markdown.spans(page)] + [line for block in page.blocks for line in block.lines]
        return {word for text in said if not text.startswith(("-", "chinwag")) for word in text.split() if word.startswith("-")}

    def word(self, page, line, span, word):
        for variable in re.findall(r"\bCHINWAGD?_[A-Z_]+\b", word):
            if not re.search(rf"\b{variable}\b", self.code) and variable not in self.known_variables():
                self.mistakes.append((line, f"`{span}`: nothing reads {variable}"))
        looks = PATH.match(word) and ("/" in word or word.endswith(ENDINGS)) and not re.match(r"[\d.]+(/\d+)?$", word)
        if not looks or word in OF_READERS:
            return
        top = word.split("/")[0]
        ours = any(file == top or file.startswith(top + "/") for file in self.files)
        if (ours or word.endswith(ENDINGS)) and not self.is_there(page, word) and not word.startswith(("target/", "fuzz/corpus")):
            self.mistakes.append((line, f"`{span}`: there is no {word}"))

    def index(self, page):
        """Tables that say what is in which file: the words in backticks are in one of the row's files."""
        is_index = False
        for line, text in page.prose:
            is_index = text.startswith("|") and (is_index or re.match(r"\| *what *\| *is in *\|", text) is not None)
            if is_index:
                _, what, where, *_ = text.split("|")
                files = [TOP / name for name in re.findall(r"`([^`]+)`", where) if (TOP / name).is_file()]
                for word in re.findall(r"`([^`]+)`", what):
                    self.count += 1
                    if not any(word in file.read_text() for file in files):
                        self.mistakes.append((line, f"`{word}` is in none of the files of its row"))

    def known_variables(self):
        """Those of the options are made of the options' names."""
        forms = [(f"{program.upper()}_", self.options[program]) for program in self.options]
        return {prefix + option[2:].replace("-", "_").upper() for prefix, options in forms for option in options}

    def commands(self, block):
        if block.language not in markdown.SHOWN:
            for number, line in enumerate(block.lines, block.line + 1):
                if block.language not in markdown.PLAYED or line.startswith("$ "):
                    self.command(number, line.removeprefix("$ "))

    def command(self, line, text):
        """The options of our programs, and what cargo is asked for."""
        for part in re.split(r"\||&&|;|\$\(|\bexec\b", re.sub(r"\s#.*", "", text)):
            try:
                words = shlex.split(part)
            except ValueError:
                words = part.split()
            while words and re.match(r"\w+=|sudo$", words[0]):
                words.pop(0)
            if not words:
                continue
            self.count += 1
            if words[0] in self.options:
                self.known_options(line, text, words[0], words[1:])
            elif words[0] == "cargo":
                self.cargo(line, text, words[1:])

    def known_options(self, line, text, program, words):
        for word in words[: words.index("--")] if "--" in words else words:
            option = word.split("=")[0].rstrip(".,:)")
            if re.match(r"--?[a-zA-Z]", option) and option not in self.options[program]:
                self.mistakes.append((line, f"{text.strip()}: {program} has no option {option}"))

    def cargo(self, line, text, words):
        if words[:1] in (["fuzz"], ["deb"]) or "--manifest-path" in words:
            return
        for option, value in zip(words, words[1:]):
            if option == "--":
                break
            if option in ("--test", "--example", "--bench", "--bin") and value not in self.targets and value.islower():
                self.mistakes.append((line, f"{text.strip()}: there is no {option[2:]} {value}"))
            if option == "--features":
                for feature in value.split(","):
                    if feature not in self.features and feature.islower():
                        self.mistakes.append((line, f"{text.strip()}: there is no feature {feature}"))

    def sizes(self, page):
        folder = os.environ.get("README_SIZES")
        text = "\n".join(line for _, line in page.prose)
        for program, claim in SIZES:
            for found in re.finditer(claim, text):
                line = page.prose[text[: found.start()].count("\n")][0]
                if not folder:
                    self.skipped.append(f"{found[0]!r}: no release build at hand (README_SIZES=FOLDER)")
                    continue
                size = (Path(folder) / program).stat().st_size / 1024
                self.count += 1
                if abs(size / int(found[1].replace(",", "")) - 1) > 0.03:
                    self.mistakes.append((line, f"{found[0]!r}: {program} of the build has {size:.0f}"))

    def crates(self, page):
        text = "\n".join(line for _, line in page.prose)
        for claim, features, less in CRATES:
            for found in re.finditer(claim, text):
                self.count += 1
                there = self.number_of_crates(features) - (0 if less is None else self.number_of_crates(less))
                if there != int(found[1]):
                    line = page.prose[text[: found.start()].count("\n")][0]
                    self.mistakes.append((line, f"{found[0]!r}: there are {there}"))

    def number_of_crates(self, features):
        tree = self.output(["cargo", "tree", "--offline", "--edges", "normal", "--prefix", "none", *features])
        return len({line.split(" (")[0] for line in tree.splitlines() if line and not line.startswith("chinwag ")})
