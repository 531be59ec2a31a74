"""An assignment in Moodle, as far as its importers look: the rules are read from Moodle's own source, the code is ours.

mod/assign/feedback/offline (worksheet), mod/assign/feedback/file (feedback zip), lib/csvlib.class.php and PHP's
fgetcsv, with which it reads: a backslash keeps a quote from ending a cell.
"""

from __future__ import annotations

import io
import re
import zipfile
from dataclasses import dataclass, field
from datetime import datetime, timezone

HEADERS = {
    "en": (
        "Identifier|Full name|Email address|Status|Grade|Maximum grade|Grade can be changed|"
        "Last modified (submission)|Last modified (grade)|Feedback comments"
    ),
    "de": (
        "ID|Vollständiger Name|E-Mail-Adresse|Status|Bewertung|Bestwertung|Bewertung kann geändert werden|"
        "Zuletzt geändert (Abgabe)|Zuletzt geändert (Bewertung)|Feedback als Kommentar"
    ),
    "fr": (
        "Identifiant|Nom complet|Adresse de courriel|Statut|Note|Note maximale|La note peut être modifiée|"
        "Dernière modification (travail remis)|Dernière modification (note)|Feedback par commentaires"
    ),
    "es": (
        "Identificador|Nombre completo|Dirección de correo|Estado|Calificación|Calificación máxima|"
        "La calificación puede ser cambiada|Última modificación (entrega)|Última modificación (calificación)|"
        "Comentarios de retroalimentación"
    ),
    "eo": "Identigilo|Nomo|Retadreso|Stato|Noto|Maksimumo|Noto ŝanĝebla|Ŝanĝita (verko)|Ŝanĝita (noto)|Rimarkoj",
}
PARTICIPANT = {"en": "Participant ", "de": "Teilnehmer/in", "fr": "Participant", "es": "Participante ", "eo": "Ano "}
YES_NO = {"en": ("Yes", "No"), "de": ("Ja", "Nein"), "fr": ("Oui", "Non"), "es": ("Sí", "No"), "eo": ("Jes", "Ne")}
IDENTIFIER, NAME, GRADE, MAXIMUM, MODIFIED, COMMENTS = 0, 1, 4, 5, 8, 9
MONTHS = [f"{datetime(2000, month, 1, tzinfo=timezone.utc):%B}" for month in range(1, 13)]


@dataclass
class Person:
    name: str
    grade: float | None = None  # -1: a record without a grade, as a feedback file makes one
    modified: int = 0
    comment: str = ""
    locked: bool = False
    files: dict[str, bytes] = field(default_factory=dict)


@dataclass
class Imported:
    """What an import did: whose grades and comments are now others, and why a row's grade was passed over."""

    grades: set[int] = field(default_factory=set)
    comments: set[int] = field(default_factory=set)
    skipped: dict[int, str] = field(default_factory=dict)


class ImportRefusedError(Exception):
    """`invalidgradeimport` or `csvweirdcolumns`."""


@dataclass
class Site:
    people: dict[int, Person]
    language: str = "en"
    maximum: float = 100

    @property
    def decimal(self):
        return "." if self.language == "en" else ","

    # ------------------------------------------------------------------ downloads
    def worksheet(self, *, bom=True, encoding="utf-8", delimiter=",", newline="\n", hidden=False):
        rows = [HEADERS[self.language].split("|")]
        for number, person in self.people.items():
            graded = person.grade is not None and person.grade >= 0
            rows.append(
                [
                    f"{PARTICIPANT[self.language]}{number}",
                    person.name,
                    f"p{number}@example.org",
                    "Submitted for grading - ",
                    self.float(person.grade) if graded else "",
                    self.float(self.maximum),
                    YES_NO[self.language][person.locked],
                    userdate(1_780_000_000),
                    userdate(person.modified) if person.modified else "-",
                    person.comment,
                ]
            )
        if hidden:
            rows = [[cell for column, cell in enumerate(row) if column not in (NAME, 2)] for row in rows]
        text = "".join(delimiter.join(map(fputcsv, row)) + newline for row in rows)
        return ("\ufeff" * bom + text).encode(encoding)

    def float(self, value):
        return f"{value:.2f}".replace(".", self.decimal)

    # ------------------------------------------------------------------ the worksheet comes back
    def import_worksheet(self, content, *, encoding="utf-8", delimiter=",", ignore_modified=False, now=1_790_000_000):
        rows = read_csv(content.decode(encoding), delimiter)
        header = rows[0]
        if any(len(row) != len(header) for row in rows):
            raise ImportRefusedError("csvweirdcolumns")
        wanted = HEADERS[self.language].split("|")
        last = {name: index for index, name in enumerate(header)}
        try:
            identifier, grade, modified = (last[wanted[column]] for column in (IDENTIFIER, GRADE, MODIFIED))
        except KeyError as error:
            raise ImportRefusedError("invalidgradeimport") from error
        comments = last.get(wanted[COMMENTS])
        done = Imported()
        for row in rows[1:]:
            cut = len(PARTICIPANT[self.language].encode())
            number = row[identifier].encode()[cut:].decode("utf-8", "replace")
            person = self.people.get(int(number)) if re.fullmatch("[0-9]+", number) else None
            if person is None:
                continue
            stale = person.grade is not None and person.modified > strtotime(row[modified]) + 60
            why = self.skipped(person, row[grade], stale=stale and not ignore_modified)
            if why:
                done.skipped[int(number)] = why
            else:
                person.grade, person.modified = self.unformat(row[grade]), now
                done.grades.add(int(number))
            if comments and (ignore_modified or not stale) and row[comments] != person.comment:
                person.comment = row[comments]
                done.comments.add(int(number))
        return done

    def skipped(self, person, cell, *, stale):
        value = self.unformat(cell)
        if person.grade is not None and person.grade == value:
            return "unchanged"
        if value is None or value < 0:
            return "no value"
        if stale:
            return "modified"
        if person.locked:
            return "locked"
        return "out of range" if value > self.maximum else ""

    def unformat(self, cell):
        """`unformat_float`: spaces go, the language's sign becomes a point, and `(float)` stops where it must."""
        text = cell.strip().replace(" ", "")
        if not text:
            return None
        found = re.match(r"[+-]?[0-9]*\.?[0-9]*", text.replace(self.decimal, "."))
        try:
            return float(found[0])
        except ValueError:
            return 0.0

    # ------------------------------------------------------------------ feedback files
    def import_feedback(self, content):
        """Hand out the files; returns the names of those that are passed over."""
        ignored = []
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            for name in archive.namelist():
                taken = self.whose(name)
                if taken is None:
                    ignored.append(name)
                else:
                    self.people[taken[0]].files[taken[1]] = archive.read(name)
        return ignored

    def whose(self, path):
        if path.rpartition("/")[2].startswith((".", "~")):
            return None
        parts = path.split("/")
        while parts:
            info = parts.pop(0).split("_", 4)
            if len(info) < 4 or not re.fullmatch("[0-9]+", info[1]) or int(info[1]) not in self.people:
                continue
            if (info[2], info[3]) not in {("assignsubmission", "file"), ("assignsubmission", "onlinetext")}:
                continue
            return int(info[1]), "/".join([*info[4:5], *parts]).lstrip("/")
        return None


# ---------------------------------------------------------------------------- PHP
def fputcsv(cell):
    return '"' + cell.replace('"', '""') + '"' if re.search('[,;"\\\\\r\n\t ]', cell) else cell


def read_csv(text, delimiter=","):
    """`csv_import_reader`: the mark and outer white space go, line ends become one, then `fgetcsv`."""
    text = re.sub("\r\n?", "\n", text.removeprefix("\ufeff")).strip()
    rows, at = [], 0
    while at <= len(text):
        row, at = fgetcsv(text, at, delimiter)
        if row != [""]:
            rows.append(row)
    return rows


def fgetcsv(text, at, delimiter):
    """One row: inside quotes a doubled quote is one, and one behind a backslash ends nothing."""
    row = []
    while True:
        cell = []
        if text.startswith('"', at):
            at += 1
            while at < len(text):
                if text[at] == "\\" and at + 1 < len(text):
                    cell += text[at : at + 2]
                    at += 2
                elif text.startswith('""', at):
                    cell.append('"')
                    at += 2
                elif text[at] == '"':
                    at += 1
                    break
                else:
                    cell.append(text[at])
                    at += 1
        while at < len(text) and text[at] not in (delimiter, "\n"):
            cell.append(text[at])
            at += 1
        row.append("".join(cell))
        if at >= len(text) or text[at] == "\n":
            return row, at + 1
        at += 1


def userdate(seconds):
    when = datetime.fromtimestamp(seconds, timezone.utc)
    return f"{when:%A}, {when.day} {MONTHS[when.month - 1]} {when.year}, {when:%I:%M %p}"


def strtotime(text):
    """Seconds, or 0 (PHP's false) for what it cannot read: a `-`, a date in another language."""
    found = re.fullmatch(r"\w+, (\d+) (\w+) (\d{4}), (\d\d):(\d\d) ([AP]M)", text)
    if found is None or found[2] not in MONTHS:
        return 0
    day, year, hour, minute = (int(found[group]) for group in (1, 3, 4, 5))
    hour = hour % 12 + 12 * (found[6] == "PM")
    return datetime(year, MONTHS.index(found[2]) + 1, day, hour, minute, tzinfo=timezone.utc).timestamp()
