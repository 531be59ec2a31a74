"""Attacks on the trusted side: files, names and settings around a submission that our own processes might fall for."""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

from scenes.stage import RIGHT, WRONG, Ran, Seen, Stage, Staged

from grader.cases.bank import decode_bank, encode_bank

__all__ = ["SCENES"]

JSON = ("--format", "json")
_MODULES = (
    *("json", "torch", "numpy", "click", "rich", "hypothesis", "tomllib", "traceback", "fractions", "subprocess"),
    *("conftest", "sitecustomize", "usercustomize", "reference", "inside", "secrets", "typing_extensions", "ctypes"),
)
_SLOW_S = 15.0  # on a busy machine


def _ended(ran: Ran) -> str:
    """How a command ended, in words: `graded 100.0`, `unreadable`, or its exit status."""
    if ran.code is None:
        return "killed: it did not end"
    if b"Traceback" in ran.err:
        return "traceback"
    if not ran.results:
        return f"exit {ran.code}"
    return ", ".join(_one(result) for result in ran.results)


def _one(result: dict[str, object]) -> str:
    return f"graded {result['score']}" if result["outcome"] == "graded" else str(result["outcome"])


def _seen(stage: Stage, ran: Ran, *signs: str) -> Seen:
    leaks = ["leaked the token"] if stage.token.encode() in ran.out + ran.err else []
    return Seen((*stage.sprung, *leaks, *signs), _ended(ran))


# ---------------------------------------------------------------------------- names of modules
def _shadows(stage: Stage) -> None:
    stage.submission()
    stage.trap(*(f"{name}.py" for name in _MODULES))


def _shadows_on(stage: Stage, *, module: bool) -> Seen:
    _shadows(stage)
    return _seen(stage, stage.grade("hw.py", *JSON, module=module))


def _shadows_off(stage: Stage) -> Seen:
    _shadows(stage)
    return _seen(stage, stage.python("import json, reference"))


def _package_on(stage: Stage) -> Seen:
    """A folder `grader` beside the submission. (Only `python -m grader` would take it for this package.)"""
    stage.submission()
    stage.trap("grader/__init__.py", "grader/cli.py", "grader/__main__.py", "reference/__init__.py")
    return _seen(stage, stage.grade("hw.py", *JSON))


def _package_off(stage: Stage) -> Seen:
    stage.trap("grader/__init__.py", "grader/__main__.py")
    return _seen(stage, stage.run([sys.executable, "-m", "grader", "--version"], within_s=20, PYTHONPATH=""))


def _variables(stage: Stage) -> dict[str, str]:
    _shadows(stage)
    return {
        "PYTHONPATH": os.pathsep.join(["", str(stage.work)]),
        "PYTHONSTARTUP": str(stage.work / "json.py"),
        "PYTHONINSPECT": "1",
        "PYTHONWARNINGS": "error",
        "PYTHONBREAKPOINT": "json.breakpoint",
        "PYTHONUSERBASE": str(stage.work),
    }


def _variables_on(stage: Stage) -> Seen:
    variables = _variables(stage)
    isolated = [sys.executable, "-I", "-m", "grader", "grade", "hw.py", *JSON]
    return _seen(stage, stage.run(isolated, within_s=60, **variables))


def _variables_off(stage: Stage) -> Seen:
    return _seen(stage, stage.python("import json", **_variables(stage)))


def _template_on(stage: Stage) -> Seen:
    """The same variables, but for the path, in the environment of the plain command: neither process heeds them."""
    variables = _variables(stage)
    kept = {name: value for name, value in variables.items() if name not in ("PYTHONPATH", "PYTHONINSPECT")}
    return _seen(stage, stage.grade("hw.py", *JSON, **kept))


def _template_off(stage: Stage) -> Seen:
    return _seen(stage, stage.run([sys.executable, "-i"], within_s=20, **_variables(stage)))


def _pth(stage: Stage) -> None:
    stage.submission()
    line = f"import pathlib; pathlib.Path({str(stage.mark)!r}).write_text('pth')\n"
    for name in ("evil.pth", "distutils-precedence.pth", "__editable__.grader.pth"):
        (stage.work / name).write_text(line, encoding="ascii")


def _pth_on(stage: Stage) -> Seen:
    _pth(stage)
    return _seen(stage, stage.grade("hw.py", *JSON, PYTHONUSERBASE=str(stage.work)))


def _pth_off(stage: Stage) -> Seen:
    _pth(stage)
    return _seen(stage, stage.python("import site; site.addsitedir('.'); exec(open('hw.py').read())"))


# ---------------------------------------------------------------------------- rubric
_NAIVE_RUBRIC = """
import sys, tomllib
from fractions import Fraction
data = tomllib.loads(open(sys.argv[1]).read())
print(sum(Fraction(str(value)) for value in data["points"].values()) > 0)
"""
_RUBRICS = {
    "nested": "x = " + "[" * 400_000,
    "exponent": "[points]\nrelu = 1e50000000\n",
    "digits": "[points]\nrelu = " + "9" * 900_000 + "\n",
    "hex": "seed = 0x" + "f" * 900_000 + "\n",
    "names": "[points]\n" + ".".join("a" * 60_000) + " = 1\n",
    "keys": "[points]\n" + "".join(f"k{n} = 1\n" for n in range(60_000)),
    "path": "seed = '../../../../etc/passwd'\n",
    "escape": '[points]\n"\\u001b[2J\\u202e" = 1\n',
}


def _rubrics_on(stage: Stage) -> Seen:
    """Each is refused in one clean line, exit status 2, in a moment."""
    stage.submission()
    signs = []
    for name, text in _RUBRICS.items():
        path = stage.work / "rubric.toml"
        path.write_text(text, encoding="utf-8")
        ran = stage.grade("hw.py", "--rubric", "rubric.toml", *JSON, within_s=2 * _SLOW_S)
        lines = ran.err.decode("utf-8", "replace").splitlines()
        if ran.code != 2 or ran.out or len(lines) != 1 or ran.wall_s > _SLOW_S or b"\x1b" in ran.err:
            signs.append(f"{name}: exit {ran.code} in {ran.wall_s:.1f} s, {len(lines)} lines, {ran.err[:80]!r}")
    return Seen(tuple(signs), "refused" if not signs else "not refused")


def _rubrics_off(stage: Stage) -> Seen:
    path = stage.work / "rubric.toml"
    path.write_text(_RUBRICS["nested"], encoding="utf-8")
    ran = stage.python(_NAIVE_RUBRIC, "rubric.toml")
    return Seen(("fell over: " + ran.err[-60:].decode("utf-8", "replace"),) if ran.code else (), _ended(ran))


# ---------------------------------------------------------------------------- cache and bank
_TRUSTING = """
import sys
from pathlib import Path
import grader.cases.cache as cache
cache.read_own = Path.read_bytes
from grader.cli import grade_main
sys.exit(grade_main())
"""


def _poison(stage: Stage) -> bytes:
    """A bank that is sound by its own hash, and calls whatever is answered right."""
    body = encode_bank(decode_bank(stage.bank.read_bytes())).partition(b"\n")[2].removesuffix(b"\n")
    content = json.loads(body)
    for properties in content["checks"].values():
        for cases in properties.values():
            for _, parts in cases:
                for part in parts:
                    if part is not None:
                        part[2] = [1e30] * len(part[2])
    body = json.dumps(content, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()
    return f"bptt-grader-bank/1 {hashlib.sha256(body).hexdigest()}\n".encode() + body + b"\n"


def _plant_writable(stage: Stage, data: bytes) -> None:
    """Others could have written it."""
    path = stage.bank
    path.write_bytes(data)
    path.chmod(0o666)


def _plant_link(stage: Stage, data: bytes) -> None:
    path, elsewhere = stage.bank, stage.outside / "elsewhere.bank"
    elsewhere.write_bytes(data)
    path.unlink()
    path.symlink_to(elsewhere)


def _plant_foreign(stage: Stage, data: bytes) -> None:
    """In a folder that anybody may write lies somebody else's file. (Only root can arrange that: else a link to it.)"""
    path = stage.bank
    stage.cache.chmod(0o777)
    path.unlink()
    path.write_bytes(data)
    if os.getuid() == 0:
        os.chown(path, 12_346, 12_346)
    else:
        _plant_writable_again(path)


def _plant_writable_again(path: Path) -> None:
    path.chmod(0o602)


_PLANTS = {"writable": _plant_writable, "link": _plant_link, "foreign": _plant_foreign}


def _poisoned(stage: Stage, how: str, *, believe: bool) -> Seen:
    stage.warm()
    stage.submission(source=WRONG)
    _PLANTS[how](stage, _poison(stage))
    ran = stage.python(_TRUSTING, "hw.py", *JSON, within_s=60) if believe else stage.grade("hw.py", *JSON)
    full = [result for result in ran.results if result["score"] == 100.0]
    return _seen(stage, ran, *(["full marks for a wrong submission"] if full else []))


class _Bomb:
    def __init__(self, mark: str) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[object, ...]:
        return open, (self.mark, "w")


def _pickles(stage: Stage) -> bytes:
    stage.warm()
    stage.submission(source=WRONG)
    data = pickle.dumps(_Bomb(str(stage.mark)))
    for path in stage.cache.iterdir():
        path.write_bytes(data)
    return data


def _pickled(stage: Stage, ran: Ran) -> Seen:
    fired = ["the pickle was executed"] if stage.mark.exists() else []
    return Seen(tuple(fired), _ended(ran))


def _pickle_on(stage: Stage) -> Seen:
    data = _pickles(stage)
    (stage.work / "frozen.bank").write_bytes(data)
    refused = stage.grade("hw.py", *JSON, "--bank", "frozen.bank")
    ran = stage.grade("hw.py", *JSON)
    return _pickled(stage, ran if refused.code == 3 else refused)


def _pickle_off(stage: Stage) -> Seen:
    _pickles(stage)
    code = "import pickle, sys; pickle.load(open(sys.argv[1], 'rb'))"
    return _pickled(stage, stage.python(code, str(next(stage.cache.iterdir()))))


# ---------------------------------------------------------------------------- what is no plain file
_NAIVE_READ = "import sys; text = open(sys.argv[1], 'rb').read(); print(len(text), text[:200])"


def _special(stage: Stage) -> list[str]:
    os.mkfifo(stage.work / "pipe.py")
    with open(stage.work / "huge.py", "wb") as file:  # noqa: PTH123 - truncated to a size it does not have
        file.truncate(1 << 42)
    (stage.work / "loop.py").symlink_to("loop.py")
    (stage.work / "zero.py").symlink_to("/dev/zero")
    (stage.work / "folder.py").mkdir()
    return ["pipe.py", "huge.py", "loop.py", "zero.py"]


def _special_on(stage: Stage) -> Seen:
    names = _special(stage)
    signs = []
    for name in names:
        ran = stage.grade(name, *JSON, within_s=2 * _SLOW_S)
        if ran.code != 2 or ran.wall_s > _SLOW_S or b"Traceback" in ran.err:
            signs.append(f"{name}: exit {ran.code} after {ran.wall_s:.1f} s: {ran.err[:100]!r}")
    return Seen(tuple(signs), "refused" if not signs else "not refused")


def _special_off(stage: Stage) -> Seen:
    _special(stage)
    limit = "import resource; resource.setrlimit(resource.RLIMIT_AS, (1 << 31, 1 << 31)); "
    hangs = stage.python(_NAIVE_READ, "pipe.py", within_s=3)
    falls = stage.python(limit + _NAIVE_READ, "huge.py", within_s=20)
    signs = [*(["hangs"] if hangs.code is None else []), *(["no memory left"] if falls.code else [])]
    return Seen(tuple(signs) if len(signs) == 2 else (), "read")


def _secret_link(stage: Stage) -> None:
    """A link to a secret, among the submissions of a folder."""
    secret = stage.outside / "secret.py"
    secret.write_text(f"print('{stage.token}')\nrule = '{stage.token}'\n{stage.token} !\n", encoding="ascii")
    folder = stage.work / "all"
    folder.mkdir()
    shutil.copyfile(RIGHT, folder / "anna.py")
    (folder / "eve.py").symlink_to(secret)
    (folder / "mallory.ipynb").symlink_to("/etc/passwd")


def _secret_on(stage: Stage) -> Seen:
    _secret_link(stage)
    return _seen(stage, stage.grade("all", *JSON))


def _secret_off(stage: Stage) -> Seen:
    _secret_link(stage)
    return _seen(stage, stage.python(_NAIVE_READ, "all/eve.py"))


_THIEF = "from {name} import *\ntry:\n    from {name} import {names}\nexcept Exception: pass\n"
_NAMES = "relu, relu_derivative, count_targets, forward, bptt_gradients, train, predict_counts"


def _companion_link(stage: Stage) -> None:
    """`solution.py` beside the submission leads to another student's file, `words.py` to a secret."""
    other = stage.outside / "anna.py"
    shutil.copyfile(RIGHT, other)
    secret = stage.outside / "secret"
    secret.write_text(f"relu = '{stage.token}'\nraise SystemExit(relu)\n", encoding="ascii")
    (stage.work / "solution.py").symlink_to(other)
    (stage.work / "words.py").symlink_to(secret)
    (stage.work / "hw.py").write_text(
        _THIEF.format(name="words", names="relu") + _THIEF.format(name="solution", names=_NAMES), encoding="ascii"
    )


def _companion_on(stage: Stage) -> Seen:
    _companion_link(stage)
    ran = stage.grade("hw.py", *JSON)
    stolen = [result for result in ran.results if result["score"]]
    return _seen(stage, ran, *(["marks for another's work"] if stolen else []))


def _companion_off(stage: Stage) -> Seen:
    _companion_link(stage)
    code = "import torch\nfrom solution import relu\nprint(float(relu(torch.ones(()))))"
    ran = stage.python(code)
    return Seen(("marks for another's work",) if ran.out == b"1.0\n" else (), _ended(ran))


# ---------------------------------------------------------------------------- a file that changes
_SWAPPER = """
import os, sys, time
right, wrong, target = sys.argv[1:]
texts = [open(path, "rb").read() for path in (right, wrong)]
while True:
    for text in texts:
        with open(target + ".new", "wb") as file: file.write(text)
        os.replace(target + ".new", target)
        time.sleep(0.0005)
"""
_NAIVE_HASH = """
import hashlib, time
for _ in range(200):
    first = hashlib.sha256(open("hw.py", "rb").read()).hexdigest()
    time.sleep(0.0007)
    if hashlib.sha256(open("hw.py", "rb").read()).hexdigest() != first:
        print("graded is not what was hashed")
        break
"""


def _while_swapped(stage: Stage, act: object) -> Ran:
    target = stage.submission()
    command = [sys.executable, "-I", "-S", "-c", _SWAPPER, str(RIGHT), str(WRONG), str(target)]
    swapper = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    try:
        return act()  # type: ignore[operator]
    finally:
        swapper.send_signal(signal.SIGKILL)
        swapper.wait()


def _changing_on(stage: Stage) -> Seen:
    """Whatever is read is read once: the mark belongs to the bytes whose hash is given."""
    marks = {hashlib.sha256(RIGHT.read_bytes()).hexdigest(): 100.0}
    ran = _while_swapped(stage, lambda: stage.grade("hw.py", "hw.py", "hw.py", "hw.py", *JSON))
    signs = []
    for result in ran.results:
        full = marks.get(result["submission"]["sha256"], 0.0) == 100.0
        if (result["score"] == 100.0) != full or result["outcome"] != "graded":
            signs.append(f"{result['submission']['sha256'][:8]} was given {result['score']}, {result['outcome']}")
    return Seen(tuple(signs), "graded" if len(ran.results) == 4 else _ended(ran))


def _changing_off(stage: Stage) -> Seen:
    ran = _while_swapped(stage, lambda: stage.python(_NAIVE_HASH))
    return Seen(("not what was hashed",) if b"not what was hashed" in ran.out else (), _ended(ran))


# ---------------------------------------------------------------------------- names of files
_FILE_NAMES: tuple[bytes, ...] = (
    b"a\nb: 100 of 100 points, passed.py",
    b"--exit-zero.py",
    b"-q.py",
    b"\xff\xfe\xed\xa0\x80.py",
    b"\x1b[2J\x1b]0;title\x07.py",
    "\u202egnp.\u2066.py".encode(),
    b"=HYPERLINK(1).py",
    b"$(touch mark)`touch mark`;touch mark.py",
    b"n" * 240 + b".py",
    b"<img src=x onerror=alert(1)>.py",
    b"%s%n{0.__class__}.py",
)
_CONTROLS = frozenset(set(range(32)) - {10} | {127})


def _named(stage: Stage) -> list[bytes]:
    for name in _FILE_NAMES:
        with open(os.fsencode(stage.work) + b"/" + name, "wb") as file:  # noqa: PTH123 - names that are no text
            file.write(b"def relu(S):\n    return (abs(S) + S) / 2\n")
    return list(_FILE_NAMES)


def _names_on(stage: Stage) -> Seen:
    """In a folder, and given one by one after `--`: a line for each, and nothing but text in it."""
    names = _named(stage)
    signs = []
    runs = [stage.grade("."), stage.grade("--", *names), stage.grade(".", *JSON)]
    for ran in runs:
        text = (ran.out + ran.err).decode("utf-8", "strict")
        if any(byte in _CONTROLS for byte in text.encode()) or "\u202e" in text:
            signs.append("control characters in the output")
        if ran.code != 1:
            signs.append(f"exit {ran.code}: {ran.err[:100]!r}")
    lines = [line for line in runs[0].out.decode().splitlines() if " of 100 points, below the pass mark" in line]
    if len(lines) != len(names) or len(runs[2].results) != len(names):
        signs.append(f"{len(lines)} lines and {len(runs[2].results)} results for {len(names)} submissions")
    if (stage.work / "mark").exists():
        signs.append("a name was executed")
    return Seen(tuple(signs), "graded" if not signs else "odd")


def _names_off(stage: Stage) -> Seen:
    _named(stage)
    ran = stage.python("import os\nfor name in os.listdir(): print(f'{name}: 0 of 100 points, failed')")
    lines = ran.out.splitlines()
    forged = any(line.endswith(b"100 of 100 points, passed.py: 0 of 100 points, failed") for line in lines)
    return Seen(("a forged line, or a crash",) if forged or ran.code else (), _ended(ran))


def _scene(name: str, goal: str, stopped_by: tuple[str, ...], ended: str, **halves: object) -> Staged:
    return Staged("trusted_side", name, goal, stopped_by, ended, halves["on"], halves["off"])  # type: ignore[arg-type]


_SEPARATE = ("separation",)
SCENES: tuple[Staged, ...] = (
    _scene(
        "shadowed_modules",
        "Files named like modules are imported by the command `grade`.",
        _SEPARATE,
        "graded 100.0",
        on=partial(_shadows_on, module=False),
        off=_shadows_off,
    ),
    _scene(
        "shadowed_modules_m",
        "Files named like modules are imported by `python -m grader`, which has the current folder on its path.",
        _SEPARATE,
        "graded 100.0",
        on=partial(_shadows_on, module=True),
        off=_shadows_off,
    ),
    _scene(
        "package_beside",
        "Folders named grader and reference beside the submission are taken for ours.",
        _SEPARATE,
        "graded 100.0",
        on=_package_on,
        off=_package_off,
    ),
    _scene(
        "python_variables",
        "PYTHONPATH and others lead `python -I -m grader` into the folder.",
        _SEPARATE,
        "graded 100.0",
        on=_variables_on,
        off=_variables_off,
    ),
    _scene(
        "startup_variables",
        "PYTHONSTARTUP, PYTHONUSERBASE, PYTHONWARNINGS and PYTHONBREAKPOINT reach the command or its template.",
        _SEPARATE,
        "graded 100.0",
        on=_template_on,
        off=_template_off,
    ),
    _scene("pth_files", "A .pth file in the folder is executed.", _SEPARATE, "graded 100.0", on=_pth_on, off=_pth_off),
    _scene(
        "rubric_bombs",
        "A rubric makes the grader hang, fall over, or print escapes.",
        ("supervisor",),
        "refused",
        on=_rubrics_on,
        off=_rubrics_off,
    ),
    *(
        _scene(
            f"cache_{how}",
            f"A poisoned bank in the cache ({how}) gives a wrong submission full marks.",
            _SEPARATE,
            "graded 95.83",
            on=partial(_poisoned, how=how, believe=False),
            off=partial(_poisoned, how=how, believe=True),
        )
        for how in _PLANTS
    ),
    _scene(
        "cache_pickle",
        "A pickle in the cache, or given as a bank, is loaded.",
        ("protocol",),
        "graded 95.83",
        on=_pickle_on,
        off=_pickle_off,
    ),
    _scene(
        "special_files",
        "A pipe, a device, a huge sparse file or a loop of links hangs or fills the grader.",
        ("supervisor",),
        "refused",
        on=_special_on,
        off=_special_off,
    ),
    _scene(
        "link_to_a_secret",
        "A link among the submissions has a secret graded, and shown in the report.",
        _SEPARATE,
        "graded 100.0",
        on=_secret_on,
        off=_secret_off,
    ),
    _scene(
        "companion_link",
        "A companion that is a link brings another student's file, or a secret, into the child.",
        _SEPARATE,
        "graded 0.0",
        on=_companion_on,
        off=_companion_off,
    ),
    _scene(
        "changing_file",
        "A file that changes while it is read is given the mark of other bytes than those whose hash is kept.",
        ("supervisor",),
        "graded",
        on=_changing_on,
        off=_changing_off,
    ),
    _scene(
        "file_names",
        "A file's name is read as an option, executed, or forges a line of the output.",
        ("report",),
        "graded",
        on=_names_on,
        off=_names_off,
    ),
)
