"""The command line: `grade PATH...` and `grader COMMAND`. Parses, calls, and turns errors into one line and a status.

Commands import what they need when they run: `grade --help` loads neither NumPy nor rich, and the sandbox's template
process is started before this one imports them.
"""

from __future__ import annotations

import shlex
import signal
import sys
import traceback
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from grader import __version__
from grader.cli_cohort import forget_command, history_command
from grader.cli_options import DEVICE, FORMAT, RUBRIC, SEED, grade_options
from grader.cli_output import OutputClosedError, complain, explain, say, use_utf8, wants_colour, width
from grader.cli_platforms import GROUPS
from grader.cli_publish import check_no_folder
from grader.errors import GraderError, UsageError
from grader.suggest import did_you_mean

__all__ = ["grade_main", "grader_main"]

_COMMANDS = ("grade", "init", "kit", "bank", "doctor", "history", "forget", "schema", "pack", "emulate", "fill", "push")
_SUBMISSION_SUFFIXES = (".py", ".ipynb")


def grade_main(argv: Sequence[str] | None = None) -> int:
    """Run `grade`; return its exit status."""
    return _run(grade_command, "grade", argv)


def grader_main(argv: Sequence[str] | None = None, program: str = "grader") -> int:
    """Run `grader`; return its exit status."""
    return _run(grader_command, program, argv)


def _run(command: click.Command, program: str, argv: Sequence[str] | None) -> int:
    """Run a command; whatever goes wrong is one line on stderr and the status of its class."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    use_utf8()
    ended_by = [signal.SIGINT]
    try:
        with _ending_in_order(ended_by):
            status = command.main(arguments, prog_name=program, standalone_mode=False)
    except click.ClickException as error:
        _refuse(program, error)
        return UsageError.exit_status
    except GraderError as error:
        complain(program, str(error))
        return error.exit_status
    except (click.Abort, KeyboardInterrupt):
        complain(program, "interrupted")
        return 128 + ended_by[-1]
    except OutputClosedError:
        return 0
    except Exception as error:  # noqa: BLE001 - a fault of ours: no mark, and no traceback unless asked for
        if "-v" in arguments or "--verbose" in arguments:
            traceback.print_exc()
        what = "there is no memory left" if isinstance(error, MemoryError) else f"{type(error).__name__}: {error}"
        complain(program, f"internal error, no mark was given: {what} (-v shows where)")
        return GraderError.exit_status
    return status if isinstance(status, int) else 0


def _refuse(program: str, error: click.ClickException) -> None:
    """Say what is wrong with a command line in a line; where nothing was asked for, what there is to ask for."""
    if isinstance(error, click.exceptions.NoArgsIsHelpError):
        explain(error.format_message())
    else:
        complain(program, f"{error.format_message()} (see {program} --help)")


@contextmanager
def _ending_in_order(ended_by: list[signal.Signals]) -> Iterator[None]:
    """Let SIGTERM and SIGHUP end the command as Ctrl-C does, closing what was opened; appends which one it was.

    One that is ignored (nohup) stays so. Out of the main thread there is nothing to be done, and nothing is.
    """

    def end(number: int, _: object) -> None:
        for each in before:
            signal.signal(each, signal.SIG_IGN)  # ending takes a moment, in which it is not to be asked for again
        ended_by.append(signal.Signals(number))
        raise KeyboardInterrupt

    before: list[signal.Signals] = []
    for name in ("SIGTERM", "SIGHUP"):
        number = getattr(signal, name, None)
        if number is not None and signal.getsignal(number) is signal.SIG_DFL:
            try:
                signal.signal(number, end)
            except ValueError:
                break
            before.append(number)
    try:
        yield
    finally:
        for each in before:
            signal.signal(each, signal.SIG_DFL)


# ---------------------------------------------------------------------------- help
class _Command(click.Command):
    """A command whose help begins with examples."""

    def __init__(self, *args: Any, examples: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.examples = examples

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples, then what click writes."""
        _write_examples(self.examples, formatter)
        super().format_help(ctx, formatter)


class _Group(click.Group):
    """A group whose help begins with examples and that recognises a path typed in a command's place."""

    examples = "grader init rubric.toml\ngrader grade hw.ipynb --rubric rubric.toml\ngrader doctor"

    def format_help(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the examples, then what click writes."""
        _write_examples(self.examples, formatter)
        super().format_help(ctx, formatter)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command; suggest `grade` for a path and a near name for a typing error."""
        name = args[0]
        if name.startswith("-") or self.get_command(ctx, name):
            return super().resolve_command(ctx, args)
        if Path(name).suffix.lower() in _SUBMISSION_SUFFIXES or Path(name).exists():
            raise click.UsageError(f"no such command {name!r}; did you mean: grade {name}")
        names = ", ".join(self.commands)
        near = did_you_mean(name, self.commands)
        raise click.UsageError(f"no such command {name!r}; commands: {names}{near}")


def _write_examples(examples: str, formatter: click.HelpFormatter) -> None:
    with formatter.section("Examples"):
        for line in examples.splitlines():
            formatter.write(f"{'':{formatter.current_indent}}{line}\n")
    formatter.write_paragraph()


# ---------------------------------------------------------------------------- grade
@click.command(
    "grade",
    cls=_Command,
    examples="grade hw.ipynb\ngrade submissions/ -o marks/ --rubric rubric.toml\ngrade hw.py --format json",
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit status: 0 passed, 1 below the pass mark, 2 unusable input, 3 the grader could not do its work.",
)
@grade_options
@click.version_option(__version__, message="%(prog)s %(version)s (bptt-grader)")
@click.pass_context
def grade_command(context: click.Context, /, paths: tuple[str, ...], format_: Any, **given: Any) -> int:
    """Grade scripts and notebooks; a class, in folders or zips, into a folder."""
    from grader.cli_cohort import grade_class, output_folder
    from grader.cli_grade import Options, grade

    program = context.find_root().info_name or "grade"
    for path in paths:
        if not path:
            raise click.UsageError("a path is empty")
        if path in _COMMANDS and not Path(path).exists():
            raise click.UsageError(f"{path}: no such file; did you mean: grader {path}")
    given["time_limit_s"] = given.pop("time_limit")
    out = given.pop("out")
    given["command"] = shlex.join([*program.split(), *sys.argv[1:]])  # "python -m grader" is three words
    options = Options(paths=paths, program=program, format=format_, out=Path(out) if out else None, **given)
    folder = output_folder(options, out)
    if folder is not None:
        check_no_folder(options.format)
    return grade(options) if folder is None else grade_class(options, folder)


# ---------------------------------------------------------------------------- grader
@click.group("grader", cls=_Group, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100})
@click.version_option(__version__, message="%(prog)s %(version)s (bptt-grader)")
def grader_command() -> None:
    """Grade the counting-ones exercise, and what a course needs around it."""


for _command in (grade_command, history_command, forget_command, *GROUPS):
    grader_command.add_command(_command)


@grader_command.command("init")
@click.argument("file", type=click.Path(path_type=Path), default=Path("rubric.toml"))
def init_command(file: Path) -> None:
    """Write a commented rubric with a random seed to FILE (rubric.toml)."""
    from grader.rubric_template import write_rubric

    write_rubric(file)
    say(f"{file}: written. Keep it from students: its seed draws the cases they are marked with.\n")


@grader_command.command("kit")
@click.option("-o", "folder", required=True, type=click.Path(path_type=Path), metavar="DIR", help="Made if need be.")
def kit_command(folder: Path) -> None:
    """Write what students get into DIR: notebook, script, README, and a self-check that holds no solution."""
    from grader.kit import build_kit

    files = build_kit(folder)
    say(f"{folder}: {', '.join(path.name for path in files)}\n")


@grader_command.command("doctor")
@DEVICE
@FORMAT
def doctor_command(device: str, format_: str) -> int:
    """Say whether this machine can grade, and what would help. Exit 0 if so, else 3."""
    from grader.pipeline import diagnose_machine

    facts = diagnose_machine(device)
    from grader.doctor import doctor_object, doctor_text
    from grader.report.as_json import to_json_text
    from grader.report.as_text import Look

    look = Look(width=width(), colour=wants_colour())
    say(to_json_text(doctor_object(facts)) if format_ == "json" else doctor_text(facts, look))
    return 0 if facts.healthy else GraderError.exit_status


@grader_command.command("schema")
def schema_command() -> None:
    """Print the JSON Schema of `grade --format json`."""
    from grader.report.as_json import schema_text

    say(schema_text())


@grader_command.group("bank")
def bank_command() -> None:
    """Build the cases of a course ahead of time, or freeze them in a file."""


@bank_command.command("build")
@SEED
@RUBRIC
def bank_build_command(seed: str | None, rubric: Path | None) -> None:
    """Build the case bank into the cache."""
    from grader.cases import PUBLIC_SEED, load_or_build
    from grader.cli_grade import pick_seed

    say(f"bank {load_or_build(pick_seed(seed, rubric) or PUBLIC_SEED).sha256}\n")


@bank_command.command("export")
@click.argument("out", type=click.Path(path_type=Path))
@SEED
@RUBRIC
def bank_export_command(out: Path, seed: str | None, rubric: Path | None) -> None:
    """Write the case bank to the file OUT: another version of Hypothesis would draw other cases."""
    from grader.cases import PUBLIC_SEED, export_bank, load_or_build
    from grader.cli_grade import pick_seed
    from grader.cli_output import check_target

    check_target(out, ())
    bank = load_or_build(pick_seed(seed, rubric) or PUBLIC_SEED)
    export_bank(bank, out)
    say(f"{out}: bank {bank.sha256}\n")
