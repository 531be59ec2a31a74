"""Trainings to draw, made by a small training of our own, and reports that say what a hostile submission would."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction

from jinja2 import Environment, PackageLoader
from report_samples import FORWARD, GRADIENT, report

from grader.model import Counterexample, Diagnosis, Location, Notice
from grader.report.html import render as rendering
from grader.result import Override, Submission, TrainingPath, Walk

X = ((0.0, 1.0, 1.0, 0.0), (1.0, 1.0, 0.0, 0.0), (1.0, 0.0, 1.0, 1.0), (0.0, 1.0, 1.0, 0.0), (1.0, 1.0, 0.0, 1.0))
T = tuple(tuple(sum(X[j][n] for j in range(k + 1)) for n in range(4)) for k in range(5))
START = (0.4, 0.65)


def loss(wxs, wrec):
    total = 0.0
    for n in range(4):
        y = 0.0
        for x, t in zip(X, T, strict=True):
            y = max(wxs * x[n] + wrec * y, 0.0)
            total += (t[n] - y) ** 2 / 2
    return total


def slope(wxs, wrec):
    step = 1e-6
    return (
        (loss(wxs + step, wrec) - loss(wxs - step, wrec)) / (2 * step),
        (loss(wxs, wrec + step) - loss(wxs, wrec - step)) / (2 * step),
    )


def walk(move, rate, count):
    weights, losses = [START], []
    for _ in range(count):
        losses.append(loss(*weights[-1]))
        weights.append(move(weights[-1], rate))
    return Walk(tuple(weights), tuple(losses))


def right(at, rate):
    down = slope(*at)
    return at[0] - rate * down[0], at[1] - rate * down[1]


def sequential(at, rate):
    wxs = at[0] - rate * slope(*at)[0]
    return wxs, at[1] - rate * slope(wxs, at[1])[1]


def climbs(at, rate):
    return right(at, -rate)


def frozen(at, rate):
    return right(at, rate)[0], at[1]


MOVES = {"right": right, "sequential": sequential, "climbs": climbs, "frozen": frozen}


def training_path(kind="right", *, rate=0.002, count=150):
    """A right training beside one that moves as `kind` says; "nan" stops being a number, "empty" gives nothing."""
    good = walk(right, rate, count)
    if kind == "nan":
        bad = walk(right, rate, 20)
        yours = Walk((*bad.weights, (math.nan, math.inf)), (*bad.losses, math.nan, math.inf))
    elif kind == "empty":
        yours = Walk((), ())
    else:
        yours = walk(MOVES[kind], rate, 25 if kind == "climbs" else count)
    return TrainingPath(X, T, rate, tuple(range(count + 1)), yours, good)


# ---------------------------------------------------------------------------- hostile text
HOSTILE = (
    "</style></title></script></textarea>--><script>window.hit=1</script><img src=x onerror=window.hit=1>"
    "<svg onload=window.hit=1><a href='javascript:window.hit=1'>x</a>\"' onmouseover='window.hit=1' x=\""
    "{{ 7 * 191 }} {% raw %} \u202egnp\x00 &lt;script&gt; ]]> <!--"
)


def saying(text):
    """A report in which every string that a submission, its name or a teacher could choose is `text`."""
    gradient = replace(
        GRADIENT,
        message=text,
        properties=tuple(replace(item, message=f"{text}.") for item in GRADIENT.properties),
        diagnoses=(Diagnosis("gradient.sign", f"{text}!", 48, 48),),
        counterexample=replace(GRADIENT.counterexample, got={"dWxs": text, "dWrec": text}),
    )
    forward = replace(
        FORWARD, counterexample=Counterexample({"X": [[1.0]], "Wxs": text}, text, [[text]], {text: [[1.0]]})
    )
    return report(
        gradient,
        forward,
        submission=Submission(f"{text.replace('/', '|')}.py", "c" * 64, "script", "functions"),
        notices=(Notice("load.raised", text, Location(3, 7)),),
        review=(text,),
        path=training_path(),
        provenance={"grader": text},
        overrides=(Override("bptt_gradients", Fraction(1), Fraction(2), text, text),),
    )


def facts_saying(text):
    return {
        "student": text,
        "course": text,
    }


def without_escaping(monkeypatch):
    """Take one layer away: what stands in a template is put into the page as it is."""
    bare = Environment(
        loader=PackageLoader("grader.report.html"),
        autoescape=False,  # noqa: S701 - the attack must succeed here
        trim_blocks=True,
        lstrip_blocks=True,
    )
    bare.globals["MARKS"], bare.filters["px"] = rendering.MARKS, rendering.px
    monkeypatch.setattr(rendering, "_environment", lambda: bare)
