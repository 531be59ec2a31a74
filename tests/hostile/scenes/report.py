"""Attacks on whoever reads the report: hostile texts in every channel, through each format that there is.

The submissions of all texts are graded by one run of the command for each format; an attack looks at its own text's
sign in the bytes that came out. The naive counterpart prints what was raised, as it is.
"""

from __future__ import annotations

import functools
import os
import pty
import re
import select
import shutil
import subprocess
import sys
import tempfile
import time
from functools import partial
from pathlib import Path

from hostile_texts import HOSTILE_TEXTS, HostileText, notebook, script
from scenes.stage import Seen, Stage, Staged

__all__ = ["SCENES"]

FORMATS: dict[str, tuple[str, ...]] = {"text": ("-v",), "json": ("--format", "json")}
"""The formats for several submissions, and how to ask for them. Texts that concern none are tried on the page."""

_NAIVE = """
import io, contextlib, json, sys
from pathlib import Path
kind, path = sys.argv[1:]
space, lines = {}, []
source = Path(path).read_text(encoding="utf-8")
with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
    for statement in __import__("ast").parse(source).body:
        try:
            exec(compile(__import__("ast").Module([statement], []), path, "exec"), space)
        except BaseException as error:
            lines.append(f"{type(error).__name__}: {error}")
    for name in ("relu", "relu_derivative", "predict_counts"):
        try:
            space[name](*[0] * space[name].__code__.co_argcount)
        except BaseException as error:
            lines.append(f"{name}: {type(error).__name__}: {error}")
"""
_PRINT = {
    "text": """
import rich
for line in lines:
    show = rich.print if "[bold red]" in line else print
    show(line.format(sys) if "{0." in line else line)
""",
    "json": """print('{"score": 0, "message": "' + lines[0] + '"}')""",
    "html": """print("<title>hw.py</title>", *(f"<p title='{line}'>{line}</p>" for line in lines))""",
}


@functools.cache
def _graded(kind: str) -> tuple[int | None, bytes, bytes]:
    """What the command prints in this format for the submissions of all texts: exit status, stdout, stderr."""
    with tempfile.TemporaryDirectory(prefix="staged-") as folder:
        stage = Stage(Path(folder) / "stage")
        for number, text in enumerate(HOSTILE_TEXTS):
            (stage.work / f"{number:02}.py").write_text(script(text.text), encoding="utf-8")
        (stage.work / "99.ipynb").write_text(notebook([text.text for text in HOSTILE_TEXTS]), encoding="utf-8")
        ran = stage.grade(".", *FORMATS[kind], within_s=240)
    return ran.code, ran.out, ran.err


def _reported(kind: str) -> int:
    """For how many submissions there is a report."""
    _, out, _ = _graded(kind)
    pattern = {"text": rb"^\d\d\.(?:py|ipynb): .* of 100 points", "json": rb'^    "outcome": "graded"'}[kind]
    return len(re.findall(pattern, out, re.MULTILINE))


def _text_on(_: Stage, text: HostileText) -> Seen:
    signs, ended = [], "graded"
    for kind in FORMATS.keys() & text.signs.keys():
        code, out, err = _graded(kind)
        if text.signs[kind](out):
            signs.append(f"through in {kind}")
        if text.marker.encode() not in out:
            ended = f"{kind}: it never came there"
        if code != 1 or _reported(kind) != len(HOSTILE_TEXTS) + 1:
            ended = f"{kind}: exit {code}, {_reported(kind)} reports: {err[-200:]!r}"
    return Seen(tuple(sorted(signs)), ended)


def _text_off(stage: Stage, text: HostileText) -> Seen:
    path = stage.work / "hw.py"
    path.write_text(script(text.text), encoding="utf-8")
    signs = []
    for kind in FORMATS.keys() & text.signs.keys():
        ran = stage.python(_NAIVE + _PRINT[kind], kind, "hw.py", PYTHONIOENCODING="utf-8")
        if ran.code or text.signs[kind](ran.out):
            signs.append(f"{kind}: {'fell over' if ran.code else 'through'}")
    return Seen(tuple(signs), "printed")


# ---------------------------------------------------------------------------- a page, for one submission
def _page_on(stage: Stage, text: HostileText) -> Seen:
    (stage.work / "hw.py").write_text(script(text.text), encoding="utf-8")
    ran = stage.grade("hw.py", "--format", "html")
    signs = ("through in html",) if text.signs["html"](ran.out) else ()
    came = b"</html>" in ran.out and text.marker.encode() in ran.out
    return Seen(signs, "graded" if came and ran.code == 1 else f"exit {ran.code}: {ran.err[-200:]!r}")


def _page_off(stage: Stage, text: HostileText) -> Seen:
    (stage.work / "hw.py").write_text(script(text.text), encoding="utf-8")
    ran = stage.python(_NAIVE + _PRINT["html"], "html", "hw.py", PYTHONIOENCODING="utf-8")
    return Seen(("through in html",) if text.signs["html"](ran.out) else (), "printed")


# ---------------------------------------------------------------------------- a real terminal
_ALLOWED = re.compile(rb"\x1b\[(?:0|1|31|32|33|35|1;3[1235]|3[1235];1)?m")


def _on_a_terminal(command: list[str], stage: Stage) -> bytes:
    """What a terminal is sent by `command`."""
    ours, theirs = pty.openpty()
    environment = stage.environment(TERM="xterm-256color")
    environment.pop("NO_COLOR")
    process = subprocess.Popen(
        command, cwd=stage.work, env=environment, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs
    )
    os.close(theirs)
    out = bytearray()
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and select.select([ours], [], [], 60)[0]:
        try:
            piece = os.read(ours, 1 << 16)
        except OSError:  # nobody holds the other end any more
            break
        if not piece:
            break
        out += piece
    process.wait(10)
    os.close(ours)
    return bytes(out)


_OF_TERMINALS = ("ansi", "osc", "dcs", "c1", "carriage", "backspaces")


def _one_for_the_terminal(stage: Stage) -> None:
    text = "".join(text.text for text in HOSTILE_TEXTS if text.name.startswith(_OF_TERMINALS))
    (stage.work / "hw.py").write_text(script(text), encoding="utf-8")


def _terminal_signs(out: bytes) -> tuple[str, ...]:
    rest = _ALLOWED.sub(b"", out)
    bad = sorted({byte for byte in rest if byte < 32 and byte not in b"\r\n"} | ({127} & set(rest)))
    return (f"the terminal is sent {bad}",) if bad else ()


def _terminal_on(stage: Stage) -> Seen:
    """In colour, with no escape but the report's own colours."""
    _one_for_the_terminal(stage)
    out = _on_a_terminal([sys.executable, str(stage.script), "hw.py", "-v"], stage)
    coloured = b"\x1b[" in out
    return Seen(_terminal_signs(out), "in colour" if coloured and b"of 100 points" in out else f"odd: {out[-200:]!r}")


def _terminal_off(stage: Stage) -> Seen:
    _one_for_the_terminal(stage)
    out = _on_a_terminal([sys.executable, "-c", _NAIVE + _PRINT["text"], "text", "hw.py"], stage)
    return Seen(_terminal_signs(out), "printed")


def _rendered(text: bytes, stage: Stage) -> list[str]:
    """The lines that a terminal (tmux's) shows of `text`."""
    (stage.work / "printed").write_bytes(text)
    socket = ["tmux", "-L", f"staged{os.getpid()}", "-f", "/dev/null"]
    size = ["-x", "200", "-y", "900"]
    subprocess.run(
        [*socket, "new-session", "-d", *size, "cat printed; sleep 20"], cwd=stage.work, check=True, timeout=20
    )
    try:
        for _ in range(50):
            time.sleep(0.05)
            shown = subprocess.run([*socket, "capture-pane", "-p"], capture_output=True, check=True, timeout=20).stdout
            if b"END" in shown:
                break
    finally:
        subprocess.run([*socket, "kill-server"], check=False, capture_output=True, timeout=20)
    return [line.rstrip() for line in shown.decode("utf-8", "replace").splitlines()]


def _moved(out: bytes, stage: Stage) -> tuple[str, ...]:
    """Whether a terminal shows something other than the lines that were printed."""
    lines = [line.rstrip() for line in out.decode("utf-8", "replace").split("\n")]
    if shutil.which("tmux") is None:  # the same, by what moves the cursor or hides text
        return ("not what was printed",) if re.search(rb"[\x00-\x09\x0b-\x1f\x7f]", out) else ()
    shown = _rendered(out + b"\nEND\n", stage)
    return () if shown[: len(lines)] == lines and "END" in shown else ("not what was printed",)


def _rendering_on(stage: Stage) -> Seen:
    _one_for_the_terminal(stage)
    ran = stage.grade("hw.py", "-v")
    return Seen(_moved(ran.out, stage), "graded" if ran.code == 1 else f"exit {ran.code}")


def _rendering_off(stage: Stage) -> Seen:
    _one_for_the_terminal(stage)
    ran = stage.python(_NAIVE + _PRINT["text"], "text", "hw.py")
    return Seen(_moved(ran.out, stage), "printed")


_FORGED = b"anna.py: 100 of 100 points, passed (pass mark 50)"


def _long_name(stage: Stage) -> str:
    """A name that, broken into lines, has another's mark in one of them."""
    name = f"{'x' * 78} {_FORGED.decode()}{' ' * 40}y.py"
    (stage.work / name).write_text("def relu(S): return S\n", encoding="ascii")
    return name


def _forges(out: bytes) -> tuple[str, ...]:
    return ("a line that says so",) if any(line.rstrip() == _FORGED for line in out.splitlines()) else ()


def _long_name_on(stage: Stage) -> Seen:
    ran = stage.grade(_long_name(stage))
    return Seen(_forges(ran.out), "graded" if b"below the pass" in ran.out else f"exit {ran.code}: {ran.err[:100]!r}")


def _long_name_off(stage: Stage) -> Seen:
    code = "import os, textwrap; print(textwrap.fill(os.listdir()[0] + ': 0 of 100 points, failed', 78))"
    _long_name(stage)
    return Seen(_forges(stage.python(code).out), "printed")


def _scene(text: HostileText) -> Staged:
    listed = FORMATS.keys() & text.signs.keys()
    on, off = (_text_on, _text_off) if listed else (_page_on, _page_off)
    on, off = partial(on, text=text), partial(off, text=text)
    return Staged("report", text.name, text.goal, ("report",), "graded", on, off)


SCENES: tuple[Staged, ...] = (
    Staged(
        "report",
        "long_name",
        "A long file name, broken into lines, adds another's mark to the report.",
        ("report",),
        "graded",
        _long_name_on,
        _long_name_off,
    ),
    *(_scene(text) for text in HOSTILE_TEXTS if {*FORMATS, "html"} & text.signs.keys()),
    Staged(
        "report",
        "terminal",
        "Sends escapes to the terminal that the report is printed on.",
        ("report",),
        "in colour",
        _terminal_on,
        _terminal_off,
    ),
    Staged(
        "report",
        "rendering",
        "What a terminal shows of the report is not what was printed.",
        ("report",),
        "graded",
        _rendering_on,
        _rendering_off,
    ),
)
