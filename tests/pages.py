"""Shell commands as they stand in the project's pages.

A fenced block is read by its first word: in `sh` every line is a command; in `console` the lines after `$ ` are, and
the lines between are output that must come, with `…` for any text left out. A second word `setup` marks what makes or
changes an environment and is not for a test to run. `# exit status 1` at a command's end is what it ends with.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted(
    str(path.relative_to(ROOT))
    for pattern in (
        "README.md",
        "docs/**/*.md",
        "grader/README.md",
        "reference/README.md",
        "student_template/README.md",
    )
    for path in ROOT.glob(pattern)
)

_FENCE = re.compile(r"^```(?P<info>[^\n`]*)\n(?P<body>.*?)^```$", re.DOTALL | re.MULTILINE)
_STATUS = re.compile(r"\s+# exit status (\d+)$")


@dataclass(frozen=True)
class Command:
    line: int
    text: str
    status: int
    output: tuple[str, ...]


@dataclass(frozen=True)
class Block:
    line: int
    words: tuple[str, ...]
    body: str

    @property
    def is_setup(self):
        return "setup" in self.words[1:]

    @property
    def is_shell(self):
        return self.words[:1] in (("sh",), ("console",))

    def commands(self):
        """The block's commands, each with the output shown for it."""
        found = []
        for number, line in enumerate(self.body.splitlines(), self.line + 1):
            if self.words[0] == "console" and not line.startswith("$ "):
                found[-1][2].append(line)
            elif line.strip() and not line.startswith("#"):
                found.append((number, line.removeprefix("$ "), []))
        return [_command(*each) for each in found]


def _command(line, text, output):
    status = _STATUS.search(text)
    return Command(line, _STATUS.sub("", text), int(status[1]) if status else 0, tuple(output))


def blocks(page):
    """Every fenced block of a page, in order."""
    text = (ROOT / page).read_text(encoding="utf-8")
    return [
        Block(text.count("\n", 0, match.start()) + 1, tuple(match["info"].split()), match["body"])
        for match in _FENCE.finditer(text)
    ]
