"""What the self-check says, as text and as a card in a notebook. It knows no points: only a mark has those."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Sequence
from html import escape

from grader.model import CheckVerdict, Notice
from grader.report.case import case_lines
from grader.report.clean import clean
from grader.report.phrases import MARKS, causes_to_tell

__all__ = ["NOT_YOUR_MARK", "Card"]

NOT_YOUR_MARK = "Public cases passed: not your mark. It is given with other cases."
_SOME_FAIL = "Public cases only: this is not your mark."
_ORDER = " Begin at the top: later functions build on earlier ones."
_WIDTH = 80
_COLOURS = {"green": "#1a7f37", "red": "#cf222e", "yellow": "#9a6700", "magenta": "#8250df"}


class Card:
    """Verdicts that show themselves: `print(card)` as text, in a notebook as HTML. Every string is made harmless."""

    def __init__(self, verdicts: Sequence[CheckVerdict], title: str = "", notices: Sequence[Notice] = ()) -> None:
        self.verdicts, self._title, self._notices = tuple(verdicts), title, tuple(notices)

    @property
    def passed(self) -> bool:
        """Whether every function asked is right on all public cases."""
        return all(verdict.status == "passed" for verdict in self.verdicts)

    @property
    def _heading(self) -> str:
        right = sum(verdict.status == "passed" for verdict in self.verdicts)
        plural = "function" if len(self.verdicts) == 1 else "functions"
        count = f"{right} of {len(self.verdicts)} {plural} right on public cases"
        return f"{clean(self._title)}: {count}" if self._title else count

    @property
    def _closing(self) -> str:
        if self.passed:
            return NOT_YOUR_MARK
        return _SOME_FAIL + (_ORDER if len(self.verdicts) > 1 else "")

    def __repr__(self) -> str:
        return self.text()

    # ------------------------------------------------------------------ text
    def text(self, width: int = _WIDTH) -> str:
        """All of it in lines of about `width`."""
        lines = [self._heading, ""]
        for verdict in self.verdicts:
            mark = MARKS[verdict.status]
            lines.append(f"  {mark.symbol} {mark.word:<7}  {verdict.name}")
            for sentence in _sentences(verdict):
                lines += textwrap.wrap(sentence, width, initial_indent="    ", subsequent_indent="    ")
            if verdict.counterexample is not None:
                lines.append("    Smallest stored case that fails:")
                lines += [f"        {clean(line)}".rstrip() for line in case_lines(verdict.counterexample, width - 8)]
            if verdict.status != "passed":
                lines.append("")
        if self._notices:
            lines += ["", "Notes:"]
            for note in map(_note, self._notices):
                lines += textwrap.wrap(note, width, initial_indent=" - ", subsequent_indent="   ")
        return "\n".join([*lines, *([] if lines[-1] == "" else [""]), *textwrap.wrap(self._closing, width)])

    # ------------------------------------------------------------------ HTML
    def _repr_html_(self) -> str:
        """A card for Jupyter: it brings no script and asks no network."""
        rows = "".join(map(_row, self.verdicts))
        notes = "".join(f"<li>{escape(_note(notice))}</li>" for notice in self._notices)
        return (
            "<div style='border:1px solid #8888;border-radius:6px;padding:.6em 1em;max-width:60em'>"
            f"<div style='font-weight:600'>{escape(self._heading)}</div>{rows}"
            f"{f'<ul>{notes}</ul>' if notes else ''}"
            f"<div style='margin-top:.6em;opacity:.75'>{escape(self._closing)}</div></div>"
        )


def _row(verdict: CheckVerdict) -> str:
    mark = MARKS[verdict.status]
    colour = _COLOURS[mark.style]
    told = "".join(f"<div style='margin:.2em 0 0 1.6em'>{escape(text)}</div>" for text in _sentences(verdict))
    case = ""
    if verdict.counterexample is not None:
        lines = escape("\n".join(clean(line) for line in case_lines(verdict.counterexample, 96)))
        case = (
            "<details open style='margin:.2em 0 0 1.6em'><summary>Smallest stored case that fails</summary>"
            f"<pre style='overflow-x:auto'>{lines}</pre></details>"
        )
    head = f"<b style='color:{colour}'>{mark.symbol} {mark.word}</b> <code>{escape(verdict.name)}</code>"
    return f"<div style='margin-top:.5em'>{head}{told}{case}</div>"


# ---------------------------------------------------------------------------- words
def _sentences(verdict: CheckVerdict) -> Iterator[str]:
    """The message, what fails, the likely causes; notices of the check."""
    if verdict.status == "passed":
        yield from (_note(notice) for notice in verdict.notices)
        return
    yield clean(verdict.message)
    label = "Likely cause: "
    for diagnosis in causes_to_tell(verdict):
        yield f"{label}{clean(diagnosis.message)} [{diagnosis.code}]"
        label = "Together with: "
    yield from (_note(notice) for notice in verdict.notices)


def _note(notice: Notice) -> str:
    place = f"{notice.location}: " if notice.location and str(notice.location) else ""
    return f"{place}{clean(notice.message)}"
