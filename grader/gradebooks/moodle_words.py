"""What the columns of a grading worksheet are called, language by language.

Moodle writes the headers in the language of whoever downloads the file, and on the way back compares them, character
for character, with those of whoever uploads it. So a column is known by its whole name, and by no part of it. The
names are those of Moodle's language packs, with older spellings where they changed; a language missing here is one
whose names were not to hand, and there the teacher says which column is which.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

__all__ = ["LANGUAGES", "NO", "Words"]


@dataclass(frozen=True)
class Words:
    """One language: the names that each column has had. The first three are those without which Moodle reads nothing.

    `name` only serves to see that a row is whose it seems to be; where a name is missing, nothing is compared.
    """

    identifier: tuple[str, ...]
    grade: tuple[str, ...]
    modified: tuple[str, ...]
    comments: tuple[str, ...]
    maximum: tuple[str, ...]
    changeable: tuple[str, ...]
    name: tuple[str, ...]


LANGUAGES: Mapping[str, Words] = {
    "en": Words(
        identifier=("Identifier",),
        grade=("Grade",),
        modified=("Last modified (grade)",),
        comments=("Feedback comments",),
        maximum=("Maximum grade", "Maximum Grade"),
        changeable=("Grade can be changed",),
        name=("Full name",),
    ),
    "de": Words(
        identifier=("ID",),
        grade=("Bewertung",),
        modified=("Zuletzt geändert (Bewertung)",),
        comments=("Feedback als Kommentar",),
        maximum=("Bestwertung",),
        changeable=("Bewertung kann geändert werden",),
        name=("Vollständiger Name",),
    ),
    "fr": Words(
        identifier=("Identifiant",),
        grade=("Note",),
        modified=("Dernière modification (note)",),
        comments=("Feedback par commentaires",),
        maximum=("Note maximale",),
        changeable=("La note peut être modifiée",),
        name=("Nom complet",),
    ),
    "es": Words(
        identifier=("Identificador",),
        grade=("Calificación",),
        modified=("Última modificación (calificación)",),
        comments=("Comentarios de retroalimentación",),
        maximum=("Calificación máxima", "Calificación Máxima"),
        changeable=("La calificación puede ser cambiada", "La calificación puede cambiarse"),
        name=("Nombre completo",),
    ),
    "ca": Words(
        identifier=("Identificador",),
        grade=("Qualificació",),
        modified=("Darrera modificació (qualificació)",),
        comments=("Comentaris de retroalimentació", "Comentaris de retroacció."),
        maximum=("Qualificació màxima",),
        changeable=("Es pot canviar la qualificació",),
        name=("Nom complet",),
    ),
    "pt_br": Words(
        identifier=("Identificador",),
        grade=("Nota",),
        modified=("Última modificação (nota)",),
        comments=("Comentários de feedback",),
        maximum=("Nota máxima",),
        changeable=("Nota pode ser alterada",),
        name=("Nome completo",),
    ),
    "it": Words(
        identifier=("Identificativo",),
        grade=("Valutazione",),
        modified=("Ultima modifica (valutazione)",),
        comments=("Commenti",),
        maximum=("Valutazione massima",),
        changeable=("La valutazione può essere cambiata",),
        name=("Nome completo",),  # [mem]
    ),
}

NO = frozenset({"no", "nein", "non", "não"})
"""What stands under `changeable` where a grade is locked."""
