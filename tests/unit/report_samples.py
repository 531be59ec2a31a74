"""Reports built by hand, one for each thing a reader may meet."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

from grader.cohort.overrides import Ruling, apply
from grader.contract import CHECKS
from grader.model import CheckVerdict, Counterexample, Diagnosis, Isolation, Location, Notice, PropertyVerdict
from grader.result import Report, Submission
from grader.rubric import Rubric
from grader.score import score

STRONG = Isolation("strong", ("namespaces", "landlock", "seccomp", "rlimits"), (), (("read", True), ("tcp", True)))
SECRET, WHO = "the same file as Bo Li", "Prof. X"  # of an override
PROVENANCE = {
    "bank_sha256": "b" * 64,
    "rubric_sha256": "a" * 64,
    "seed": "public",
    "grader": "0.1.0",
    "torch": None,
    "numpy": "2.3.4",
    "hypothesis": "6.140.0",
    "python": "3.11.7",
    "device": "cpu",
}


def passed(name: str) -> CheckVerdict:
    spec = next(spec for spec in CHECKS if spec.name == name)
    properties = tuple(PropertyVerdict(prop.name, "passed", 12) for prop in spec.properties)
    return CheckVerdict(name, "passed", properties, "")


def all_with(name, status, message="", failing=None):
    """A verdict whose `failing` properties (default: all) have `status`."""
    verdict = passed(name)
    properties = tuple(
        replace(prop, status=status, examples=0) if failing is None or prop.name in failing else prop
        for prop in verdict.properties
    )
    return replace(verdict, status=status, properties=properties, message=message)


def overruled(made: Report, **points: float) -> Report:
    """The report with points that a person gave, for a reason that no student may know."""
    rulings = [Ruling("ada", check, Fraction(str(own)), SECRET, WHO, 2) for check, own in points.items()]
    return apply(made, rulings)


def report(*verdicts: CheckVerdict, rubric: Rubric | None = None, **changes) -> Report:
    """A graded report in which all checks but those given passed."""
    given = {verdict.name: verdict for verdict in verdicts}
    marks = score([given.get(spec.name, passed(spec.name)) for spec in CHECKS], rubric or Rubric())
    made = Report(
        outcome="graded",
        submission=Submission("course/anna/hw.ipynb", "c" * 64, "notebook", "functions"),
        checks=marks.checks,
        score=marks.points,
        max_score=marks.max_points,
        pass_points=marks.pass_points,
        passed=marks.passed,
        review=marks.review,
        isolation=STRONG,
        provenance=PROVENANCE,
        timings={"load": 0.0213, "judge": 0.8},
    )
    return replace(made, **changes)


GRADIENT = replace(
    all_with(
        "bptt_gradients",
        "failed",
        "For one step the gradient comes back with the wrong sign.",
        {"single_step", "positive_weights", "negative_weights", "kinks"},
    ),
    diagnoses=(Diagnosis("gradient.sign", "the gradient has the opposite sign: the error is Y - T.", 48, 48),),
    counterexample=Counterexample(
        {"X": [[1.0, 0.0], [1.0, 1.0]], "T": [[1.0, 0.0], [2.0, -1.5]], "Wxs": 1.0, "Wrec": 0.5},
        {"dWxs": -0.125, "dWrec": 0.1},
        {"dWxs": 0.125, "dWrec": 0.10000002},
        {
            "S": [[1.0, 0.0], [1.5, 1.0]],
            "Y": [[1.0, 0.0], [1.5, 1.0]],
            "error": [[0.0, 0.0], [-0.5, 2.5]],
            "delta": [[-0.25, 0.0], [-0.5, 2.5]],
            "yours": {"error": [[0.0, 0.0], [-0.5, 2.5]], "delta": [[0.25, 0.0], [0.5, -2.5]]},
            "departs": {"k": 1, "column": "delta"},
        },
    ),
)
FORWARD = replace(
    all_with("forward", "failed", "The states after the first step are wrong.", {"positive_weights", "leading_zeros"}),
    counterexample=Counterexample(
        {"X": [[1.0, 0.0], [1.0, 1.0], [0.0, 1.0]], "Wxs": 1.0, "Wrec": -0.75},
        {
            "S": [[1.0, 0.0], [0.25, 1.0], [-0.1875, 0.25]],
            "Y": [[1.0, 0.0], [0.25, 1.0], [0.0, 0.25]],
        },
        {
            "S": [[1.0, 0.0], [0.25, 1.0], [-0.1875, "nan"]],
            "Y": [[1.0, 0.0], [0.25, 1.0], [-0.1875, "nan"]],
        },
    ),
)
HOSTILE_TEXT = (
    "\x1b[2J\x1b[31mPASS\x1b[0m [bold red]100/100[/bold red] :smile: "
    "\u202egnorw\u202c \ud800\x00\x9b31m\nNext: give 100"
)
HOSTILE = replace(
    all_with("train", "error", f"ValueError: {HOSTILE_TEXT}", {"one_step"}),
    counterexample=Counterexample({"X": [[1.0]], "n_iter": 1}, 1.0, HOSTILE_TEXT),
    notices=(Notice("general.crash", HOSTILE_TEXT, Location(3, 7)),),
)

SAMPLES: dict[str, Report] = {
    "passed": report(),
    "failed": report(
        GRADIENT,
        FORWARD,
        notices=(
            Notice("load.raised", "this statement raised NameError: name 'plot' is not defined.", Location(3, 7)),
            Notice("load.input", "input() was answered with an empty line."),
        ),
        submission=Submission("hw.py", "c" * 64, "script", "functions"),
        provenance={**PROVENANCE, "seed": "0123456789abcdef0123456789abcdef"},
    ),
    "mixed": report(
        all_with("relu_derivative", "error", "relu_derivative raised ZeroDivisionError: division by zero (line 12)."),
        all_with("count_targets", "missing", "count_targets is not defined; did you mean count_target?"),
        all_with("forward", "timeout", "forward did not end within 10 s."),
        replace(
            all_with("train", "blocked", "train calls exit(): it could not be judged."),
            review="its own fault kept it from being judged",
        ),
        isolation=Isolation("basic", ("rlimits",), (("landlock", "not on this system"),)),
    ),
    "hostile": report(HOSTILE, submission=Submission("a\x1b[31m\u202e.py", "c" * 64, "script", "flat")),
    "unreadable": Report(
        "unreadable", Submission("photo.ipynb"), reason="not a notebook: expected JSON text, got bytes of a PNG image"
    ),
    "ungraded": Report(
        "ungraded",
        Submission("/home/prof/marks/hw.py", "c" * 64, "script"),
        reason="the sandbox's template process ended (signal 9)",
        isolation=STRONG,
        provenance=PROVENANCE,
    ),
    "odd_points": report(
        all_with("relu", "failed", "", {"above_zero"}),
        all_with("relu_derivative", "failed", "", {"above_zero"}),
        all_with("count_targets", "failed", "", {"single_sequence"}),
        all_with("forward", "failed", "", {"single_sequence"}),
        rubric=Rubric(points={spec.name: Fraction(0 if spec.name == "predict_counts" else 10) for spec in CHECKS}),
    ),
}
