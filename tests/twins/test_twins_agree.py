"""The twins are right: every function of every one agrees with the truth, so a mark taken from one is a false mark."""

from pathlib import Path

import pytest

import corpora

SUBMISSIONS = sorted((Path(__file__).parent / "submissions").iterdir())


@pytest.mark.parametrize("path", SUBMISSIONS, ids=lambda path: path.name)
def test_a_twin_agrees_with_the_truth_in_every_check(path: Path):
    with corpora.quiet():
        failing = corpora.failing(corpora.load(path))
    assert failing == {}


def test_there_are_many_twins_and_notebooks_among_them():
    assert len(SUBMISSIONS) >= 40
    assert sum(path.suffix == ".ipynb" for path in SUBMISSIONS) >= 4


@pytest.mark.parametrize("word", ["autograd", ".backward(", "torch.func"])
def test_no_twin_takes_its_gradient_by_autograd(word: str):
    assert [path.name for path in SUBMISSIONS if word.encode() in path.read_bytes()] == []


def test_two_twins_are_kept_in_the_bytes_that_make_them_odd():
    written = {path.stem: path.read_bytes() for path in SUBMISSIONS}
    assert written["bom_crlf"].startswith(b"\xef\xbb\xbf")
    assert b"\n" not in written["bom_crlf"].replace(b"\r\n", b"")
    with pytest.raises(UnicodeDecodeError):
        written["windows_1252"].decode("utf-8")
