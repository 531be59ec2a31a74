"""Whose a file is, in each of the layouts, on disk and in a zip."""

from __future__ import annotations

import pytest
from discover_kit import CORRECT, NOTEBOOK, by_student, put, texts, zipped

from grader.cohort.discover import discover
from grader.cohort.handins import CanvasIds, Handed, Missing, MoodleIds, NbgraderIds, Unreadable
from grader.errors import UsageError

CANVAS = (
    ("smithanna_31_207_hw.py", "# anna\n" + CORRECT),
    ("leeben_LATE_32_208_hw.ipynb", NOTEBOOK),
    ("okoro_33_text.html", "<p>typed online</p>"),
    ("müllerjürgen_34_210_my_2_3_hw.py", "# jürgen\n" + CORRECT),
)
MOODLE = (
    ("Anna Smith_412_assignsubmission_file/hw.py", "# anna\n" + CORRECT),
    ("Ben Lee_413_assignsubmission_file_/hw.ipynb", NOTEBOOK),
    ("Teilnehmerin_414_assignsubmission_file/Übung.py", "# 414\n" + CORRECT),
    ("Ola Okoro_415_assignsubmission_onlinetext/onlinetext.html", "<p>typed online</p>"),
)
MOODLE_FLAT = (
    ("Anna Smith_412_assignsubmission_file_hw.py", "# anna\n" + CORRECT),
    ("Ben Lee_413_assignsubmission_file_my_hw.py", "# ben\n" + CORRECT),
)
NBGRADER = (
    ("submitted/anna/rnn/rnn.ipynb", NOTEBOOK),
    ("submitted/anna/rnn/timestamp.txt", "2026-03-01 12:00:05.948203 UTC"),
    ("submitted/ben/rnn/rnn.ipynb", NOTEBOOK),
    ("source/rnn/rnn.ipynb", NOTEBOOK),
    ("autograded/anna/rnn/rnn.ipynb", NOTEBOOK),
)
FOLDERS = (("anna/hw.py", CORRECT), ("ben/hw.ipynb", NOTEBOOK), ("cleo/report.pdf", "%PDF"))
LOOSE = (("anna.py", CORRECT), ("ben.ipynb", NOTEBOOK))


@pytest.fixture(params=["folder", "zip", "zip in a folder of its name"])
def laid_out(request, tmp_path):
    """The same files, as a folder and as zips; returns the path to give."""

    def lay(files):
        if request.param == "folder":
            for name, content in files:
                put(tmp_path / "class" / name, content)
            return tmp_path / "class"
        wrapper = "" if request.param == "zip" else "class/"
        return put(tmp_path / "class.zip", zipped(*((wrapper + name, content) for name, content in files)))

    return lay


def test_canvas(laid_out):
    with discover([laid_out(CANVAS)]) as cohort:
        found = by_student(cohort)
        assert cohort.source == "canvas"
        assert {key: hand_in.name for key, hand_in in found.items()} == {
            "31": "smithanna",
            "32": "leeben",
            "33": "okoro",
            "34": "müllerjürgen",
        }
        assert [key for key, hand_in in found.items() if hand_in.late] == ["32"]
        assert found["31"].ids == CanvasIds("31", "207")
        assert found["34"].ids == CanvasIds("34", "210")
        assert found["33"].ids == CanvasIds("33", None)
        assert texts(cohort) == {"31": CANVAS[0][1], "32": NOTEBOOK, "33": None, "34": CANVAS[3][1]}
        assert isinstance(found["33"].outcome, Unreadable)
        assert "text.html" in found["33"].outcome.reason


def test_canvas_graded_anonymously(laid_out):
    files = (("anon_Ab1cD_207_hw.py", CORRECT), ("LATE_anon_Xy2zW_208_hw.py", CORRECT))
    with discover([laid_out(files)]) as cohort:
        found = by_student(cohort)
        assert {key: hand_in.late for key, hand_in in found.items()} == {"anon_Ab1cD": False, "anon_Xy2zW": True}


def test_a_file_that_canvas_did_not_name_is_told_and_costs_nobody(laid_out):
    with discover([laid_out((*CANVAS, ("notes.py", CORRECT)))]) as cohort:
        assert len(cohort.submissions) == 4
        (problem,) = cohort.problems
        assert problem.shown.endswith("notes.py")
        assert problem.student is None


def test_moodle_s_folders_new_and_old(laid_out):
    with discover([laid_out(MOODLE)]) as cohort:
        found = by_student(cohort)
        assert cohort.source == "moodle"
        assert {key: hand_in.name for key, hand_in in found.items()} == {
            "412": "Anna Smith",
            "413": "Ben Lee",
            "414": "Teilnehmerin",
            "415": "Ola Okoro",
        }
        assert found["413"].ids == MoodleIds("413", "Ben Lee_413_assignsubmission_file_")
        assert found["412"].ids == MoodleIds("412", "Anna Smith_412_assignsubmission_file")
        assert texts(cohort) == {"412": MOODLE[0][1], "413": NOTEBOOK, "414": MOODLE[2][1], "415": None}


def test_moodle_s_flat_files(laid_out):
    with discover([laid_out(MOODLE_FLAT)]) as cohort:
        found = by_student(cohort)
        assert found["413"].ids == MoodleIds("413", "Ben Lee_413_assignsubmission_file_")
        assert texts(cohort) == {"412": MOODLE_FLAT[0][1], "413": MOODLE_FLAT[1][1]}


def test_what_was_typed_and_what_was_uploaded_is_one_student_s(laid_out):
    files = (*MOODLE, ("Anna Smith_412_assignsubmission_onlinetext/onlinetext.html", "hello"))
    with discover([laid_out(files)]) as cohort:
        assert texts(cohort)["412"] == MOODLE[0][1]
        assert len(cohort.submissions) == 4


def test_nbgrader_takes_what_was_submitted_and_nothing_else(laid_out):
    with discover([laid_out(NBGRADER)]) as cohort:
        found = by_student(cohort)
        assert cohort.source == "nbgrader"
        assert found.keys() == {"anna", "ben"}
        assert found["anna"].ids == NbgraderIds("anna", "rnn")
        assert found["anna"].outcome.attempt.time == (2026, 3, 1, 12, 0, 5)


@pytest.mark.parametrize("below", [(), ("anna",), ("anna", "rnn")])
def test_nbgrader_from_any_height(tmp_path, below):
    for name, content in NBGRADER:
        put(tmp_path / name, content)
    with discover([tmp_path.joinpath("submitted", *below)], "nbgrader") as cohort:
        assert by_student(cohort)["anna"].ids == NbgraderIds("anna", "rnn")


@pytest.mark.parametrize("pattern", ["submitted/*/rnn", "submitted/*/rnn/*.ipynb"])
def test_nbgrader_as_a_shell_spells_it_out(tmp_path, pattern):
    for name, content in NBGRADER:
        put(tmp_path / name, content)
    with discover(sorted(tmp_path.glob(pattern))) as cohort:
        assert [hand_in.ids for hand_in in cohort.submissions] == [
            NbgraderIds("anna", "rnn"),
            NbgraderIds("ben", "rnn"),
        ]


def test_two_assignments_are_not_mixed(laid_out):
    with pytest.raises(UsageError, match="several assignments are there: intro, rnn"):
        discover([laid_out((*NBGRADER, ("submitted/anna/intro/x.ipynb", NOTEBOOK)))])


def test_an_nbgrader_student_who_fetched_and_never_handed_in_is_listed(tmp_path):
    for name, content in NBGRADER:
        put(tmp_path / name, content)
    (tmp_path / "submitted" / "cleo" / "rnn").mkdir(parents=True)
    with discover([tmp_path]) as cohort:
        assert isinstance(by_student(cohort)["cleo"].outcome, Missing)


def test_a_folder_for_each_student(laid_out):
    with discover([laid_out(FOLDERS)]) as cohort:
        found = by_student(cohort)
        assert cohort.source == "folder"
        assert texts(cohort) == {"anna": CORRECT, "ben": NOTEBOOK, "cleo": None}
        assert "report.pdf" in found["cleo"].outcome.reason
        assert found["anna"].ids is None


def test_files_named_after_students(laid_out):
    with discover([laid_out((*LOOSE, ("rubric.txt", "x")))]) as cohort:
        assert texts(cohort) == {"anna": CORRECT, "ben": NOTEBOOK}
        assert [problem.shown.rpartition("/")[2] for problem in cohort.problems] == ["rubric.txt"]


def test_a_student_s_empty_folder_is_a_missing_submission(tmp_path):
    put(tmp_path / "class" / "anna" / "hw.py")
    put(tmp_path / "class" / "ben" / ".ipynb_checkpoints" / "hw-checkpoint.ipynb", NOTEBOOK)
    (tmp_path / "class" / "cleo").mkdir()
    with discover([tmp_path / "class"]) as cohort:
        assert {key: type(one.outcome) for key, one in by_student(cohort).items()} == {
            "anna": Handed,
            "ben": Missing,
            "cleo": Missing,
        }


@pytest.mark.parametrize("ending", ["hw.ipynb.json", "hw.ipynb.txt", "hw.py.txt", "HW.PY", "hw.IPYNB"])
def test_endings_that_browsers_and_systems_make_of_them(laid_out, ending):
    with discover([laid_out(((f"anna/{ending}", CORRECT), ("ben/hw.py", CORRECT)))]) as cohort:
        assert texts(cohort) == {"anna": CORRECT, "ben": CORRECT}


JUNK = (
    "__MACOSX/anna/._hw.py",
    "anna/._hw.py",
    "anna/.ipynb_checkpoints/hw-checkpoint.ipynb",
    "anna/.DS_Store",
    "anna/Thumbs.db",
    "anna/desktop.ini",
    "anna/hw.py~",
    "anna/hw.py.bak",
    "anna/.hw.py.swp",
    "anna/#hw.py#",
    "anna/__pycache__/hw.cpython-311.pyc",
    "anna/venv/lib/numpy.py",
    ".git/hooks/x.py",
)


def test_what_no_person_made_is_ignored(laid_out):
    with discover([laid_out((*FOLDERS, *((name, "junk") for name in JUNK)))]) as cohort:
        assert texts(cohort) == {"anna": CORRECT, "ben": NOTEBOOK, "cleo": None}
        assert (cohort.dropped, cohort.problems) == ((), ())


@pytest.mark.parametrize(
    ("files", "said", "expected", "likely"),
    [
        (FOLDERS, "canvas", "NAME_USERID_ATTACHMENTID_FILE", "--from folder"),
        (LOOSE, "moodle", "NAME_ID_assignsubmission_file", "--from folder"),
        (CANVAS, "nbgrader", "submitted/STUDENT/ASSIGNMENT/NOTEBOOK.ipynb", "--from canvas"),
        (MOODLE, "canvas", "NAME_USERID_ATTACHMENTID_FILE", "--from moodle"),
    ],
)
def test_a_wrong_from_says_what_it_expected_saw_and_would_be_right(laid_out, files, said, expected, likely):
    with pytest.raises(UsageError) as caught:
        discover([laid_out(files)], said)
    message = str(caught.value)
    assert f"--from {said} expects" in message
    assert expected in message
    assert min(name.partition("/")[0] for name, _ in files) in message
    assert likely in message


def test_a_folder_with_nothing_to_grade_is_refused(tmp_path):
    put(tmp_path / "class" / "report.pdf", "%PDF")
    with pytest.raises(UsageError, match=r"no submission in it: expected scripts .*; saw report\.pdf"):
        discover([tmp_path / "class"])


def test_files_named_one_by_one_are_as_many_submissions(tmp_path):
    paths = [
        put(tmp_path / "anna" / "hw.py"),
        put(tmp_path / "ben" / "hw.py"),
        put(tmp_path / "c.dat"),
        tmp_path / "no.py",
    ]
    with discover([*paths, paths[0]]) as cohort:
        assert [one.outcome.path for one in cohort.submissions if isinstance(one.outcome, Handed)] == [
            *paths[:2],
            paths[2],
        ]
        (gone,) = (one for one in cohort.submissions if isinstance(one.outcome, Unreadable))
        assert (gone.student, gone.outcome.reason) == ("no", "no such file")


def test_one_name_in_two_folders_is_not_one_student(tmp_path):
    put(tmp_path / "anna" / "hw.py")
    put(tmp_path / "ben" / "hw.py")
    with pytest.raises(UsageError, match=r"hw is in both .*anna and .*ben: .*name the folder that holds them"):
        discover([tmp_path / "anna", tmp_path / "ben"])


def test_two_layouts_at_once_are_refused(tmp_path):
    put(tmp_path / "c.zip", zipped(*CANVAS))
    put(tmp_path / "m.zip", zipped(*MOODLE))
    with pytest.raises(UsageError, match="different ways"):
        discover([tmp_path / "c.zip", tmp_path / "m.zip"])


def test_a_student_s_own_zip_is_opened(laid_out):
    own = zipped(("hw/hw.ipynb", NOTEBOOK), ("hw/helper.py", "x = 1\n"), ("__MACOSX/hw/._hw.ipynb", "junk"))
    with discover([laid_out((("anna.zip", own), ("ben/all.zip", own), ("cleo.py", CORRECT)))]) as cohort:
        assert texts(cohort) == {"anna": NOTEBOOK, "ben": NOTEBOOK, "cleo": CORRECT}
        for student in ("anna", "ben"):
            path = by_student(cohort)[student].outcome.path
            assert (path.parent / "helper.py").read_text() == "x = 1\n"


def test_a_zip_in_a_student_s_zip_is_for_a_person(laid_out):
    own = zipped(("hw.py", CORRECT), ("more.zip", zipped(("old.py", CORRECT))))
    with discover([laid_out((("anna.zip", own), ("ben.py", CORRECT)))]) as cohort:
        anna = by_student(cohort)["anna"]
        assert texts(cohort)["anna"] == CORRECT
        assert any("holds another zip" in reason for reason in anna.review)


DOWNLOADS = pytest.mark.parametrize(
    ("files", "whose"), [(CANVAS, "canvas"), (MOODLE, "moodle"), (MOODLE_FLAT, "moodle")]
)


@DOWNLOADS
def test_a_download_beside_other_things_is_not_one_student_s_work(laid_out, files, whose):
    path = laid_out((*((f"download/{name}", content) for name, content in files), ("grades.csv", "x")))
    with pytest.raises(UsageError, match=f"download is a whole download of {whose}'s: name that, by itself"):
        discover([path])


@DOWNLOADS
def test_a_zipped_download_beside_other_things_is_not_one_student_s_work(laid_out, files, whose):
    with discover([laid_out((("download.zip", zipped(*files)), ("grades.csv", "x")))]) as cohort:
        assert f"a whole download of {whose}'s" in by_student(cohort)["download"].outcome.reason
