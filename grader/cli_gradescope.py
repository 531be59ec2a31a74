"""`grader pack gradescope` and `grader emulate gradescope`."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from grader.cli_options import RUBRIC
from grader.cli_output import check_target, say
from grader.errors import GraderError, UsageError
from grader.report.clean import clean

if TYPE_CHECKING:
    from grader.packs.emulate_gradescope import Emulated
    from grader.result import Feedback

__all__ = ["emulate_command", "pack_command"]

_FILE = click.Path(path_type=Path)


@click.command("gradescope")
@click.option("-o", "out", required=True, type=_FILE, metavar="ZIP", help="The archive to upload.")
@RUBRIC
@click.option("--seed", metavar="N", help="The course's seed, where the rubric says none. Never the public one.")
@click.option("--bank", type=_FILE, metavar="FILE", help="Cases that `grader bank export` froze.")
@click.option(
    "--feedback",
    type=click.Choice(["score", "verdict", "example", "trace"]),
    help="What students see. Default: the rubric's before_due.",
)
@click.option(
    "--time-limit",
    type=float,
    default=480,
    metavar="SECONDS",
    help="For one submission from start to end; the platform's own is 600 unless set there. Default: 480.",
)
def pack_command(
    *,
    out: Path,
    rubric: Path | None,
    seed: str | None,
    bank: Path | None,
    feedback: Feedback | None,
    time_limit: float,
) -> None:
    """Pack the grader, the course's rubric and its cases as Gradescope installs them. Needs no network."""
    from grader.atomic import write_atomically
    from grader.packs.gradescope import pack_gradescope

    check_target(out, [str(path) for path in (rubric, bank) if path])
    packed = pack_gradescope(rubric=rubric, seed=seed, bank=bank, feedback=feedback, limit_s=time_limit)
    try:
        write_atomically(out, packed.content)
    except OSError as error:
        raise UsageError(f"-o {out}: cannot write the archive: {error.strerror or error}") from None
    say(
        f"{out}: bank {packed.bank_sha256[:16]}, feedback {packed.feedback}, at most {packed.limit_s:g} s "
        "for a submission\nIt holds the course's seed: keep it from students.\n"
    )


@click.command("gradescope")
@click.argument("archive", type=_FILE, metavar="ZIP")
@click.argument("submission", nargs=-1, required=True, type=_FILE, metavar="FILE...")
@click.option("--metadata", type=_FILE, metavar="FILE", help="As submission_metadata.json. Default: one made up.")
@click.option("--keep", type=_FILE, metavar="DIR", help="Leave the emulated file system in this new folder.")
@click.option("--setup", is_flag=True, help="Run setup.sh for real: it installs from the network.")
@click.option("--no-landlock", is_flag=True, help="Emulate a kernel without Landlock.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=10, max=2400),
    default=600,
    metavar="SECONDS",
    help="What the assignment's time-out is set to there. Default: 600.",
)
def emulate_command(  # noqa: PLR0913 - one for each option
    *,
    archive: Path,
    submission: tuple[Path, ...],
    metadata: Path | None,
    keep: Path | None,
    setup: bool,
    no_landlock: bool,
    timeout: float,
) -> int:
    """Grade FILE as Gradescope would with ZIP: in its folders, within its limits. Exit 0 with a mark, else 3."""
    from grader.packs.emulate_gradescope import Wanted, gradescope

    for path in (*submission, *((metadata,) if metadata else ())):
        if not path.is_file():
            raise UsageError(f"{path}: no such file")
    wanted = Wanted(archive, setup=setup, landlock=not no_landlock, timeout_s=timeout)
    with gradescope(wanted, keep) as place:
        ran = place.grade(submission, metadata)
    names = ", ".join(path.name for path in submission)
    say(_told(ran, names, timeout, setup=setup))
    return 0 if ran.scored else GraderError.exit_status


def _told(ran: Emulated, names: str, timeout_s: float, *, setup: bool) -> str:
    from grader.packs.emulate_gradescope import CPUS, MEMORY_BYTES

    def limit(name: str, otherwise: str) -> str:
        return "" if name in ran.enforced else f"; {otherwise}"

    rows = [
        ("mark", _mark(ran)),
        ("results.json", "valid" if not ran.problems else "; ".join(clean(line) for line in ran.problems)),
        ("exit status", f"{ran.status}{'' if ran.ended == 'itself' else f', ended by the {ran.ended} limit'}"),
        (
            "time",
            f"{ran.wall_s:.1f} s of {timeout_s:g} s, on {CPUS:g} of a processor{limit('cpu', 'not enforced here')}",
        ),
        (
            "peak memory",
            f"{ran.peak_bytes >> 20} MiB of {MEMORY_BYTES >> 20} MiB"
            + limit("memory", "not enforced by the kernel here, but watched"),
        ),
        ("container", "as there, without namespaces" if "container" in ran.enforced else "none: folders only"),
        ("environment", "installed by setup.sh" if setup else "this one's, nothing installed (--setup: as there)"),
        *(("said", clean(line)) for line in ran.printed.splitlines()[-4:]),
    ]
    return f"{clean(names)}\n\n" + "".join(f"  {name:<13} {text}\n" for name, text in rows)


def _mark(ran: Emulated) -> str:
    from fractions import Fraction

    from grader.report.marks import points_text

    if not ran.scored:
        return "none: the platform shows that the autograder failed"
    data: dict[str, Any] = ran.results
    points = points_text(Fraction(str(data["score"])))
    most = [Fraction(str(test["max_score"])) for test in data.get("tests", []) if "max_score" in test]
    first = str(data.get("output", "")).partition("\n")[0]
    return f"{points} of {points_text(sum(most, Fraction(0)))}" if most else f"{points} ({clean(first)})"
