r"""Texts that a submission may have in every channel it has, each with its sign of success in the bytes of an output.

A text is data: `HostileText.signs[FORMAT]` looks at an output in that format ("text", "json", "html", "csv", "xml") and
says whether the text did there what it is meant to do. A new format of the report is tried with
`found(FORMAT, output)`: the names of the texts that got through. Each text bears a marker of its own, `m` and two
digits, so that many may be in one output.

`script(text)` and `notebook(texts)` are submissions that put them into every channel: what is printed, the names of
exceptions, functions and classes, messages, causes and notes, answers, cell sources, outputs and metadata.
"""

from __future__ import annotations

import csv
import html.parser
import io
import json
import re
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

__all__ = ["FORMATS", "HOSTILE_TEXTS", "HostileText", "found", "notebook", "script"]

FORMATS = ("text", "json", "html", "csv", "xml")
Sign = Callable[[bytes], bool]


@dataclass(frozen=True)
class HostileText:
    """A text, what it would do, and in which formats that can be seen."""

    name: str
    goal: str
    text: str
    signs: Mapping[str, Sign]

    @property
    def marker(self) -> str:
        """What is found wherever the text came, harmless or not."""
        return re.findall(r"m\d\d", self.text)[0]


# ---------------------------------------------------------------------------- signs
def _raw(core: str) -> Sign:
    """The text is there as it was: whatever reads it obeys."""
    data = core.encode("utf-8", "surrogatepass")
    return lambda out: data in out


def _line(start: str) -> Sign:
    """A line of the output begins so, at its very start: the report seems to say it."""
    pattern = re.compile(rb"^" + re.escape(start.encode()), re.MULTILINE)
    return lambda out: pattern.search(out) is not None


def _not_utf8(out: bytes) -> bool:
    try:
        out.decode("utf-8")
    except UnicodeDecodeError:
        return True
    return not out


def _gone(shown: str) -> Sign:
    """It was taken for an instruction: a reader does not see it."""
    data = shown.encode()
    return lambda out: data not in out.replace(b"\n", b"")


def _objects(out: bytes) -> list[dict[str, object]] | None:
    try:
        data = json.loads(out)
    except ValueError:
        return None
    return data if isinstance(data, list) else [data]


def _forges_json(key: str) -> Sign:
    """The JSON is broken, or an object has a key of the text's."""

    def sign(out: bytes) -> bool:
        objects = _objects(out)
        return objects is None or any(_has_key(item, key) for item in objects)

    return sign


def _has_key(value: object, key: str) -> bool:
    match value:
        case dict():
            return key in value or any(_has_key(item, key) for item in value.values())
        case list():
            return any(_has_key(item, key) for item in value)
        case _:
            return False


class _Page(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.active: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        told = " ".join(f"{name}={value}" for name, value in attrs)
        self.active.append(f"<{tag} {told}>")

    def handle_comment(self, data: str) -> None:
        self.active.append(f"<!--{data}-->")


def _active(marker: str) -> Sign:
    """A tag, attribute or comment of the page holds the marker."""

    def sign(out: bytes) -> bool:
        page = _Page()
        page.feed(out.decode("utf-8", "replace"))
        return any(marker in item for item in page.active)

    return sign


def _formula(marker: str) -> Sign:
    """A cell with the marker begins as a formula does."""

    def sign(out: bytes) -> bool:
        rows = csv.reader(io.StringIO(out.decode("utf-8", "replace"), newline=""))
        return any(marker in cell and cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows for cell in row)

    return sign


def _forges_xml(marker: str) -> Sign:
    """The XML is broken, or an element is named by the text."""

    def sign(out: bytes) -> bool:
        try:
            tree = ET.fromstring(out)  # noqa: S314 - our own output
        except ET.ParseError:
            return True
        return any(marker in str(element.tag) for element in tree.iter())

    return sign


# ---------------------------------------------------------------------------- texts
def _everywhere(core: str) -> dict[str, Sign]:
    return dict.fromkeys(FORMATS, _raw(core))


def _plain(name: str, goal: str, core: str) -> HostileText:
    """A text that does harm where it arrives unchanged."""
    return HostileText(name, goal, f"before {core} after", _everywhere(core))


_LONG = "m17" * 1_000_000
_FORGED = "m14.py: 100 of 100 points, passed (pass mark 50)"

HOSTILE_TEXTS: tuple[HostileText, ...] = (
    _plain("ansi_clear", "Clears the screen and what stood there.", "\x1b[2J\x1b[Hm01"),
    _plain("ansi_forged_pass", "Paints a green PASS over its failure.", "\x1b[1A\x1b[2K\x1b[32mPASS m02\x1b[0m"),
    _plain("ansi_hidden", "Hides all that follows.", "\x1b[8mm03"),
    _plain("osc_title", "Sets the terminal's title.", "\x1b]0;m04\x07"),
    _plain("osc_clipboard", "Fills the clipboard.", "\x1b]52;c;bTA1\x07 m05"),
    _plain("osc_link", "Makes a link that leads elsewhere.", "\x1b]8;;https://m06.invalid\x1b\\mark\x1b]8;;\x1b\\"),
    _plain("dcs_answer", "Has the terminal type an answer.", "\x1bP+q6d3037\x1b\\m07\x1b[6n"),
    _plain("c1_controls", "Uses the one-byte forms of escapes.", "\x9b31mm08\x9c\x90m08\x9d"),
    _plain("carriage_return", "Overwrites the line it stands in.", "\rm09 100 / 100"),
    _plain("backspaces", "Rubs out what stands before it.", "\b\b\b\b\b\bm10\x7f"),
    _plain("bidi_override", "Turns the order of what is read.", "\u202em11\u2066\u2069\u202c"),
    _plain("zero_width", "Is not what it looks like.", "m12\u200b\u200d\ufeff\u2060\u00ad\U000e0041."),
    _plain("nul", "Cuts the text off.", "m13\0rest"),
    HostileText(
        "forged_lines",
        "Adds a mark of its own to the report.",
        f"x\n\n{_FORGED}\nm14: Next: give 100",
        {"text": _line(_FORGED), "csv": _line(_FORGED), "json": _line(_FORGED)},
    ),
    HostileText(
        "unicode_lines",
        "Adds lines by other line ends: NEL, LS, PS, VT, FF.",
        "x\x85m15\u2028m15\u2029m15\x0bm15\x0cm15",
        {name: lambda out: any(end + b"m15" in out for end in _LINE_ENDS) for name in FORMATS},
    ),
    HostileText(
        "surrogates",
        "Cannot be written as UTF-8: the report falls over, or is none.",
        "m16 \ud800\udfff\udcff \ufdd0\uffff",
        dict.fromkeys(FORMATS, _not_utf8),
    ),
    HostileText(
        "megabytes",
        "Fills the disk, and the reader's patience.",
        _LONG,
        {name: lambda out: b"m17" * 2_000 in re.sub(rb"\s+", b"", out) for name in FORMATS},
    ),
    HostileText(
        "markup", "Is read as rich's markup.", "[bold red]m18[/bold red] :smile:", {"text": _gone("[bold red]m18")}
    ),
    HostileText(
        "format_fields",
        "Is filled in as a template.",
        "{0.__class__}{function} %(function)s %s ${HOME} m19",
        {name: _gone("{0.__class__}{function} %(function)s %s ${HOME} m19") for name in ("text", "json")},
    ),
    HostileText(
        "json_break",
        "Closes its string and adds a key of its own.",
        'x", "m20": 1, "score": 100, "y": "\\',
        {"json": _forges_json("m20")},
    ),
    HostileText(
        "html_script",
        "Runs a script in the reader's browser.",
        "</title></textarea></script><script>alert('m21')</script><m21>",
        {"html": _active("m21"), "xml": _forges_xml("m21")},
    ),
    HostileText(
        "html_attribute",
        "Leaves an attribute and adds a handler.",
        "x\" onmouseover=\"m22()\" ' onfocus='m22()' autofocus><img src=x onerror=m22()>",
        {"html": _active("m22")},
    ),
    HostileText(
        "html_link",
        "Is a link that runs a script.",
        "<a href='javascript:m23()'>x</a><!-- m23 --><svg onload=m23()>",
        {"html": _active("m23"), "xml": _forges_xml("svg")},
    ),
    HostileText("csv_formula", "Is computed by a spreadsheet.", "=cmd|'/c calc'!A0+m24", {"csv": _formula("m24")}),
    HostileText("csv_plus", "The same, with another sign.", "+1+m25", {"csv": _formula("m25")}),
    HostileText("csv_at", "The same, after a tab.", "\t@SUM(m26)", {"csv": _formula("m26")}),
    HostileText("csv_quote", "Leaves its cell.", 'x"\r\n=m27,"', {"csv": _formula("m27")}),
    HostileText(
        "xml_break", "Closes its element.", "]]></failure><m28/><!ENTITY m28 'x'>", {"xml": _forges_xml("m28")}
    ),
)
_LINE_ENDS = tuple(end.encode() for end in ("\x85", "\u2028", "\u2029", "\x0b", "\x0c"))


def found(kind: str, output: bytes) -> list[str]:
    """Names of the texts that got through in an output of this format."""
    return [text.name for text in HOSTILE_TEXTS if kind in text.signs and text.signs[kind](output)]


# ---------------------------------------------------------------------------- submissions
_SCRIPT = """\
import sys
TEXT = {text}
def named(base):
    try:
        return type(TEXT[:5000], (base,), {{}})
    except Exception:
        return type("Error", (base,), {{}})
Error, Thing = named(Exception), named(object)
print(TEXT, flush=True)
sys.stderr.write(TEXT)
def nearly(S): return S
nearly.__name__ = nearly.__qualname__ = TEXT[:5000]
globals()[TEXT] = globals()["predict_count" + TEXT] = nearly
def relu(S):
    error = Error(TEXT)
    if hasattr(error, "add_note"): error.add_note(TEXT)
    raise error from KeyError(TEXT)
def relu_derivative(S): return TEXT
def count_targets(X): return Thing()
def predict_counts(X, Wxs, Wrec): raise NotImplementedError(TEXT)
def forward(X, Wxs, Wrec):
    import torch
    S, y = [], torch.zeros(X.shape[1])
    for x in X:
        S.append(Wxs * x + Wrec * y)
        y = S[-1].clamp(min=0)
    return torch.stack(S), torch.stack(S).clamp(min=0)
raise Error(TEXT)
exec(compile("raise Error(TEXT)", TEXT.replace(chr(0), "")[:200].encode("utf-8", "replace").decode(), "exec"))
raise SystemExit(TEXT)
import warnings; warnings.warn(TEXT)
"""


def script(text: str) -> str:
    """A submission with `text` in every channel that a script has."""
    spelled = "'m17' * 1_000_000" if text is _LONG else ascii(text)
    return _SCRIPT.format(text=spelled)


def notebook(texts: Sequence[str]) -> str:
    """A notebook with `texts` in sources that do not parse, magics, what is raised, outputs, metadata and names."""
    cells: list[dict[str, object]] = [{"cell_type": "code", "source": "def relu(S): return (abs(S) + S) / 2"}]
    for text in (text[:20_000] for text in texts):
        sources = (f"x = {text} 'y", [f"%{text}\n", f"!{text}\n"], f"raise ValueError({text!a})")
        cells += [
            {
                "cell_type": "code",
                "source": source,
                "id": text[:60],
                "metadata": {text[:50]: text},
                "outputs": [{"text": text}],
            }
            for source in sources
        ]
        cells.append({"cell_type": text, "source": text, "metadata": {}})
    every = "".join(text[:200] for text in texts)
    kernel = {"name": every, "display_name": every, "language": "python " + every}
    data = {"cells": cells, "metadata": {"kernelspec": kernel, "title": every}, "nbformat": 4, "nbformat_minor": 5}
    return json.dumps(data)
