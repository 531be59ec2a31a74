"""The pages in a real browser: nothing of a submission runs, nothing leaves, keys and screen readers get everywhere.

Needs Debian's `chromium` and the `playwright` package (whose own browser is not used); the audit needs axe-core's
`axe.min.js`, named by AXE_CORE or under `node_modules` (`npm install --no-save axe-core`). What is absent is skipped.
"""

from __future__ import annotations

import os
import re
import shutil
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest
from html_samples import HOSTILE, facts_saying, saying, training_path, without_escaping
from report_samples import SAMPLES

from grader.report.html import PageFacts, row_of, to_html, to_index

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or "/usr/bin/chromium"
ROOT = Path(__file__).resolve().parents[3]
AXE = Path(os.environ.get("AXE_CORE") or ROOT / "node_modules" / "axe-core" / "axe.min.js")
FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking"]
NAMES = {"passed": "Ada", "failed": "Bo", "mixed": "Chen", "unreadable": "Dora", "ungraded": "Eli", "odd_points": "Fay"}
ROWS = [row_of(student, SAMPLES[name], page=f"{name}.html") for name, student in NAMES.items()]
HOSTILE_ROWS = [
    *ROWS,
    replace(ROWS[1], student=HOSTILE, mistakes=(("x.y", HOSTILE),), review=(HOSTILE,), reason=HOSTILE),
]
POKE = """() => document.querySelectorAll("body *").forEach((each) => {
    for (const name of ["mouseover", "click", "focus", "load", "error"]) each.dispatchEvent(new Event(name));
})"""


@pytest.fixture(scope="module")
def chromium():
    api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
    if not Path(CHROMIUM).is_file():
        pytest.skip(f"there is no browser at {CHROMIUM}")
    with api.sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def visit(chromium, tmp_path):
    """Open a page as a file; `page.trouble` then holds what the browser complained of, `page.asked` what it fetched."""
    contexts = []

    def open_page(html, **how):
        path = tmp_path / f"page{len(contexts)}.html"
        path.write_text(html, encoding="utf-8")
        context = chromium.new_context(**{"viewport": {"width": 1200, "height": 900}, **how})
        contexts.append(context)
        page = context.new_page()
        page.trouble, page.asked = [], []
        page.on("console", lambda message: page.trouble.append(message.text))
        page.on("pageerror", lambda error: page.trouble.append(str(error)))
        page.on("request", lambda request: page.asked.append(request.url))
        page.goto(path.as_uri())
        return page

    yield open_page
    for context in contexts:
        context.close()


def student_page(name="failed", **facts):
    return to_html(
        replace(SAMPLES[name], path=training_path("sequential")), audience="student", facts=PageFacts(**facts)
    )


def hostile_page():
    return to_html(saying(HOSTILE), facts=PageFacts(**facts_saying(HOSTILE)))


PAGES = {
    "student": student_page,
    "mixed": lambda: student_page("mixed"),
    "teacher": lambda: to_html(SAMPLES["mixed"]),
    "ungraded": lambda: to_html(SAMPLES["ungraded"]),
    "hostile": hostile_page,
    "index": lambda: to_index(ROWS),
    "hostile index": lambda: to_index(HOSTILE_ROWS, title=HOSTILE),
}
every_page = pytest.mark.parametrize("name", PAGES)


def visible_students(page):
    return page.locator("#table tbody tr:visible th").all_inner_texts()


# ---------------------------------------------------------------------------- nothing runs, nothing leaves
@every_page
def test_a_page_renders_without_complaint_and_asks_for_nothing_else(visit, name):
    page = visit(PAGES[name]())
    page.evaluate(POKE)
    assert page.evaluate("() => window.hit") is None
    assert page.trouble == []
    assert len(page.asked) == 1
    assert page.locator("h1").count() == 1


def test_text_that_were_not_escaped_would_still_run_nothing(visit, monkeypatch):
    without_escaping(monkeypatch)
    page = visit(hostile_page())
    page.evaluate(POKE)
    assert page.evaluate("() => window.hit") is None
    assert any("Content Security Policy" in text for text in page.trouble)


def test_without_escaping_and_policy_the_attack_succeeds(visit, monkeypatch):
    without_escaping(monkeypatch)
    page = visit(re.sub(r"<meta http-equiv.*?>\n", "", hostile_page()))
    assert page.evaluate("() => window.hit") == 1


# ---------------------------------------------------------------------------- the table
def test_the_table_sorts_by_keyboard(visit):
    page = visit(to_index(ROWS))
    mark = page.get_by_role("button", name="Mark")
    mark.focus()
    page.keyboard.press("Enter")
    assert visible_students(page) == ["Fay", "Chen", "Bo", "Ada", "Dora", "Eli"]
    assert page.locator("th[aria-sort]").get_attribute("aria-sort") == "ascending"
    page.keyboard.press("Space")
    assert visible_students(page) == ["Ada", "Bo", "Chen", "Fay", "Dora", "Eli"]
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    assert visible_students(page) == ["Ada", "Bo", "Chen", "Dora", "Eli", "Fay"]


def test_the_table_filters_and_searches_by_keyboard_and_says_how_many_are_left(visit):
    page = visit(to_index(ROWS))
    page.get_by_label("Search").focus()
    page.keyboard.type("gradient.SIGN")
    assert visible_students(page) == ["Bo"]
    assert page.get_by_role("status").inner_text() == "1 of 6 shown"
    page.keyboard.press("Control+A")
    page.keyboard.press("Delete")
    assert len(visible_students(page)) == 6
    page.get_by_label("Did not pass").select_option("forward")
    assert visible_students(page) == ["Bo", "Chen", "Fay"]
    page.get_by_label("Outcome").select_option("below the pass mark")
    assert visible_students(page) == ["Chen"]


def test_everything_is_there_without_javascript_but_what_needs_it(visit):
    page = visit(to_index(ROWS), java_script_enabled=False)
    assert visible_students(page) == ["Ada", "Bo", "Chen", "Dora", "Eli", "Fay"]
    assert not page.locator("#filter").is_visible()
    assert page.locator("#table button").count() == 0


def test_a_large_class_sorts_and_filters_at_once(visit):
    rows = [replace(ROWS[i % 6], student=f"Student {i}", score=Fraction(i % 101)) for i in range(1000)]
    page = visit(to_index(rows))
    spent = page.evaluate(
        """() => {
            const start = performance.now();
            document.querySelector("#table thead button").click();
            document.getElementById("search").value = "student 990";
            document.getElementById("filter").dispatchEvent(new Event("input"));
            return performance.now() - start;
        }"""
    )
    assert page.get_by_role("status").inner_text() == "1 of 1000 shown"
    assert spent < 5000


# ---------------------------------------------------------------------------- reading
@pytest.mark.parametrize(
    ("name", "scheme"),
    [("student", "light"), ("mixed", "dark"), ("hostile", "light"), ("index", "light"), ("index", "dark")],
)
def test_axe_finds_nothing_serious(visit, name, scheme):
    if not AXE.is_file():
        pytest.skip(f"there is no axe-core at {AXE}")
    page = visit(PAGES[name](), color_scheme=scheme)
    page.evaluate("() => document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("async () => (await axe.run()).violations")
    told = [(item["id"], item["impact"], [node["html"][:200] for node in item["nodes"]]) for item in found]
    assert [item for item in told if item[1] in {"serious", "critical"}] == []


@every_page
def test_no_page_is_wider_than_a_small_screen(visit, name):
    page = visit(PAGES[name](), viewport={"width": 340, "height": 700})
    page.evaluate("() => document.querySelectorAll('details').forEach((each) => { each.open = true; })")
    assert page.evaluate("() => document.documentElement.scrollWidth") <= 340


@every_page
def test_no_name_of_a_check_and_no_outcome_is_broken_within_a_word(visit, name):
    page = visit(PAGES[name](), viewport={"width": 340, "height": 700})
    broken = page.evaluate(
        """() => {
            const found = [];
            for (const cell of document.querySelectorAll("th code, td .status, .class td:nth-child(3)")) {
                const walk = document.createTreeWalker(cell, NodeFilter.SHOW_TEXT);
                for (let node = walk.nextNode(); node; node = walk.nextNode()) {
                    for (const word of node.data.matchAll(/\\S+/g)) {
                        const range = document.createRange();
                        range.setStart(node, word.index);
                        range.setEnd(node, word.index + word[0].length);
                        if (new Set([...range.getClientRects()].map((box) => box.top)).size > 1) found.push(word[0]);
                    }
                }
            }
            return found;
        }"""
    )
    assert broken == []


def test_the_dark_page_is_dark_and_paper_is_white(visit):
    ground = "() => getComputedStyle(document.body).backgroundColor"
    page = visit(student_page(), color_scheme="dark")
    assert page.evaluate(ground) == "rgb(16, 19, 24)"
    page.emulate_media(media="print")
    assert page.evaluate(ground) == "rgb(255, 255, 255)"


def test_what_is_folded_away_is_printed(visit):
    page = visit(student_page())
    table = page.locator("table.matrices").first
    shown = "(element) => element.checkVisibility({ contentVisibilityAuto: true })"
    assert not table.evaluate(shown)
    page.emulate_media(media="print")
    assert table.evaluate(shown)


def test_the_first_key_skips_to_the_content_and_focus_is_seen(visit):
    page = visit(student_page())
    page.keyboard.press("Tab")
    assert page.evaluate("() => document.activeElement.hash") == "#main"
    assert page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle") == "solid"
