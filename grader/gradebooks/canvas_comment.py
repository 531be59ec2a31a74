"""The comment that goes with a mark: what the student may know, as plain text, and a tag it is known again by.

Canvas has no place for an id of ours, so the last line ends in one: a hash of what stands above it. Whoever reads the
comments back sees whether this very one is there, however Canvas changed its blanks.
"""

from __future__ import annotations

import hashlib
import re

from grader.publish.told import Told, cut
from grader.report.clean import clean

__all__ = ["comment", "tag_of"]

_LONGEST = 20_000  # Canvas takes 64 KiB
_TAG = re.compile(r"\[automatic feedback ([0-9a-f]{16})\]\s*\Z")


def comment(told: Told) -> str:
    """At most some 20000 characters: the mark, what each check lacks or a person changed, notes, the tag."""
    parts = [told.verdict]
    for item in told.items:
        if not item.passed or item.machine is not None:
            parts.append(f"{item.mark} {item.name}: {item.points_text}")
            parts += [item.text] if item.text else []
    parts += [told.notes] if told.notes else []
    # a second time: nothing that reached a line may end it, or be what UTF-8 cannot say
    lines = "\n\n".join(parts).splitlines()
    text = cut("\n".join(clean(line) for line in lines), _LONGEST)
    digest = hashlib.sha256(text.encode("utf-8")).hexdigest()[:16]
    return f"{text}\n\n[automatic feedback {digest}]"


def tag_of(text: str) -> str | None:
    """The tag at the end of a comment of ours; None if it is another's.

    >>> tag_of("83 of 100 points [automatic feedback 0123456789abcdef] "), tag_of("Well done!")
    ('0123456789abcdef', None)
    """
    found = _TAG.search(text)
    return found[1] if found else None
