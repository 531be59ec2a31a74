"""What each platform makes of our text, by its own rules: `READERS[name](text)` raises where it would refuse it.

A `Read` is what arrives there: the total (None: no mark), each check's points, everything that a person is shown.
"""

from __future__ import annotations

import functools
import html.parser
import io
import json
import re
import xml.etree.ElementTree as ET
from dataclasses import dataclass, field
from fractions import Fraction

import jsonschema
from junitparser import Error, Failure, JUnitXml

from grader.publish import coderunner, github, gradescope, junit, nbgrader, prairielearn, schema_text, vpl

MIB = 1 << 20


@dataclass
class Read:
    total: Fraction | None
    points: dict[str, Fraction] = field(default_factory=dict)
    shown: str = ""


def exactly(number):
    """The hundredths that a float of ours stands for."""
    return Fraction(str(round(float(number), 9)))


def shares(text):
    earned, _, most = text.partition(" / ")
    return {} if text == "not counted" else {"earned": Fraction(earned), "most": Fraction(most)}


@functools.cache
def validator(name):
    schema = json.loads(schema_text(name))
    jsonschema.Draft202012Validator.check_schema(schema)
    return jsonschema.Draft202012Validator(schema)


def refuse(constant):
    raise AssertionError(constant)


def valid(name, text, limit):
    assert len(text.encode("utf-8")) <= limit
    data = json.loads(text, parse_constant=refuse)
    validator(name).validate(data)
    return data


def read_gradescope(text):
    data = valid("gradescope", text, MIB)
    points = {test["name"]: exactly(test["score"]) for test in data["tests"] if "score" in test}
    total = exactly(data["score"]) if "score" in data else None
    return Read(total, points, "\n".join([data["output"], *(test["output"] for test in data["tests"])]))


def read_prairielearn(text):
    data = valid("prairielearn", text, MIB - 1)
    if not data["gradable"]:
        return Read(None, {}, data["message"])
    points = {test["name"]: exactly(test["points"]) for test in data["tests"]}
    said = (f"{test['message']}\n{test['output']}" for test in data["tests"])
    return Read(exactly(data["score"]), points, "\n".join([data["message"], data["output"], *said]))


def read_coderunner(text):
    data = valid("coderunner", text, MIB)
    rows = data.get("testresults", [[]])[1:]
    points = {row[1]: shares(row[2])["earned"] for row in rows if row[2] != "not counted"}
    page = harmless(data["prologuehtml"] + data.get("epiloguehtml", ""), {"p", "pre"})
    total = exactly(data["fraction"]) if "fraction" in data else None
    return Read(total, points, "\n".join([page, *(row[3] for row in rows)]))


def read_vpl(text):
    assert len(text.encode("utf-8")) <= MIB
    assert "\r" not in text
    grade, comment, inside = None, [], False
    for line in text.split("\n"):
        if inside:
            inside = line.strip() != "--|>"
            if inside:
                comment.append(line)
        elif line.strip() == "<|--":
            inside = True
        if line.startswith("Grade :=>>"):
            grade = line.removeprefix("Grade :=>>").strip()
        assert not line.startswith("Comment :=>>")
    assert not inside
    assert all(line[:1] in {"-", ">"} and len(line) <= 80 for line in comment)
    titles = [line for line in comment if line.startswith("-")]
    assert not any(line.endswith(")") for line in titles), "VPL reads a number in brackets there"
    found = [re.fullmatch(r"-\S [A-Z]+ (\w+): ([\d.]+|-) / [\d.]+", line) for line in titles]
    points = {match[1]: Fraction(match[2]) for match in found if match}
    assert all(
        match or line in {"-Mark", "-Notes"} or "not counted" in line for match, line in zip(found, titles, strict=True)
    )
    return Read(None if grade is None else Fraction(grade), points, "\n".join(comment))


def read_nbgrader(text):
    """What our cell's own reader takes: points by check, whose sum is nbgrader's."""
    assert len(text.encode("utf-8")) <= MIB
    data = json.loads(text, parse_constant=refuse)
    assert set(data) == {"outcome", "reason", "notes", "checks"}
    points = {name: exactly(check["points"]) for name, check in data["checks"].items()}
    for check in data["checks"].values():
        assert set(check) == {"points", "worth", "text"}
        assert 0 <= check["points"] <= check["worth"]
    said = [data["reason"], data["notes"], *(check["text"] for check in data["checks"].values())]
    assert bool(points) == (data["outcome"] == "graded") == (not data["reason"])
    return Read(sum(points.values()) if points else None, points, "\n".join(said))


COUNTS = ("tests", "failures", "errors", "skipped")


def read_junit(text):
    """One suite of the document's: junitparser's reading, beside the counts that the document says."""
    assert len(text.encode("utf-8")) < 30_000_000
    root = ET.fromstring(text.encode("utf-8"))  # noqa: S314 - our own output
    parsed = JUnitXml.fromroot(root)
    stated = [getattr(parsed, name) for name in COUNTS]
    parsed.update_statistics()
    assert stated == [getattr(parsed, name) for name in COUNTS]
    (suite,) = parsed
    said = {item.name: item.value for item in suite.properties()}
    points = {name.removeprefix("score."): Fraction(value) for name, value in said.items() if name.startswith("score.")}
    cases = list(suite)
    assert all(case.name and case.classname == suite.name for case in cases)
    results = [result for case in cases for result in case.result]
    assert all(isinstance(result, (Error, Failure)) for result in results)
    shown = "\n".join(f"{result.message}\n{result.text or ''}" for result in results)
    total = Fraction(said["score"]) if "score" in said else None
    return Read(total, points, f"{shown}\n{root.findtext('.//system-out') or ''}")


COMMAND = re.compile(r"::(error|warning|notice) ((?:[a-z]+=[^,:\r\n]*)(?:,[a-z]+=[^,:\r\n]*)*)::([^\r\n]*)")


def annotations(text):
    """Level, properties and message of each line, as the runner takes them back."""
    lines = text.split("\n")
    assert lines.pop() == ""
    found = []
    for line in lines:
        match = COMMAND.fullmatch(line)
        assert match, line
        properties = dict(part.split("=", 1) for part in match[2].split(","))
        found.append((match[1], {key: plain(value) for key, value in properties.items()}, plain(match[3])))
    for level in ("error", "warning", "notice"):
        assert sum(item[0] == level for item in found) <= 10
    return found


def plain(text):
    for escape, character in (("%0D", "\r"), ("%0A", "\n"), ("%3A", ":"), ("%2C", ","), ("%25", "%")):
        text = text.replace(escape, character)
    return text


def read_github(text):
    """`text`: annotations and summary, with a form feed between."""
    commands, summary = text.split("\f")
    told = annotations(commands)
    assert len(summary.encode("utf-8")) <= MIB
    assert not re.search(r"\n\s*\n.", summary.strip("\n")), "Markdown begins again at a blank line"
    page = harmless(summary, {"p", "code", "table", "tr", "th", "td", "details", "summary", "pre"})
    points = {
        name: Fraction(earned)
        for name, earned in re.findall(r"<td><code>(\w+)</code></td><td>[^<]*</td><td>([\d.]+) / [\d.]+</td>", summary)
    }
    mark = re.search(r"</code>: <code>([\d.]+) of [\d.]+ points", summary)
    shown = "\n".join([page, *(message for _, _, message in told)])
    return Read(Fraction(mark[1]) if mark else None, points, shown)


class Page(html.parser.HTMLParser):
    def __init__(self, allowed):
        super().__init__(convert_charrefs=True)
        self.allowed, self.open, self.text = allowed, [], io.StringIO()

    def handle_starttag(self, tag, attrs):
        assert tag in self.allowed, f"<{tag} {attrs}>"
        assert not attrs, f"<{tag} {attrs}>"
        self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open, f"</{tag}>"
        assert self.open.pop() == tag, f"</{tag}>"

    def handle_data(self, data):
        self.text.write(data)

    def handle_comment(self, data):
        raise AssertionError(data)

    handle_decl = handle_pi = unknown_decl = handle_comment


def harmless(page, allowed):
    """The text of HTML that has only these tags, closed in order, without attributes."""
    reader = Page(allowed)
    reader.feed(page)
    reader.close()
    assert not reader.open
    return reader.text.getvalue()


def write_github(report, feedback):
    output = github.to_github([report], feedback=feedback)
    return f"{output.annotations}\f{output.summary}"


WRITERS = {
    "gradescope": lambda report, feedback: gradescope.to_gradescope(report, feedback=feedback),
    "prairielearn": lambda report, feedback: prairielearn.to_prairielearn(report, feedback=feedback),
    "coderunner": lambda report, feedback: coderunner.to_coderunner(report, feedback=feedback),
    "vpl": lambda report, feedback: vpl.to_vpl(report, feedback=feedback),
    "junit": lambda report, feedback: junit.to_junit([report], feedback=feedback),
    "github": write_github,
    "nbgrader": lambda report, feedback: nbgrader.to_nbgrader(report, feedback=feedback),
}
READERS = {
    "gradescope": read_gradescope,
    "prairielearn": read_prairielearn,
    "coderunner": read_coderunner,
    "vpl": read_vpl,
    "junit": read_junit,
    "github": read_github,
    "nbgrader": read_nbgrader,
}
OF_ONE = {"prairielearn", "coderunner"}
"""Platforms that take the total as a part of 1."""


def arrive(platform, report, feedback="trace"):
    """Write and read: what arrives."""
    return READERS[platform](WRITERS[platform](report, feedback))
