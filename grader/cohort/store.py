"""The store of a cohort: one SQLite file in the output folder, to which every result is committed as it is made.

**Verdicts, not marks.** What is kept of a submission is what was found (`grader.result.Judged`), under a key of all
that it depends on: what was handed in, bank and settings that judge, versions, isolation. Points are computed anew, so
a rubric with other points costs no regrading. A *grading* says that in one run one student's file got that verdict.

**Killed at any moment.** The file is in WAL mode with synchronous=NORMAL: a killed process loses nothing that was
committed, a power failure at most the last few verdicts, which then are found again, the same. FULL would wait for the
disk at every submission to protect what costs a second of work; a finished run, which nothing would bring back, is
written through (`finish`).

**One at a time.** The file is locked as long as the store is open, by SQLite itself; the kernel lets go when the
process ends, however it ends. With the exclusive lock WAL needs no shared memory, so network drives will do.
"""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from datetime import datetime, timezone
from fractions import Fraction
from pathlib import Path
from typing import Any

from grader.closing import Closing
from grader.cohort.out_folder import STORE_FILE as FILE_NAME
from grader.cohort.plain import canonical, in_order
from grader.cohort.records import Grading, Kept, Run, VerdictKey
from grader.cohort.wire import decode_judged, encode_judged
from grader.errors import GraderError, UsageError
from grader.result import Judged
from grader.sandbox.levels import LEVELS, Level

__all__ = ["FILE_NAME", "Store"]

_APPLICATION = 0x62707474  # "bptt": `file` shows it, and another program's database is not taken for ours
_VERSION = 2
_PATIENCE_S = 1.0  # for the lock of a process that is just ending
_SCHEMA = """
CREATE TABLE verdicts (
    id INTEGER PRIMARY KEY,
    content TEXT NOT NULL, judging TEXT NOT NULL, environment TEXT NOT NULL, level TEXT NOT NULL,
    judged TEXT NOT NULL, wall_s REAL NOT NULL,
    UNIQUE (content, judging, environment, level)
);
CREATE TABLE runs (id INTEGER PRIMARY KEY, started TEXT NOT NULL, finished TEXT, facts TEXT NOT NULL, note TEXT);
CREATE TABLE gradings (
    run INTEGER NOT NULL REFERENCES runs, student BLOB NOT NULL, path BLOB NOT NULL,
    verdict INTEGER REFERENCES verdicts, judged TEXT,  -- one of them: what has no verdict is kept here
    outcome TEXT NOT NULL, score TEXT,
    PRIMARY KEY (run, student, path)
) WITHOUT ROWID;
CREATE TABLE notes (
    run INTEGER NOT NULL REFERENCES runs, student BLOB NOT NULL, note TEXT NOT NULL, PRIMARY KEY (run, student)
) WITHOUT ROWID;
CREATE INDEX gradings_of_student ON gradings (student, run, path);
CREATE INDEX gradings_of_verdict ON gradings (verdict);
"""
_GRADINGS = """
SELECT gradings.run, gradings.student, gradings.path, gradings.outcome, gradings.score, gradings.verdict,
    coalesce(gradings.judged, verdicts.judged), verdicts.content, verdicts.judging, verdicts.environment,
    verdicts.level, verdicts.wall_s
FROM gradings LEFT JOIN verdicts ON verdicts.id = gradings.verdict
"""


class Store(Closing):
    """Opens, and creates unless `create` is false, the store in an output folder; locked until it is closed.

    The folder and the file are for their owner only. Raises UsageError where there is none, where another process has
    it, or where the file is something else; every method raises GraderError if the disk is full or fails.
    """

    def __init__(self, folder: Path, *, create: bool = True) -> None:
        self.path = folder / FILE_NAME
        if not create and not self.path.is_file():
            raise UsageError(f"{folder}: no marks here: expected the folder that `grade -o` wrote")
        try:
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT, 0o600))  # SQLite's own files get the same permissions
        except OSError as error:
            raise UsageError(f"{self.path}: cannot be written: {error.strerror or error}") from error
        self._db = sqlite3.connect(self.path, timeout=_PATIENCE_S, isolation_level=None)
        try:
            with self._plainly():
                self._open()
        except BaseException:
            self._db.close()
            raise

    def _open(self) -> None:
        for pragma in ("locking_mode=EXCLUSIVE", "journal_mode=WAL", "synchronous=NORMAL", "secure_delete=ON"):
            self._db.execute(f"PRAGMA {pragma}").fetchall()
        with self._transaction():  # takes the lock
            application, version = (self._db.execute(f"PRAGMA {name}").fetchone()[0] for name in _MARKS)
            if (application, version) == (0, 0) and not self._db.execute("SELECT 1 FROM sqlite_master").fetchone():
                for statement in _SCHEMA.split(";\n"):
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA application_id={_APPLICATION}")
                self._db.execute(f"PRAGMA user_version={_VERSION}")
            elif (application, version) != (_APPLICATION, _VERSION):
                raise UsageError(
                    f"{self.path}: not a store of this version of the grader: name another output folder with -o"
                )

    # ------------------------------------------------------------------ verdicts
    def find(self, key: VerdictKey, *, least: Level) -> Kept | None:
        """The verdict under `key` with the strongest isolation, at least `least`; None if there is none."""
        with self._plainly():
            rows = self._db.execute(
                "SELECT level, id, judged, wall_s FROM verdicts WHERE content=? AND judging=? AND environment=?",
                (key.content, key.judging, key.environment),
            ).fetchall()
        enough = LEVELS[LEVELS.index(least) :]
        found = max((row for row in rows if row[0] in enough), key=lambda row: enough.index(row[0]), default=None)
        if found is None:
            return None
        return Kept(found[1], decode_judged(json.loads(found[2]), ""), found[3])

    def keep(self, key: VerdictKey, judged: Judged, wall_s: float) -> Kept:
        """Commit a verdict. One that is there already stays: the first of two workers that found it counts."""
        if judged.outcome != "graded" or judged.isolation is None:
            msg = f"only a verdict is kept, got {judged.outcome!r}"
            raise ValueError(msg)
        level, data = judged.isolation.level, in_order(encode_judged(judged))
        row = (key.content, key.judging, key.environment, level, data, wall_s)
        with self._plainly(), self._transaction():
            made = self._db.execute(
                "INSERT OR IGNORE INTO verdicts (content, judging, environment, level, judged, wall_s)"
                " VALUES (?, ?, ?, ?, ?, ?)",
                row,
            )
        if made.rowcount and made.lastrowid is not None:
            return Kept(made.lastrowid, judged, wall_s)
        kept = self.find(key, least=level)
        assert kept is not None
        return kept

    # ------------------------------------------------------------------ runs and gradings
    def begin(self, facts: dict[str, Any]) -> int:
        """The number of a new run. An unfinished one that went by the same facts is taken up in its place."""
        written = canonical(facts)
        with self._plainly(), self._transaction():
            last = self._db.execute("SELECT id, finished, facts FROM runs ORDER BY id DESC LIMIT 1").fetchone()
            if last is not None and last[1] is None and last[2] == written:
                for table in ("gradings", "notes"):
                    self._db.execute(f"DELETE FROM {table} WHERE run=?", (last[0],))  # noqa: S608 - a file may be gone since
                return int(last[0])
            made = self._db.execute("INSERT INTO runs (started, facts) VALUES (?, ?)", (_now(), written))
            assert made.lastrowid is not None
            return made.lastrowid

    def record(
        self, run: int, student: str, path: str, judged: Judged, *, score: Fraction | None, verdict: int | None
    ) -> None:
        """Commit what a run found of one file; `verdict` is the number of the verdict kept, if there is one."""
        own = in_order(encode_judged(judged)) if verdict is None else None
        told = None if score is None else str(score)
        with self._plainly():
            self._db.execute(
                "INSERT OR REPLACE INTO gradings (run, student, path, verdict, judged, outcome, score)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (run, _packed(student), _packed(path), verdict, own, judged.outcome, told),
            )

    def finish(self, run: int) -> None:
        """Mark a run as whole, and see it through to the disk."""
        with self._plainly():
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.execute("UPDATE runs SET finished=? WHERE id=?", (_now(), run))
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
            self._db.execute("PRAGMA synchronous=NORMAL")

    def note(self, run: int, note: Any, students: Mapping[str, Any]) -> None:
        """Keep beside a run's gradings what else its outputs say, of the whole and of each student: plain data."""
        rows = [(run, _packed(student), canonical(data)) for student, data in students.items()]
        with self._plainly(), self._transaction():
            self._db.execute("UPDATE runs SET note=? WHERE id=?", (canonical(note), run))
            self._db.execute("DELETE FROM notes WHERE run=?", (run,))
            self._db.executemany("INSERT INTO notes (run, student, note) VALUES (?, ?, ?)", rows)

    def notes(self, run: int) -> tuple[Any, dict[str, Any]] | None:
        """What was noted of a run and of each student; None if nothing was, or the run was stopped."""
        with self._plainly():
            row = self._db.execute("SELECT note FROM runs WHERE id=? AND finished NOT NULL", (run,)).fetchone()
            found = self._db.execute("SELECT student, note FROM notes WHERE run=? ORDER BY student", (run,)).fetchall()
        if row is None or row[0] is None:
            return None
        return json.loads(row[0]), {_unpacked(student): json.loads(note) for student, note in found}

    def runs(self) -> tuple[Run, ...]:
        """All runs, the first one first."""
        with self._plainly():
            rows = self._db.execute("SELECT id, started, finished, facts FROM runs ORDER BY id").fetchall()
        return tuple(Run(number, started, finished, json.loads(facts)) for number, started, finished, facts in rows)

    def students(self, run: int | None = None) -> tuple[str, ...]:
        """Everybody of whom there is a grading, in that run or in any."""
        where, values = ("", ()) if run is None else ("WHERE run=? ", (run,))
        with self._plainly():
            rows = self._db.execute(
                f"SELECT DISTINCT student FROM gradings {where}ORDER BY student",  # noqa: S608 - words of ours
                values,
            ).fetchall()
        return tuple(_unpacked(row[0]) for row in rows)

    def gradings(self, run: int) -> Iterator[Grading]:
        """What a run found, one after another, by student, then path (in the order of their code points)."""
        return self._gradings("WHERE gradings.run=? ORDER BY gradings.student, gradings.path", (run,))

    def gradings_of(self, student: str | None = None) -> Iterator[Grading]:
        """Every grading there is of one student, or of each, by student, run and path."""
        where = "" if student is None else "WHERE gradings.student=?"
        values = () if student is None else (_packed(student),)
        return self._gradings(f"{where} ORDER BY gradings.student, gradings.run, gradings.path", values)

    def _gradings(self, clauses: str, values: tuple[Any, ...]) -> Iterator[Grading]:
        with self._plainly(), closing(self._db.execute(_GRADINGS + clauses, values)) as rows:
            for row in rows:
                run, student, path, outcome, score, verdict, judged, *key, level, wall_s = row
                name = _unpacked(path)
                yield Grading(
                    run=run,
                    student=_unpacked(student),
                    path=name,
                    outcome=outcome,
                    score=None if score is None else Fraction(score),
                    verdict=verdict,
                    judged=decode_judged(json.loads(judged), name),
                    key=None if verdict is None else VerdictKey(*key),
                    level=level,
                    wall_s=wall_s,
                )

    def forget(self, student: str) -> int:
        """Erase a student's gradings and notes, and each verdict that no one else has; return how many gradings.

        What is deleted is overwritten, in the file and in its journal.
        """
        with self._plainly():
            with self._transaction():
                gone = self._db.execute("DELETE FROM gradings WHERE student=?", (_packed(student),)).rowcount
                self._db.execute("DELETE FROM notes WHERE student=?", (_packed(student),))
                self._db.execute(
                    "DELETE FROM verdicts WHERE id NOT IN (SELECT verdict FROM gradings WHERE verdict NOT NULL)"
                )
            self._db.execute("VACUUM")
            self._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
        return gone

    # ------------------------------------------------------------------ the file
    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            if self._db.in_transaction:  # a full disk has rolled back already
                self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    @contextmanager
    def _plainly(self) -> Iterator[None]:
        """Say what SQLite complains of as a person would."""
        try:
            yield
        except sqlite3.Error as error:
            said = str(error)
            if "locked" in said or "busy" in said:
                raise UsageError(
                    f"{self.path.parent}: another grader is writing here: wait until it is done, or name another folder"
                ) from error
            if "not a database" in said or "malformed" in said:
                raise UsageError(f"{self.path}: {said}: name another folder with -o, or move this file away") from error
            raise GraderError(
                f"{self.path}: cannot be written ({said}): what was graded so far is kept; "
                "make room and give the same command again"
            ) from error

    def close(self) -> None:
        """Let go of the file. May be called twice."""
        self._db.close()


_MARKS = ("application_id", "user_version")


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


def _packed(text: str) -> bytes:
    """The bytes of a name, which may hold what is not UTF-8 on this disk; they sort as code points do."""
    return text.encode("utf-8", "surrogatepass")


def _unpacked(data: bytes) -> str:
    return data.decode("utf-8", "surrogatepass")
