"""`grader push canvas` against a Canvas on a loopback port: sent once, read back, taken up where it was killed."""

from __future__ import annotations

import logging
import os
import re
import shlex
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import time
from dataclasses import replace
from fractions import Fraction
from types import SimpleNamespace

import pytest
from canvas_class import ROOT, SCORES, STUDENTS, gradebook
from canvas_stand_in import TEACHER, TOKEN, StandIn
from hostile_texts import HOSTILE_TEXTS
from report_samples import GRADIENT, SECRET, WHO, all_with, overruled, report

from grader.cli import grader_main
from grader.cli_canvas import fill_canvas, push_canvas
from grader.gradebooks import canvas_course, canvas_link, canvas_push
from grader.gradebooks.canvas_comment import comment, tag_of
from grader.gradebooks.canvas_journal import FILE_NAME, Journal
from grader.gradebooks.canvas_push import Pace
from grader.model import Location, Notice
from grader.publish.told import tell
from grader.result import FEEDBACK_LEVELS
from pages import blocks

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="grades for real, which needs isolation")

PAGE = "docs/platforms/canvas.md"
GRADED = ["31", "32", "33", "34", "36"]
SUBMISSIONS = "/api/v1/courses/5/assignments/207/submissions"
POST = f"POST {SUBMISSIONS}/update_grades"
IN_BATCHES = (
    "import sys; from grader.gradebooks import canvas_push; canvas_push._MOST = 2; "
    "from grader.cli import grader_main; sys.exit(grader_main(sys.argv[1:]))"
)


@pytest.fixture
def canvas():
    with StandIn(STUDENTS) as stand_in:
        yield stand_in


@pytest.fixture
def push(canvas, canvas_marks, tmp_path, monkeypatch, capsys):
    """The command, in a folder with marks/ and a token in the environment; pauses take no time."""
    shutil.copytree(canvas_marks, tmp_path / "marks")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("CANVAS_API_TOKEN", TOKEN)
    pauses = []
    monkeypatch.setattr(canvas_link.Link.__init__, "__kwdefaults__", {"sleep": pauses.append})
    monkeypatch.setattr(canvas_push, "Pace", lambda limit_s: Pace(min(limit_s, 0.3), lambda _: time.sleep(0.01)))
    monkeypatch.setattr(canvas_course, "_FIRST_POLL_S", 0.01)

    def call(*arguments, url=canvas.url):
        line = ["push", "canvas", "marks", "--url", url, "--course", "5", "--assignment", "207", *arguments]
        status = grader_main(line)
        printed = capsys.readouterr()
        assert TOKEN not in printed.out + printed.err
        return SimpleNamespace(status=status, out=printed.out, err=printed.err)

    call.root, call.pauses, call.marks = tmp_path, pauses, tmp_path / "marks"
    return call


def texts(canvas, number):
    return [each["comment"] for each in canvas.students[number].comments]


def scores(canvas):
    return {number: student.score for number, student in canvas.students.items() if student.score is not None}


def check_sent_once(canvas):
    assert scores(canvas).keys() == set(GRADED)
    assert {number: f"{scores(canvas)[number]:g}" for number in SCORES} == SCORES
    for number, student in canvas.students.items():
        assert len(student.comments) == (number in GRADED), number


# ---------------------------------------------------------------------------- a whole push
def test_nothing_is_sent_without_yes(push, canvas):
    done = push()
    assert done.status == 0, done.err
    assert "Nothing was sent. --yes sends it (--dry-run says the same).\n" in done.out
    assert push("--dry-run", "-v").status == 0
    assert {method for method, _ in canvas.requests} == {"GET"}
    assert not (push.marks / FILE_NAME).exists()
    assert "  Smith, Anna (31)                                          - → 100      comment of 3 lines\n" in done.out
    assert "  eveempty (35): no mark, unreadable\n" in done.out
    assert push("--dry-run", "--yes").status == 2


def test_marks_and_comments_arrive_and_are_read_back(push, canvas):
    done = push("--yes")
    assert done.status == 0, done.err
    assert done.out.endswith("5 of 5 sent and read back\nEverything is there.\n")
    check_sent_once(canvas)
    assert texts(canvas, "32")[0].startswith("65 of 100 points, passed")
    assert "bptt_gradients" in texts(canvas, "32")[0]
    assert stat.S_IMODE((push.marks / FILE_NAME).stat().st_mode) == 0o600
    again = push("--yes")
    assert again.status == 0
    assert "There already: 5\n" in again.out
    assert "There is nothing to send.\n" in again.out or "Everything is there.\n" in again.out
    assert len(canvas.posts()) == 1


def test_marks_alone(push, canvas):
    assert push("--yes", "--no-comments").status == 0
    assert scores(canvas).keys() == set(GRADED)
    assert not any(student.comments for student in canvas.students.values())
    assert push("--yes").status == 0  # the comments, afterwards
    check_sent_once(canvas)


def test_a_comment_that_the_teacher_deleted_stays_so(push, canvas):
    assert push("--yes").status == 0
    canvas.students["31"].comments.clear()
    assert push("--yes").status == 0
    assert texts(canvas, "31") == []


def test_a_deduction_for_being_late_is_no_other_mark(push, canvas):
    assert push("--yes").status == 0
    canvas.students["32"].deducted = 10
    done = push("--yes")
    assert done.status == 0
    assert len(canvas.posts()) == 1


def test_another_mark_is_replaced_only_when_asked_for(push, canvas):
    canvas.students["31"].score = 12.5
    done = push("--yes")
    assert done.status == 2
    assert "Another mark in place of the one that is there:\n  Smith, Anna (31): 100 for 12.50\n" in done.out
    assert canvas.posts() == []
    assert push("--yes", "--overwrite").status == 0
    check_sent_once(canvas)


def test_the_excused_are_left_alone(push, canvas):
    canvas.students["31"].excused = True
    done = push("--yes")
    assert done.status == 0
    assert "Smith, Anna (31)" not in done.out
    assert "smithanna (31): excused, not 100\n" in done.out
    assert canvas.students["31"].score is None
    assert canvas.students["31"].comments == []


def test_whoever_is_not_enrolled_is_listed_and_refused(push, canvas):
    del canvas.students["33"]
    done = push("--yes")
    assert done.status == 2
    assert "Not there:\n  33: 65\n" in done.out
    assert canvas.posts() == []
    assert push("--yes", "--ignore-absent").status == 0
    assert scores(canvas).keys() == set(GRADED) - {"33"}


def test_points_are_scaled_only_when_asked_for(push, canvas):
    canvas.assignment["points_possible"] = 10.0
    done = push("--yes")
    assert done.status == 2
    assert "“Übung 3” is worth 10 points in Canvas and 100 here" in done.err
    assert push("--yes", "--scale").status == 0
    assert scores(canvas)["32"] == 6.5
    assert texts(canvas, "32")[0].startswith("6.50 of 10 points")


@pytest.mark.parametrize(
    ("facts", "says"),
    [
        ({"anonymize_students": True}, "graded without names"),
        ({"group_category_id": 4}, "is for groups"),
        ({"grading_type": "pass_fail"}, "graded without points"),
        ({"published": False}, "is not published"),
        ({"points_possible": None}, "is worth 0 points in Canvas and 100 here"),
    ],
)
def test_an_assignment_that_takes_no_such_marks_is_refused(push, canvas, facts, says):
    canvas.assignment |= facts
    done = push("--yes")
    assert done.status == 2
    assert says in done.err
    assert canvas.posts() == []


# ---------------------------------------------------------------------------- what goes wrong
def test_a_job_that_fails_half_way_is_told_and_finished_later(push, canvas):
    canvas.fails_after = 2
    done = push("--yes")
    assert done.status == 3
    assert "3 of 5 did not arrive, listed above" in done.err
    assert done.out.count("no mark there, not") == 3
    assert "Canvas says: unexpected error, ID 5000" in done.out
    canvas.fails_after = None
    assert push("--yes").status == 0
    check_sent_once(canvas)
    assert len(canvas.posts()) == 2


def test_who_leaves_the_course_meanwhile_does_not_stop_the_others(push, canvas):
    canvas.hooks["before POST"] = lambda: canvas.students.pop("36", None)
    done = push("--yes")
    assert done.status == 3
    assert "no mark there, not" in done.out
    assert "Couldn't find User(s) with API ids '36'" in done.out
    assert scores(canvas).keys() == set(GRADED) - {"36"}


def test_a_job_that_lasts_too_long_is_waited_for_by_the_next_push(push, canvas):
    canvas.polls = 10_000
    done = push("--yes")
    assert done.status == 3
    assert "Canvas is still at the last batch" in done.err
    assert "give the same command again" in done.err
    assert scores(canvas) == {}
    assert push("--yes").status == 3
    canvas.jobs[0].polls = 0
    done = push("--yes")
    assert done.status == 0
    assert "An earlier push was stopped while 5 students were sent theirs" in done.out
    check_sent_once(canvas)
    assert len(canvas.posts()) == 1


@pytest.mark.parametrize(
    ("fault", "pause"),
    [((429, {"Retry-After": "7"}, "slow down"), 7), ((403, {}, "403 Forbidden (Rate Limit Exceeded)"), 1)],
)
@pytest.mark.parametrize("where", ["GET .*/submissions", "GET .*/progress/1", POST])
def test_whoever_asks_for_fewer_requests_is_given_time(push, canvas, fault, pause, where):
    canvas.faults.append((where, fault))
    done = push("--yes")
    assert done.status == 0, done.err
    assert push.pauses == [pause]
    assert f"asks for fewer requests ({fault[0]}): trying again in {pause} s" in done.err
    check_sent_once(canvas)


def test_patience_ends(push, canvas):
    canvas.faults.extend([("GET .*/207", (503, {}, "down"))] * 5)
    done = push("--yes")
    assert done.status == 3
    assert "failed (503): tried 5 times: try again later" in done.err
    assert push.pauses == [1, 2, 4, 8]


@pytest.mark.parametrize(
    ("where", "fault", "status", "says"),
    [
        (
            "GET .*/207",
            (401, {"WWW-Authenticate": "Bearer"}, {"errors": []}),
            2,
            "refuses the token in CANVAS_API_TOKEN",
        ),
        ("GET .*/207", (404, {}, {}), 2, "courses/5/assignments/207: not there, or not to be seen"),
        (POST, (403, {}, {"status": "unauthorized"}), 2, "whoever made the token may not do that (403)"),
        (POST, (422, {}, {"message": "bad \x1b[31m" + TOKEN}), 3, "refused (422)"),
        ("GET .*/207", (302, {"Location": "https://sso.example.edu/"}, ""), 2, "elsewhere, https://sso.example.edu/"),
        ("GET .*/207", (200, {}, "<html>Please log in</html>"), 3, "answers in a way that is not Canvas's"),
        ("GET .*/submissions", (200, {}, [{"user_id": None}]), 3, "answers in a way that is not Canvas's"),
    ],
)
def test_each_refusal_is_one_clear_line(push, canvas, where, fault, status, says):
    canvas.faults.append((where, fault))
    done = push("--yes")
    assert done.status == status
    assert says in done.err
    assert len(done.err.splitlines()) == 1
    assert scores(canvas) == {}
    assert push("--yes").status == 0  # nothing is left over that would stop the next
    check_sent_once(canvas)


@pytest.mark.parametrize("fault", [(502, {}, "bad gateway"), (200, {}, "no JSON"), None])
def test_a_request_of_unknown_fate_is_not_sent_again_unasked(push, canvas, fault):
    canvas.faults.append((POST, fault))
    done = push("--yes")
    assert done.status == 3
    assert "5 students may have been sent theirs" in done.err
    done = push("--yes")
    assert done.status == 3
    assert "--resend" in done.err
    assert len(canvas.posts()) == 1
    assert push("--yes", "--resend").status == 0
    check_sent_once(canvas)


def test_a_request_that_got_there_though_its_answer_did_not_is_known_by_what_it_did(push, canvas):
    def lose():
        canvas.work_off(canvas.jobs[0])
        canvas.hooks.clear()

    canvas.hooks["after POST"] = lose
    canvas_answer = canvas.answer

    def answer(method, *rest):
        done = canvas_answer(method, *rest)
        return None if method == "POST" else done

    canvas.answer = answer
    assert push("--yes").status == 3
    assert push("--yes").status == 0
    check_sent_once(canvas)
    assert len(canvas.posts()) == 1


def test_a_canvas_that_is_not_there_is_said(push):
    done = push("--yes", url="http://127.0.0.1:1")
    assert done.status == 3
    assert "http://127.0.0.1:1: cannot be reached: Connection refused: tried 5 times" in done.err


# ---------------------------------------------------------------------------- killed
def wait_for(condition, limit_s=10):
    """Canvas goes on by itself, whatever became of who asked."""
    ends = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < ends
        time.sleep(0.01)


def started(push, url):
    arguments = [
        "push",
        "canvas",
        "marks",
        "--url",
        url,
        "--course",
        "5",
        "--assignment",
        "207",
        "--yes",
        "--wait",
        "20",
    ]
    return subprocess.Popen(
        [sys.executable, "-c", IN_BATCHES, *arguments], cwd=push.root, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


@pytest.mark.parametrize(("moment", "posts"), [("before POST", 1), ("after POST", 2), ("before GET", 2)])
def test_a_push_killed_in_its_second_batch_goes_on_and_sends_nobody_twice(push, canvas, moment, posts):
    """On its way to Canvas; taken, and the answer never read; taken, noted, and not yet read back."""
    process = []

    def kill():
        if len(canvas.posts()) == posts:
            canvas.hooks.clear()
            os.kill(process[0].pid, signal.SIGKILL)
            process[0].wait(10)

    canvas.polls = 0
    canvas.hooks[moment] = kill
    process.append(started(push, canvas.url))
    out, err = process[0].communicate(timeout=60)
    assert process[0].returncode == -signal.SIGKILL, (out, err)
    assert b"2 of 5 sent and read back" in out
    wait_for(lambda: len(canvas.jobs) == 2)  # Canvas got it all the same, and works it off later
    canvas.work_off(canvas.jobs[1])
    done = push("--yes")
    assert done.status == 0, done.err
    assert "An earlier push was stopped while 2 students were sent theirs" in done.out
    check_sent_once(canvas)


def test_without_the_journal_a_job_under_way_would_be_sent_again(push, canvas):
    canvas.polls = 10_000
    assert push("--yes").status == 3
    (push.marks / FILE_NAME).unlink()
    canvas.polls = 0
    assert push("--yes").status == 0
    canvas.work_off(canvas.jobs[0])
    assert [len(canvas.students[number].comments) for number in GRADED] == [2] * len(GRADED)


def test_two_pushes_at_once_are_one_too_many(push, canvas):
    with Journal(push.marks, "somewhere"):
        done = push("--yes")
    assert done.status == 2
    assert "another grader push is at work" in done.err
    assert canvas.posts() == []


# ---------------------------------------------------------------------------- the token
@pytest.mark.parametrize("token", ["", "  ", "short", "two words here", "Tökenlongenough", "line\nbreak-token"])
def test_a_token_that_is_none_is_refused_unseen(push, canvas, monkeypatch, token):
    monkeypatch.setenv("CANVAS_API_TOKEN", token)
    done = push("--yes")
    assert done.status == 2
    assert "CANVAS_API_TOKEN" in done.err
    assert not token.strip() or token not in done.err
    assert canvas.requests == []


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://canvas.example.edu", "the token would travel readable for all: say https://canvas.example.edu"),
        ("canvas.example.edu", "expected an address such as https://"),
        ("ftp://canvas.example.edu", "expected an address such as https://"),
        ("https://me:pw@canvas.example.edu", "expected an address such as https://"),
        ("https://canvas.example.edu/courses/5", "give its first part only: https://canvas.example.edu"),
        ("https://canvas.example.edu/api/v1", "give its first part only"),
        ("http://127.0.0.1.example.edu", "the token would travel"),
        ("https://[", "expected an address such as https://"),
    ],
)
def test_the_token_goes_nowhere_but_to_canvas(push, url, says):
    done = push("--yes", url=url)
    assert done.status == 2
    assert says in done.err


def test_the_token_is_in_no_log_and_in_no_traceback(push, canvas, caplog, monkeypatch, capsys):
    caplog.set_level(logging.DEBUG)
    assert push("--yes").status == 0
    assert "Bearer" not in caplog.text
    assert TOKEN[-4:] not in caplog.text
    monkeypatch.setattr(canvas_push, "plan", lambda *_, **__: 1 // 0)
    grader_main(["push", "canvas", "marks", "--url", canvas.url, "--course", "5", "--assignment", "207", "-v"])
    printed = capsys.readouterr()
    assert "ZeroDivisionError" in printed.err
    assert TOKEN not in printed.err
    assert TOKEN not in str(sqlite3.connect(push.marks / FILE_NAME).execute("SELECT * FROM batches").fetchall())


def test_a_netrc_file_does_not_go_before_the_token(push, canvas, monkeypatch):
    (push.root / "netrc").write_text("machine 127.0.0.1 login me password pw\n")
    monkeypatch.setenv("NETRC", str(push.root / "netrc"))
    assert push("--yes").status == 0
    check_sent_once(canvas)


# ---------------------------------------------------------------------------- comments
def saying(text):
    gradient = replace(GRADIENT, message=text, notices=(Notice("general.crash", text, Location(2, 1)),))
    return report(gradient, notices=(Notice("load.raised", text),))


@pytest.mark.parametrize("text", HOSTILE_TEXTS, ids=lambda text: text.name)
def test_hostile_text_arrives_as_text(text):
    written = comment(tell(saying(text.text), "trace"))
    assert text.marker in written
    assert written.encode("utf-8").decode("utf-8") == written
    assert not {c for c in written if not c.isprintable()} - {"\n"}
    assert tag_of(written) is not None
    assert len(written) < 21_000


def test_a_comment_says_no_more_than_the_student_may_see():
    made = replace(saying("secret of the example"), score=report().score)
    assert "secret of the example" not in comment(tell(made, "score"))
    assert comment(tell(made, "score")) != comment(tell(made, "trace"))


@pytest.mark.parametrize("depth", FEEDBACK_LEVELS)
def test_a_comment_says_what_a_person_set_and_neither_why_nor_who(depth):
    made = overruled(report(GRADIENT, all_with("relu", "missing", "relu is not defined.")), relu=4, forward=0)
    written = comment(tell(made, depth))
    assert ", points set by a person" in written.splitlines()[0]
    assert not any(secret in written for secret in (SECRET, WHO))
    if depth != "score":
        assert "○ MISSING relu: 4 / 5, set by a person (the grader's own: 0)" in written
        assert "✓ PASS forward: 0 / 20, set by a person (the grader's own: 20)" in written
        assert "relu_derivative" not in written
    if depth in {"example", "trace"}:
        assert "What the grader found:\nrelu is not defined." in written
    assert "set by a person" not in comment(tell(report(GRADIENT), depth))


def test_what_a_person_set_is_scaled_as_the_marks_are():
    made = overruled(report(all_with("relu", "missing")), relu=4, forward=0)
    written = comment(tell(made, "verdict", out_of=Fraction(10)))
    assert "relu: 0.40 / 0.50, set by a person (the grader's own: 0)" in written
    assert "forward: 0 / 2, set by a person (the grader's own: 2)" in written


def test_a_long_comment_is_cut_and_known_again():
    made = report(notices=tuple(Notice("load.raised", f"{number} {'x' * 900}") for number in range(60)))
    written = comment(tell(made, "trace"))
    assert "cut: longer than may be shown here" in written
    assert tag_of(written.replace("\n", "\r\n") + "  ") == tag_of(written)


def test_a_comment_by_the_student_is_not_taken_for_ours(push, canvas):
    written = {}
    assert push("--yes").status == 0
    for number in GRADED:
        written[number] = texts(canvas, number)[0]
        canvas.students[number].comments[:] = [{"author_id": int(number), "comment": written[number]}]
    (push.marks / FILE_NAME).unlink()
    assert push("--yes").status == 0
    assert [each["author_id"] for each in canvas.students["31"].comments] == [31, TEACHER]


def test_a_student_is_forgotten_by_the_journal_as_well(push):
    assert push("--yes").status == 0
    assert grader_main(["forget", "marks", "32"]) == 0
    left = sqlite3.connect(push.marks / FILE_NAME).execute("SELECT student FROM sent").fetchall()
    assert {student for (student,) in left} == set(GRADED) - {"32"}


# ---------------------------------------------------------------------------- the page
def test_the_page_shows_what_the_commands_print(push, canvas, capsys):
    (push.root / "gradebook.csv").write_text(gradebook(), encoding="utf-8", newline="")
    command, *shown = next(block.body for block in blocks(PAGE) if "fill canvas" in block.body).splitlines()
    assert grader_main(shlex.split(command.removeprefix("$ grader "))) == 0
    assert capsys.readouterr().out.splitlines() == shown
    printed = push("--yes").out.replace(canvas.url, "https://canvas.example.edu").splitlines()
    page = next(block.body for block in blocks(PAGE) if "sent and read back" in block.body).splitlines()
    assert [line for line in page if line != "  …"] == [line for line in printed if line in page]


def test_the_page_s_options_exist_and_its_messages_are_said():
    text = (ROOT / PAGE).read_text(encoding="utf-8")
    options = {name for command in (fill_canvas, push_canvas) for each in command.params for name in each.opts}
    options |= {
        name for command in (fill_canvas, push_canvas) for each in command.params for name in each.secondary_opts
    }
    grades = {"--from", "--rubric", "--exit-zero", "--feedback"}
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]+", text)) <= options | grades
