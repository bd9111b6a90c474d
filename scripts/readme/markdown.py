"""What stands in a file of Markdown: its blocks of code with what is said about them, links, headings, words in backticks."""

import re
from dataclasses import dataclass, field

# How a block is treated, by its language. What else is there is a mistake.
RUN = ("sh", "bash")
PLAYED = ("console",)
SHOWN = ("text",)
CHECKED = ("toml",)
DIRECTIVE = re.compile(r"<!--\s*(not run|run|file|first|then|in|shown by):?\s(.*?)-->", re.S)


@dataclass
class Block:
    file: str
    line: int
    language: str
    lines: list
    section: tuple
    said: dict = field(default_factory=dict)

    @property
    def text(self):
        return "\n".join(self.lines) + "\n"

    @property
    def place(self):
        return f"{self.file}:{self.line}"


@dataclass
class Page:
    file: str
    blocks: list
    mistakes: list  # (line, what is wrong)
    prose: list  # (line, text): all that is no block of code


def slug(heading):
    """The anchor that a forge gives to a heading."""
    heading = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading)
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def read(file, text):
    page = Page(file, [], [], [])
    section, open_block, comment, in_list = ("", 0), None, [], False
    for number, line in enumerate(text.splitlines(), 1):
        fence = re.match(r"^(\s*)(```+)\s*(.*)$", line)
        if open_block:
            if fence and not fence[3]:
                page.blocks.append(open_block)
                open_block = None
            else:
                open_block.lines.append(line.removeprefix(indent))
            continue
        if fence:
            indent = fence[1]
            open_block = Block(file, number, fence[3], [], section, said_in("\n".join(comment)))
            if fence[3] not in RUN + PLAYED + SHOWN + CHECKED:
                page.mistakes.append((number, f"a block of code with the language {fence[3]!r}"))
            comment = []
            continue
        if line.startswith("<!--") or (comment and "-->" not in comment[-1]):
            comment.append(line)
            continue
        if line.strip():
            said = said_in("\n".join(comment))
            if "run" in said:  # of what stands in the prose
                page.blocks.append(Block(file, number, "sh", [], section, said))
            comment = []
            in_list = bool(re.match(r"\s*([-*]|\d+\.) ", line)) or (in_list and line.startswith("  "))
            if re.match(r"( {4}|\t)", line) and not in_list and not previous:
                page.mistakes.append((number, "an indented block of code: fence it, with a language"))
        heading = re.match(r"(#+) (.*)", line)
        if heading:
            section = (heading[2], number)
        previous = line.strip()
        page.prose.append((number, line))
    if open_block:
        page.mistakes.append((open_block.line, "a block of code that does not end"))
    return page


def said_in(comment):
    return {key: value.strip() for key, value in DIRECTIVE.findall(comment)}


def anchors(page):
    found, seen = set(), {}
    for _, line in page.prose:
        found.update(re.findall(r'<a id="([^"]+)"', line))
        heading = re.match(r"#+ (.*)", line)
        if heading:
            name = slug(heading[1])
            found.add(f"{name}-{seen[name]}" if name in seen else name)
            seen[name] = seen.get(name, 0) + 1
    return found


def flowing(page):
    """The prose, paragraph by paragraph, as links and backticks may go over the end of a line; each with its first line."""
    start, lines = 1, []
    for number, line in page.prose + [(0, "")]:
        apart = not line.strip() or line.startswith(("|", "#", "- "))
        if apart and lines:
            yield start, "\n".join(lines)
            lines = []
        if line.strip():
            start = start if lines else number
            lines.append(line)


def spans(page):
    """Words in backticks, each with its line."""
    for start, text in flowing(page):
        for match in re.finditer(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", text, re.S):
            yield start + text[: match.start()].count("\n"), " ".join(match[2].split())


def links(page):
    for start, text in flowing(page):
        text = re.sub(r"`[^`]*`", lambda code: re.sub(r"[\[\]()]", " ", code[0]), text)
        for match in re.finditer(r"\[(?:[^\[\]]|\[[^\]]*\]\([^)]*\))*\]\(([^)\s]+)[^)]*\)", text):
            yield start + text[: match.start()].count("\n"), match[1]
