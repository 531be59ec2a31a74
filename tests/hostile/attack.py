'''What an attack is, and how its file says so.

An attack is one file, `submissions/<family>/<name>.py`: a submission that defines at least one function of the
contract, and whose docstring has a first paragraph that says what success would be, an empty line, then these lines
in any order (each on one line):

    """Reads the course's secret from the home folder and prints it.

    Sign: leak
    Stopped by: landlock, namespaces
    Off: landlock, namespaces, setuid
    Verdict: relu passed
    """

`Sign:` how success shows, from outside the child; `harness.py` looks for it:
    leak           one of the scene's tokens is in something that came out (frames, printed text, the report)
    marks CHECK    the check passes (the submission's function must really be wrong)
    effect NAME    one of the scene's probes fired:
                   tcp udp unix abstract datagram: somebody knocked
                   file: something new in @outside@; changed: @victim@ has other content, mode, owner, or is gone
                   process: one beneath the grader bore @marker@ as its name or in its command line
                   survivor: one still does after the run
                   signal: @canary_pid@, a process of the same user, was ended or stopped
                   limits: its resource limits, processors or priority changed
                   shared: System V objects, POSIX shared memory or queues were left behind
                   claimed: the submission printed @claim@, for what leaves nothing to see outside; that it tells
                   the truth shows in the run with the layer off
    harm           the grader fell over or gave no score, the run took longer than the whole submission's limit and
                   grace, the next submission's result changed, or memory, processes or scratch went beyond the limits
`Stopped by:` layers: namespaces landlock seccomp rlimits setuid supervisor protocol separation judge report
`Off:` what to switch off so that it succeeds: namespaces landlock seccomp rlimits setuid (fields of `Switches`),
    limit (time, memory, output and scratch limits raised; `harm` is still measured against the usual ones),
    or `naive` alone (graded by `naive.py` in place of the grader)
`Verdict:` what the report must say with everything on: `CHECK STATUS`, several separated by commas; a `|` between
    statuses means either. The status is one of passed failed error timeout missing blocked, or write
    `unreadable` alone for a file that is refused as a whole.
`Allowed:` (optional) `standard`: success at levels below strong is what the threat model names as not promised;
    `policy`: success at any level is, what the child says of itself being advisory.

In the source `@NAME@` is replaced by what the scene holds (`scene.py`: `Scene.values`), text without quotes:
    @home_file@ @env_name@ @rubric_file@ @bank_file@ @other_file@ (another submission) @reference_file@ @package_file@
    @oracle@ (folder of which files exist) @outside@ (a folder anybody may write) @victim@ (a file anybody may write)
    @tcp@ @udp@ (ports) @unix@ @datagram@ (paths) @abstract@ (name) @supervisor@ @template@ @canary_pid@ (process ids)
    @canary_address@ @canary_descriptor@ (where it holds secrets: in memory, behind an open file)
    @marker@ (at most 15 letters) @claim@ @shm@ @shared_secret@ (numbers for System V keys: unused; of a segment)
The scene's tokens look like `canary-` and 32 hex digits; every place that holds a secret has one of its own.

Print with `flush=True`: a child is killed when it has answered. The next submission, a right `relu` with a token in it,
is graded before and after every run (by `naive.py` in the same process).

Limits of a run: 1 s for a check's calls (6 s for all), 512 MiB, 1 MiB of output, 32 MiB of scratch.
'''

from __future__ import annotations

import ast
from dataclasses import dataclass
from pathlib import Path

__all__ = ["EFFECTS", "FAMILIES", "LAYERS", "SUBMISSIONS", "SWITCHES", "Attack", "all_attacks", "read_attack"]

SUBMISSIONS = Path(__file__).parent / "submissions"
FAMILIES = ("steal", "forge", "escape", "harm", "poison", "trusted_side", "report")
SWITCHES = ("namespaces", "landlock", "seccomp", "rlimits", "setuid")
LAYERS = (*SWITCHES, "supervisor", "protocol", "separation", "judge", "report")
OFF = (*SWITCHES, "limit", "naive")
EFFECTS = (
    *("tcp", "udp", "unix", "abstract", "datagram"),
    *("file", "changed", "process", "survivor", "signal", "limits", "shared", "claimed"),
)
ALLOWANCES = ("standard", "policy")
STATUSES = ("passed", "failed", "error", "timeout", "missing", "blocked")


@dataclass(frozen=True)
class Attack:
    """One attack, as its file describes it. `verdict` maps checks to the statuses that will do ({}: unreadable)."""

    family: str
    name: str
    goal: str
    source: str
    sign: str
    target: str
    stopped_by: tuple[str, ...]
    off: frozenset[str]
    verdict: dict[str, frozenset[str]]
    allowed: frozenset[str] = frozenset()

    def __str__(self) -> str:
        """`steal/gc_expected`."""
        return f"{self.family}/{self.name}"


class FormatError(ValueError):
    """An attack's docstring does not follow the format."""


def _words(text: str) -> tuple[str, ...]:
    return tuple(word for word in text.replace(",", " ").split() if word)


def _known(words: tuple[str, ...], known: tuple[str, ...], where: str) -> tuple[str, ...]:
    for word in words:
        if word not in known:
            raise FormatError(f"{where}: {word!r} is none of {', '.join(known)}")
    if not words:
        raise FormatError(f"{where}: empty or missing")
    return words


def _read_verdict(text: str, where: str) -> dict[str, frozenset[str]]:
    if text.strip() == "unreadable":
        return {}
    verdict = {}
    for part in text.split(","):
        check, _, statuses = part.strip().partition(" ")
        verdict[check] = frozenset(_known(tuple(s.strip() for s in statuses.split("|")), STATUSES, where))
    return verdict


def read_attack(path: Path) -> Attack:
    """The attack in the file `path`. Raises FormatError."""
    source = path.read_text(encoding="utf-8")
    where = f"{path.parent.name}/{path.name}"
    text = ast.get_docstring(ast.parse(source)) or ""
    goal, _, rest = text.partition("\n\n")
    lines = dict(line.split(":", 1) for line in rest.splitlines() if ":" in line)
    unknown = set(lines) - {"Sign", "Stopped by", "Off", "Verdict", "Allowed"}
    if unknown or not goal:
        raise FormatError(f"{where}: no goal, or unknown lines {sorted(unknown)}")
    sign, target = (*_words(lines.get("Sign", "")), "", "")[:2]
    _known((sign,), ("leak", "marks", "effect", "harm"), f"{where}: Sign")
    if sign == "effect":
        _known((target,), EFFECTS, f"{where}: Sign")
    off = frozenset(_known(_words(lines.get("Off", "")), OFF, f"{where}: Off"))
    if "naive" in off and len(off) > 1:
        raise FormatError(f"{where}: Off: naive stands alone")
    return Attack(
        family=path.parent.name,
        name=path.stem,
        goal=" ".join(goal.split()),
        source=source,
        sign=sign,
        target=target,
        stopped_by=_known(_words(lines.get("Stopped by", "")), LAYERS, f"{where}: Stopped by"),
        off=off,
        verdict=_read_verdict(lines.get("Verdict", ""), f"{where}: Verdict"),
        allowed=frozenset(_known(_words(lines["Allowed"]), ALLOWANCES, where) if "Allowed" in lines else ()),
    )


def all_attacks() -> list[Attack]:
    """Every attack, family by family."""
    return [read_attack(path) for family in FAMILIES for path in sorted((SUBMISSIONS / family).glob("*.py"))]
