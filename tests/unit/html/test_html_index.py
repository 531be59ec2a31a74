"""The index of a class: counts that are right, names that are harmless, a table that reads without a script."""

from __future__ import annotations

import re
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import pytest
from html_reading import Page, hash_of
from report_samples import GRADIENT, SAMPLES, SECRET, WHO, all_with, overruled, report

from grader.messages import MESSAGES
from grader.model import Diagnosis
from grader.report.html import Row, row_of, to_index
from grader.report.html import index as indexing
from grader.report.html.titles import TITLES
from grader.result import Override

NAMES = {"passed": "Ada", "failed": "Bo", "mixed": "Chen", "unreadable": "Dora", "ungraded": "Eli", "odd_points": "Fay"}
ROWS = [row_of(student, SAMPLES[name], page=f"{name}.html") for name, student in NAMES.items()]


def page(rows=ROWS, **options):
    return Page(to_index(rows, **options))


def test_the_index_allows_its_own_script_and_style_and_nothing_else():
    html = to_index(ROWS)
    found = Page(html)
    assert found.policy == (
        f"default-src 'none'; style-src {hash_of(found.raw['style'])}; script-src {hash_of(found.raw['script'])}; "
        "base-uri 'none'; form-action 'none'"
    )
    assert not re.search(r"https?:|url\((?!#)|@import", html)
    assert not [name for _, attrs in found.tags for name in attrs if name.startswith("on") or name in {"src", "style"}]
    assert not re.search("innerHTML|insertAdjacent|document.write|eval", found.raw["script"])


def test_counts_of_outcomes_add_up():
    words = page().words
    for fact in ("submissions 6", "passed 3", "below the pass mark 1", "unreadable 1", "not graded 1", "to look at 3"):
        assert fact in words


def test_the_median_is_of_those_graded():
    assert "median mark 83.56" in page([ROWS[0], ROWS[1], *ROWS[3:5]]).words


def test_every_mark_is_in_the_distribution_the_full_one_too():
    found = indexing._bars([replace(ROWS[0], score=Fraction(score)) for score in (0, 9, 10, 50, 99, 100)])
    assert [bar.count for bar in found] == [2, 1, 0, 0, 0, 1, 0, 0, 0, 2]
    assert all(bar.height >= 0 for bar in found)


def test_the_pass_rate_of_a_check_counts_those_judged():
    rates = {rate.name: rate for rate in (indexing._rate(name, ROWS) for name in ("relu", "forward", "train"))}
    assert {name: (rate.passed, rate.judged) for name, rate in rates.items()} == {
        "relu": (3, 4),
        "forward": (1, 4),
        "train": (3, 4),
    }


def test_the_most_common_mistake_comes_first_with_who_made_it():
    other = replace(GRADIENT, diagnoses=(Diagnosis("gradient.scale", "off by a factor", 48, 48),))
    rows = [row_of("Zoe", report(other)), *ROWS, row_of("Yan", report(GRADIENT))]
    found = indexing._mistakes(rows)
    assert [(item.code, item.students, [row.student for row in item.who]) for item in found] == [
        ("gradient.sign", 2, ["Bo", "Yan"]),
        ("gradient.scale", 1, ["Zoe"]),
    ]
    assert "Who made it : gradient.sign Bo Yan" in page(rows).words


def test_one_student_s_message_is_not_said_of_the_others():
    crash = {name: f"{name} raises ValueError (line 42)." for name in ("forward", "relu")}
    rows = [
        row_of(name, report(replace(all_with(name, "error"), diagnoses=(Diagnosis("general.crash", message),))))
        for name, message in crash.items()
    ]
    (found,) = indexing._mistakes(rows)
    assert (found.message, found.students) == ("A function raises an error.", 2)
    other = [replace(rows[0], mistakes=(("gradient.swapped", f"either {n}"),)) for n in range(2)]
    assert indexing._mistakes(other)[0].message == "gradient: swapped"
    assert indexing._mistakes(other[:1])[0].message == "either 0"


def test_every_message_that_names_a_function_a_number_or_a_file_has_a_title():
    areas = ("relu.", "targets.", "forward.", "gradient.", "train.", "predict.", "general.", "policy.")
    varied = {code for code, text in MESSAGES.items() if code.startswith(areas) and re.search(r"(?<!{){(?!{)", text)}
    assert {".".join(code.split(".")[:2]) for code in varied} - {"train.zero_iterations_raises"} <= TITLES.keys()


def test_what_is_missing_is_not_called_unreadable():
    row = replace(ROWS[3], outcome="missing", reason="nothing was handed in")
    words = page([row]).words
    assert "missing 1 to look at 1" in words
    assert "unreadable" not in words.lower()


def test_the_public_seed_is_told():
    assert "students can know them" in page(public=True).words
    assert "students can know them" not in page().words


def test_the_slowest_come_first_and_a_class_without_times_has_none():
    rows = [replace(row, seconds=float(i)) for i, row in enumerate(ROWS)]
    assert "Slowest Fay 5.0 s Eli 4.0 s" in page(rows).words
    assert "Slowest" not in page([replace(row, seconds=None) for row in ROWS]).words


def test_what_a_person_should_look_at_says_why():
    words = page().words
    for told in ("Eli the sandbox's template process ended", "Dora not a notebook", "Chen train: its own fault"):
        assert told in words


def test_a_person_s_mark_counts_and_the_grader_s_stands_beside_it():
    row = row_of("Bo", overruled(SAMPLES["failed"], train=0, relu=0, count_targets=0))
    assert (row.passed, row.points, row.machine_points) == (False, "32.12", "67.12")
    words = page([row]).words
    assert "Bo 32.12 was 67.12 below the pass mark" in words
    assert f"Bo train 20 0 {SECRET} {WHO}" in words
    assert row_of("Bo", overruled(SAMPLES["passed"], relu=5)).machine is None


def test_a_row_for_each_student_in_the_order_of_their_names_whatever_order_they_come_in():
    assert to_index(ROWS) == to_index(reversed(ROWS))
    found = page([*ROWS, row_of("bea", SAMPLES["passed"])])
    table = found.words.split("Each student with mark")[1]
    assert re.findall(r"\b(Ada|bea|Bo|Chen|Dora|Eli|Fay)\b", table) == [
        "Ada", "bea", "Bo", "Chen", "Dora", "Eli", "Fay",
    ]  # fmt: skip


def test_a_status_in_the_table_is_a_word_too():
    assert "Fay 41.95 passed ✗ fail ✗ fail ✗ fail ✗ fail ✓ pass ✓ pass ✓ pass" in page().words


def test_tables_are_labelled_and_headings_in_order():
    found = page()
    tags = [tag for tag, _ in found.tags]
    assert tags.count("table") == tags.count("caption")
    assert all("scope" in attrs for attrs in found.all("th"))
    levels = [int(tag[1]) for tag in tags if re.fullmatch("h[1-6]", tag)]
    assert all(after <= before + 1 for before, after in pairwise(levels))
    assert len(set(found.ids)) == len(found.ids)


HOSTILE = "</script><script>window.hit=1</script><img src=x onerror=window.hit=1>{{ 7 * 191 }}\u202e\x00"


def test_names_and_reasons_add_no_tag_and_no_attribute():
    def rows(text):
        row = Row(
            text, f"{text}.html", "graded", Fraction(1), Fraction(2), Fraction(9), Fraction(3), passed=False,
            mistakes=(("a.b", text),), seconds=1.0, review=(text,),
            changes=(Override("relu", Fraction(1), Fraction(2), text, text),),
        )  # fmt: skip
        return [row, replace(row, outcome="unreadable", score=None, reason=text)]

    harmless, hostile = page(rows("harmless"), title="x"), page(rows(HOSTILE), title=HOSTILE)
    assert hostile.structure == harmless.structure
    assert "1337" not in hostile.words
    assert not re.search("[\u202e\x00]", hostile.words)


@pytest.mark.parametrize("name", ["javascript:alert(1)", "//evil.example/x", "a b?#<>.html", "/etc/passwd", 'x" y="'])
def test_a_page_s_name_is_only_ever_a_file_beside_the_index(name):
    row = row_of("Ada", SAMPLES["passed"], page=name)
    links = [attrs["href"] for attrs in page([row]).all("a") if not attrs["href"].startswith("#")]
    assert links
    assert all(re.fullmatch(r"\./[\w.~%/-]+", link) for link in links)


def test_a_class_of_none_and_one_that_all_failed_to_grade_have_a_page():
    assert "Nothing was graded" in page([]).words
    assert "Nothing was graded" in page(ROWS[3:5]).words
