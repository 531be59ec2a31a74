"""What was sent to Canvas, in the marks' folder: written down before it is sent, so that nobody is sent it twice.

A batch is `open` from before its request until its marks were read back. Whoever finds one open was killed in between:
Canvas may have taken it, be at it, or never have got it. One process at a time holds the journal.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from grader.closing import Closing
from grader.errors import GraderError, UsageError

__all__ = ["FILE_NAME", "Batch", "Journal", "forget_in_journal"]

FILE_NAME = "canvas.sqlite"
_SCHEMA = """
CREATE TABLE IF NOT EXISTS batches (
    id INTEGER PRIMARY KEY, target TEXT NOT NULL, at TEXT NOT NULL, progress TEXT, open INTEGER NOT NULL
);
CREATE TABLE IF NOT EXISTS sent (
    batch INTEGER NOT NULL REFERENCES batches (id), student TEXT NOT NULL,
    tag TEXT NOT NULL, -- of the comment that went with it, empty without one
    arrived INTEGER NOT NULL, PRIMARY KEY (batch, student)
) WITHOUT ROWID;
"""


@dataclass(frozen=True)
class Batch:
    """One request: when it was made (UTC), Canvas's name for the job if it said one, and whom it was for."""

    number: int
    at: str
    progress: str | None
    tags: Mapping[str, str]


class Journal(Closing):
    """The journal in `folder` of what went to `target`, an assignment; held until it is closed.

    Raises UsageError where another process holds it, GraderError where it cannot be written.
    """

    def __init__(self, folder: Path, target: str) -> None:
        self.path = folder / FILE_NAME
        self._target = target
        try:
            os.close(os.open(self.path, os.O_RDWR | os.O_CREAT | getattr(os, "O_NOFOLLOW", 0), 0o600))
        except OSError as error:
            raise GraderError(f"{self.path}: cannot be written: {error.strerror or error}") from error
        self._db = sqlite3.connect(self.path, timeout=1, isolation_level=None)
        try:
            with self._plainly():
                for pragma in ("locking_mode=EXCLUSIVE", "synchronous=FULL", "secure_delete=ON"):
                    self._db.execute(f"PRAGMA {pragma}").fetchall()
                with self._transaction():  # takes the lock, and keeps it
                    for statement in _SCHEMA.split(";\n"):
                        self._db.execute(statement)
        except BaseException:
            self._db.close()
            raise

    # ------------------------------------------------------------------ one batch
    def begin(self, tags: Mapping[str, str]) -> Batch:
        """Write down, on the disk, that these students are about to be sent theirs."""
        at = datetime.now(timezone.utc).isoformat(timespec="seconds")
        with self._plainly(), self._transaction():
            made = self._db.execute("INSERT INTO batches (target, at, open) VALUES (?, ?, 1)", (self._target, at))
            number = int(made.lastrowid or 0)
            rows = [(number, student, tag) for student, tag in tags.items()]
            self._db.executemany("INSERT INTO sent (batch, student, tag, arrived) VALUES (?, ?, ?, 0)", rows)
        return Batch(number, at, None, dict(tags))

    def took(self, batch: Batch, progress: str) -> None:
        """Write down what Canvas calls the job that it made of a batch."""
        self._do("UPDATE batches SET progress=? WHERE id=?", progress, batch.number)

    def withdraw(self, batch: Batch) -> None:
        """Strike a batch out that Canvas refused, or never got."""
        with self._plainly(), self._transaction():
            self._db.execute("DELETE FROM sent WHERE batch=?", (batch.number,))
            self._db.execute("DELETE FROM batches WHERE id=?", (batch.number,))

    def close_batch(self, batch: Batch, arrived: Mapping[str, bool]) -> None:
        """Write down what was read back of a batch."""
        with self._plainly(), self._transaction():
            for student, there in arrived.items():
                row = (int(there), batch.number, student)
                self._db.execute("UPDATE sent SET arrived=? WHERE batch=? AND student=?", row)
            self._db.execute("UPDATE batches SET open=0 WHERE id=?", (batch.number,))

    # ------------------------------------------------------------------ looking back
    def open_batches(self) -> list[Batch]:
        """Batches of which nobody knows what became of them."""
        with self._plainly():
            batches = self._db.execute(
                "SELECT id, at, progress FROM batches WHERE target=? AND open=1 ORDER BY id", (self._target,)
            ).fetchall()
            return [Batch(number, at, progress, self._tags(number)) for number, at, progress in batches]

    def _tags(self, number: int) -> dict[str, str]:
        return dict(self._db.execute("SELECT student, tag FROM sent WHERE batch=? ORDER BY student", (number,)))

    def arrived(self) -> set[tuple[str, str]]:
        """Student and tag of every comment that was seen to have arrived there."""
        with self._plainly():
            return set(
                self._db.execute(
                    "SELECT student, tag FROM sent JOIN batches ON batch=id WHERE target=? AND arrived=1 AND tag<>''",
                    (self._target,),
                )
            )

    # ------------------------------------------------------------------ the file
    def _do(self, statement: str, *values: object) -> None:
        with self._plainly():
            self._db.execute(statement, values)

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._db.execute("BEGIN EXCLUSIVE")
        try:
            yield
        except BaseException:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise
        self._db.execute("COMMIT")

    @contextmanager
    def _plainly(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            if "locked" in str(error):
                raise UsageError(f"{self.path}: another grader push is at work: wait until it is done") from error
            raise GraderError(f"{self.path}: {error}: nothing more is sent without it") from error

    def close(self) -> None:
        """Let go of it. May be called twice."""
        self._db.close()


def forget_in_journal(folder: Path, student: str) -> None:
    """Erase a student, if there is a journal. Raises UsageError or GraderError."""
    if (folder / FILE_NAME).exists():
        with Journal(folder, "") as journal:
            journal._do("DELETE FROM sent WHERE student=?", student)  # noqa: SLF001 - of this module
