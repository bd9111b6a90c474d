"""Takes each block by its language, and keeps what became of it."""

import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import doors
import markdown
from doors import Missing
from session import Session
from shell import Failure, Shell, starts_server
from town import Town, listens, wait_for
from world import TOP

OF_THE_REPOSITORY = re.compile(r"\b(cargo|git|rustup|podman)\b|(?<![\w/.~-])(scripts|packaging|examples|docs|benches|fuzz|\.ci)/")


class Runner:
    def __init__(self, world, claims, show=print, deadline=30):
        self.world, self.claims, self.show, self.deadline = world, claims, show, deadline
        self.town, self.shell, self.sessions = Town(world), Shell(world), []
        self.section, self.folder, self.passed = None, None, 0
        self.failures, self.skipped = [], []

    def note(self, file, what, mistakes, skipped):
        """What was found without running anything."""
        self.show(f"{file}: {what}")
        self.passed += not mistakes
        self.failures += [(f"{file}:{line}", "", what) for line, what in mistakes]
        self.skipped += [(file, reason) for reason in skipped]

    def run(self, block):
        if (block.file, block.section) != self.section:
            self.end_section()
            self.section = (block.file, block.section)
            self.folder = Path(tempfile.mkdtemp(dir=self.world.scratch, prefix=f"{Path(block.file).stem}-{block.line}-"))
        start = time.monotonic()
        try:
            what = self.take(block)
        except Missing as missing:
            what = "not run"
            self.skipped.append((block.place, str(missing)))
        except (Failure, OSError) as failure:
            what = "FAILED"
            self.failures.append((block.place, *self.told(failure)))
        self.show(f"{block.place}: {block.language or 'no language'}: {what}, {time.monotonic() - start:.1f} s")

    @staticmethod
    def told(failure):
        return failure.args if len(failure.args) == 2 and isinstance(failure, Failure) else ("no error", str(failure))

    def take(self, block):
        reason = block.said.get("not run") or self.world.why_not(" ".join([block.text, *block.said.values()]))
        if reason:
            self.skipped.append((block.place, reason))
            return "not run"
        if "file" in block.said:
            what = self.write(block)
        elif block.language in markdown.SHOWN + ("",) and not {"run", "shown by"} & set(block.said):
            return "shown"
        elif block.language in markdown.CHECKED:
            what = self.depend(block)
        elif "shown by" in block.said or block.language in markdown.PLAYED and "run" not in block.said:
            what = self.play(block)
        else:
            what = self.type(block)
        self.passed += 1
        return what

    def type(self, block):
        text = block.said.get("run", block.text)
        said = "\n".join([text, block.said.get("first", ""), block.said.get("then", "")])
        self.with_others(block, said, lambda: self.shell.run(block, text, self.where(block), 300 if "cargo" in said else self.deadline))
        return "run in another form" if "run" in block.said else "run"

    def play(self, block):
        def session():
            shown_by = block.said.get("shown by", "")
            self.sessions.append(Session(self.world, self.where(block)))
            long = "cargo" in block.text + shown_by
            self.sessions[-1].play(block, self.town, 300 if long else self.deadline)

        self.with_others(block, block.said.get("shown by", "") + "\n" + block.text, session)
        if block.lines[-1].strip() == "$":
            self.sessions.pop().end()
        return "played"

    def with_others(self, block, text, do):
        """Those who have to be there are, by ssh too; whoever is written to hears it."""
        if starts_server(text):
            self.end_servers()
        door = None
        if str(doors.LETSENCRYPT) in text:
            doors.certificate(self.world)
        if re.search(r"\bssh\b", text):
            door = doors.sshd(self.world)
            wait_for(lambda: listens(22))
        try:
            self.town.prepare(text, starts_server(text))
            do()
            for name in {name for name in self.town.people if re.search(rf"(@{name} |--send {name}\b)", text)}:
                if not wait_for(lambda: self.town.people[name].heard, 3):
                    raise Failure(f"that {name} hears something", "nothing")
        finally:
            self.town.close_door()
            if door:
                door.kill()
                door.wait()

    def where(self, block):
        if "in" in block.said:
            return TOP / block.said["in"]
        if block.file.startswith("examples/"):
            return TOP / Path(block.file).parent
        said = block.said.get("shown by", "") + block.said.get("run", block.text)
        return TOP if OF_THE_REPOSITORY.search(said) else self.folder

    def write(self, block):
        path = block.said["file"]
        target = self.folder / path.removeprefix(">>")
        target.parent.mkdir(parents=True, exist_ok=True)
        with open(target, "a" if path.startswith(">>") else "w") as file:
            file.write(block.text)
        if block.lines[0].startswith("#!"):
            target.chmod(0o755)
            interpreter = block.lines[0].split("/")[-1]
            checked = subprocess.run([interpreter, "-n", str(target)], capture_output=True, text=True)
            if checked.returncode:
                raise Failure("a script", checked.stderr)
        if block.said.get("then") or block.said.get("run"):
            text = block.said.pop("run", "")
            self.with_others(block, block.said.get("then", "") + text, lambda: self.shell.run(block, text, self.folder, self.deadline))
        return "written, and tried" if "then" in block.said else "written"

    def depend(self, block):
        """A program that depends on the library as the block says builds."""
        for version in re.findall(r'version = "([\d.]+)"', block.text):
            if not (self.claims.version + ".").startswith(version + "."):
                raise Failure(f"version {self.claims.version}", version)
        crate = self.folder / "dependent"
        (crate / "src").mkdir(parents=True)
        (crate / "src/lib.rs").write_text("pub use chinwag::*;\n")
        text = re.sub(r'(chinwag = \{)', rf'\1 path = "{TOP}",', block.text)
        table = "" if block.text.lstrip().startswith("[") else "[dependencies]\n"
        (crate / "Cargo.toml").write_text(f'[package]\nname = "dependent"\nversion = "0.0.0"\nedition = "2021"\n[workspace]\n{table}{text}')
        shutil.copy(TOP / "Cargo.lock", crate)
        command = ["cargo", "check", "--quiet", "--offline"]
        built = subprocess.run(command, cwd=crate, env=self.world.environment, capture_output=True, text=True, timeout=300)
        if built.returncode:
            raise Failure("a crate with it that builds", built.stderr)
        return "built"

    def end_servers(self):
        """Those that the section has started."""
        while self.sessions:
            self.sessions.pop().end()
        try:
            self.shell.end()
        except Failure as failure:
            self.failures.append((f"{self.section[0]}: a server of the section {self.section[1][0]!r}", *failure.args))

    def end_section(self):
        self.end_servers()
        self.town.end()

    def report(self, seconds):
        if self.skipped:
            self.show("\nNot run:")
        for place, reason in self.skipped:
            self.show(f"  {place}: {reason}")
        for place, expected, came in self.failures:
            if expected:
                came = f"\n  expected:\n{indented(expected)}\n  came:\n{indented(came)}"
            self.show(f"FAILED {place}: {came}")
        self.show(f"\n{self.passed} passed, {len(self.failures)} failed, {len(self.skipped)} skipped, in {seconds:.0f} s")
        return 1 if self.failures else 0


def indented(text):
    return "\n".join("    " + line for line in str(text).splitlines())
