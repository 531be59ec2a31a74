"""The bank of cases: what it holds, that it is always the same, and how it lies on disk."""

from __future__ import annotations

import hashlib
import json
import os
import stat
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

from grader.cases import PUBLIC_SEED, default_cache_dir, export_bank, import_bank, load_or_build
from grader.cases.anchors import RISING
from grader.cases.bank import WITHOUT_CASES, decode_bank, encode_bank
from grader.cases.oracle import in_domain
from grader.contract import CHECKS
from grader.errors import BankError
from reference import rnn


@pytest.fixture(scope="module")
def bank():
    return load_or_build(PUBLIC_SEED)


def numbers(bank, check, name):
    return next(group.cases for group in bank[check].properties if group.name == name)


# ---------------------------------------------------------------------------- contents
def test_every_property_has_cases_in_the_contract_s_order(bank):
    for spec, cases in zip(CHECKS, bank.checks, strict=True):
        expected = [prop.name for prop in spec.properties if prop.name not in WITHOUT_CASES]
        assert [group.name for group in cases.properties] == expected
        assert all(group.cases for group in cases.properties)


def test_arguments_and_parts_fit_the_contract(bank):
    for spec in CHECKS:
        for _, case in bank[spec.name]:
            assert len(case.args) == len(spec.parameters)
            assert len(case.parts) == len(spec.returns)
            for arg in case.args:
                assert isinstance(arg, (float, int)) or arg.dtype == np.float32
            for name, arg in zip(spec.parameters, case.args, strict=True):
                if name == "X":
                    assert set(arg.ravel()) <= {0.0, 1.0}
                    assert min(arg.shape) >= 1
            assert any(part is not None for part in case.parts)


def test_no_float32_mask_is_in_doubt_except_where_kinks_are_asked(bank):
    for check in ("forward", "bptt_gradients", "train", "predict_counts"):
        for name, case in bank[check]:
            if name not in {"kinks", "zero_weights"} and not same(case.args, RISING):
                assert in_domain(check, case.args), (check, name, case.args)


def same(args, others):
    return len(args) == len(others) and all(map(np.array_equal, args, others))


def test_the_training_whose_loss_rises_is_exact_in_float32(bank):
    (case,) = [case for _, case in bank["train"] if same(case.args, RISING)]
    tensors = [torch.as_tensor(arg) for arg in RISING[:4]]
    Wxs, Wrec, losses = rnn.train(*tensors, *RISING[4:])
    assert (float(Wxs), float(Wrec)) == (case.parts[0].low, case.parts[1].low) == (-0.6875, 0.75)
    assert losses[0] < losses[1]


def test_only_kinks_accept_an_interval(bank):
    wide = {
        name
        for check in bank.checks
        for name, case in check
        if any(part is not None and (part.low < part.high).any() for part in case.parts)
    }
    assert wide == {"kinks"}


def test_gradients_are_asked_often_enough_and_rarely_zero(bank):
    cases = [case for name, case in bank["bptt_gradients"] if name not in {"kinks", "dead_units", "repeatable"}]
    assert len({b"".join(np.asarray(arg).tobytes() for arg in case.args) for case in cases}) >= 40
    telling = [case for case in cases if abs(case.parts[0].low) > 8 * case.parts[0].tolerance]
    assert len(telling) >= 0.8 * len(cases)


def test_the_whole_bank_stays_cheap_to_answer(bank):
    assert 250 <= sum(1 for check in bank.checks for _ in check) <= 350
    assert sum(case.args[5] for _, case in bank["train"]) <= 400


def test_the_first_case_of_a_property_is_small_enough_to_trace(bank):
    for check in bank.checks:
        for group in check.properties:
            if group.name not in {"long_sequences", "repeatable"}:
                assert group.cases[0].args[0].size <= 4, (check.name, group.name)


def test_counts_never_lie_near_a_half(bank):
    for name, (X, Wxs, Wrec) in ((name, case.args) for name, case in bank["predict_counts"]):
        y = np.zeros(X.shape[1])
        for x in X.astype(np.float64):
            y = np.maximum(float(Wxs) * x + float(Wrec) * y, 0)
            assert (np.abs(y % 1 - 0.5) >= 0.02).all(), name


def test_a_teacher_is_found_that_is_not_the_exercise_s(bank):
    for case in numbers(bank, "train", "recovers_teacher"):
        X, T, Wxs, Wrec = case.args[:4]

        def error(Wxs, Wrec, X=X, T=T):
            y, total = np.zeros(X.shape[1]), 0.0
            for x, t in zip(X.astype(float), T.astype(float), strict=True):
                y = np.maximum(Wxs * x + Wrec * y, 0)
                total += float(((y - t) ** 2).sum())
            return total

        found = error(float(case.parts[0].low), float(case.parts[1].low))
        assert found < 0.1 * error(float(Wxs), float(Wrec))
        assert error(1.0, 1.0) > 0.1


# ---------------------------------------------------------------------------- identity
def test_bytes_survive_reading_and_writing(bank):
    data = encode_bank(bank)
    read = decode_bank(data)
    assert encode_bank(read) == data
    assert read.sha256 == bank.sha256 == hashlib.sha256(data.split(b"\n")[1]).hexdigest()


# ---------------------------------------------------------------------------- files
def resealed(bank, change):
    """The bank's bytes after `change` of its JSON, under a hash that fits."""
    content = json.loads(encode_bank(bank).split(b"\n")[1])
    change(content)
    body = json.dumps(content).encode()
    return b"bptt-grader-bank/1 " + hashlib.sha256(body).hexdigest().encode() + b"\n" + body


def first_case(content):
    return content["checks"]["bptt_gradients"]["kinks"][0]


CORRUPTIONS = {
    "no relu": lambda c: c["checks"].pop("relu"),
    "strange check": lambda c: c["checks"].update(relu6=c["checks"]["relu"]),
    "property without cases": lambda c: c["checks"]["relu"].update(shapes=[]),
    "strange property": lambda c: c["checks"]["relu"].update(extra=c["checks"]["relu"]["shapes"]),
    "extra key": lambda c: c.update(code="import os"),
    "seed a number": lambda c: c.update(seed=3),
    "too few arguments": lambda c: first_case(c)[0].pop(),
    "too few parts": lambda c: first_case(c)[1].pop(),
    "argument a string": lambda c: first_case(c)[0].__setitem__(2, "1.0"),
    "argument a bool": lambda c: first_case(c)[0].__setitem__(2, bool(1)),
    "entry an integer": lambda c: first_case(c)[0].__setitem__(2, [[], [1]]),
    "entry no float32": lambda c: first_case(c)[0].__setitem__(2, [[], [0.1]]),
    "entry infinite": lambda c: first_case(c)[0].__setitem__(2, [[], [1e999]]),
    "entry NaN": lambda c: first_case(c)[0].__setitem__(2, [[], [float("nan")]]),
    "shape too large": lambda c: first_case(c)[0].__setitem__(2, [[10**6, 10**6], [1.0]]),
    "shape negative": lambda c: first_case(c)[0].__setitem__(2, [[-1], [1.0]]),
    "low above high": lambda c: first_case(c)[1].__setitem__(0, [[], [1.0], [0.0], [0.5]]),
    "tolerance negative": lambda c: first_case(c)[1].__setitem__(0, [[], [1.0], [-1.0]]),
}


@pytest.mark.parametrize("name", CORRUPTIONS)
def test_a_file_that_is_no_bank_is_refused(name, bank, tmp_path):
    path = tmp_path / "course.bank"
    path.write_bytes(resealed(bank, CORRUPTIONS[name]))
    with pytest.raises(BankError, match=r"course\.bank: not a case bank"):
        import_bank(path)


@pytest.mark.parametrize(
    "data", [b"", b"\x80\x04junk", b"bptt-grader-bank/1 0\n{}", b"bptt-grader-bank/2 0\n{}", b"[" * 99999]
)
def test_a_file_of_something_else_is_refused(data, tmp_path):
    path = tmp_path / "course.bank"
    path.write_bytes(data)
    with pytest.raises(BankError, match=r"course\.bank"):
        import_bank(path)


def test_deeply_nested_json_is_refused(tmp_path):
    body = b"[" * 100_000
    path = tmp_path / "deep.bank"
    path.write_bytes(b"bptt-grader-bank/1 " + hashlib.sha256(body).hexdigest().encode() + b"\n" + body)
    with pytest.raises(BankError, match=r"deep\.bank"):
        import_bank(path)


def test_an_exported_bank_comes_back_whole(bank, tmp_path):
    path = tmp_path / "course.bank"
    export_bank(bank, path)
    assert encode_bank(import_bank(path)) == encode_bank(bank)


def test_a_path_that_cannot_be_used_is_named(bank, tmp_path):
    with pytest.raises(BankError, match="missing"):
        import_bank(tmp_path / "missing")
    with pytest.raises(BankError, match="nowhere"):
        export_bank(bank, tmp_path / "nowhere" / "course.bank")


# ---------------------------------------------------------------------------- cache
@pytest.fixture
def builds(bank, monkeypatch):
    """Counts builds, and makes them instant."""
    made = []

    def build(seed):
        made.append(seed)
        return bank

    monkeypatch.setattr("grader.cases.build.build_bank", build)
    return made


def test_a_bank_is_built_once_and_kept_private(bank, builds, tmp_path):
    folder = tmp_path / "cache"
    first = load_or_build(PUBLIC_SEED, folder)
    second = load_or_build(PUBLIC_SEED, folder)
    assert builds == [PUBLIC_SEED]
    assert encode_bank(first) == encode_bank(second) == encode_bank(bank)
    (file,) = folder.iterdir()
    if os.name == "posix":
        assert stat.S_IMODE(file.stat().st_mode) == 0o600
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700


@pytest.mark.parametrize("damage", [lambda d: d[:-500], lambda d: d.replace(b"0.5", b"0.6", 1), lambda _: b""])
def test_a_corrupt_cache_is_rebuilt(damage, builds, tmp_path):
    load_or_build(PUBLIC_SEED, tmp_path)
    (file,) = tmp_path.iterdir()
    file.write_bytes(damage(file.read_bytes()))
    load_or_build(PUBLIC_SEED, tmp_path)
    load_or_build(PUBLIC_SEED, tmp_path)
    assert len(builds) == 2


def test_a_bank_of_another_seed_under_this_name_is_not_believed(builds, tmp_path):
    load_or_build(PUBLIC_SEED, tmp_path)
    load_or_build("secret", tmp_path)  # the double builds the public bank: what lies there has the wrong seed
    load_or_build("secret", tmp_path)
    assert builds == [PUBLIC_SEED, "secret", "secret"]


@pytest.mark.skipif(os.name != "posix", reason="file modes")
def test_a_file_that_others_could_have_written_is_not_believed(builds, tmp_path):
    load_or_build(PUBLIC_SEED, tmp_path)
    (file,) = tmp_path.iterdir()
    file.chmod(0o666)
    load_or_build(PUBLIC_SEED, tmp_path)
    assert len(builds) == 2


def test_a_cache_that_cannot_be_written_only_costs_time(builds, tmp_path):
    (tmp_path / "file").write_text("in the way")
    assert load_or_build(PUBLIC_SEED, tmp_path / "file" / "cache").public
    assert len(builds) == 1


def test_a_source_that_makes_cases_decides_the_name(builds, tmp_path, monkeypatch):
    load_or_build(PUBLIC_SEED, tmp_path)
    changed = tmp_path / "strategies.py"
    changed.write_text("# another way to draw")
    monkeypatch.setattr("grader.cases.cache._SOURCES", (changed,))
    load_or_build(PUBLIC_SEED, tmp_path)
    assert len(builds) == 2


def test_processes_that_build_a_bank_at_once_get_the_same_bytes_and_leave_nothing_else(bank, tmp_path):
    cache, here = tmp_path / "cache", tmp_path / "here"
    here.mkdir()
    code = (
        "from pathlib import Path; from grader.cases import load_or_build;"
        f"bank = load_or_build('0123456789abcdef', Path({str(cache)!r})); print(bank.sha256, bank.public)"
    )
    both = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=here) for _ in range(2)]
    first, second = (process.communicate()[0].split() for process in both)
    (file,) = cache.iterdir()
    assert first == second == [decode_bank(file.read_bytes()).sha256.encode(), b"False"]
    assert first[0].decode() != bank.sha256  # another seed, another bank
    assert bank.public
    assert list(here.iterdir()) == []


def test_loading_a_cached_bank_imports_neither_hypothesis_nor_torch_nor_the_solution(bank, builds, tmp_path):
    load_or_build(PUBLIC_SEED, tmp_path)
    assert builds
    code = (
        "import sys; from pathlib import Path; from grader.cases import load_or_build;"
        f"print(load_or_build('public', Path({str(tmp_path)!r})).sha256);"
        "print(sorted({'hypothesis', 'torch', 'reference'} & set(sys.modules)))"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.split("\n")[:2] == [bank.sha256, "[]"]


@pytest.mark.parametrize(
    ("platform", "environ", "expected"),
    [
        ("linux", {"XDG_CACHE_HOME": "/x"}, "/x/bptt-grader"),
        ("linux", {"XDG_CACHE_HOME": "relative"}, "~/.cache/bptt-grader"),
        ("linux", {}, "~/.cache/bptt-grader"),
        ("darwin", {"XDG_CACHE_HOME": "/x"}, "~/Library/Caches/bptt-grader"),
        ("win32", {"LOCALAPPDATA": "/local"}, "/local/bptt-grader"),
        ("win32", {}, "~/AppData/Local/bptt-grader"),
    ],
)
def test_the_cache_lies_where_the_platform_keeps_caches(platform, environ, expected):
    assert default_cache_dir(environ, platform) == Path(expected).expanduser()
