"""Sizes written into a submission: right wherever the input has one size, not to be used anywhere else."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from grader.judge.findings import Finding

__all__ = ["hardcoded_size"]

_LEAST = 3  # cases of the one size, or it may be chance
_RIGHT = frozenset({"right", "excused"})
_SIZES: tuple[Callable[[int, int], str], ...] = (
    lambda seq_l, nb_seq: f"SeqL = {seq_l}",  # noqa: ARG005
    lambda seq_l, nb_seq: f"NbSeq = {nb_seq}",  # noqa: ARG005
    lambda seq_l, nb_seq: f"SeqL = {seq_l} and NbSeq = {nb_seq}",
)


def hardcoded_size(findings: Sequence[Finding]) -> str:
    """The one size for which every case is right, `SeqL = 5`, where each other size fails; "" if there is none.

    Some call must have raised or returned another shape: a mistake of arithmetic can hide at one size too. A case that
    does not ask for a part of another shape says nothing.
    """
    asked = [finding for finding in findings if np.ndim(finding.case.args[0]) == 2]
    if not any(finding.kind in {"raised", "form"} for finding in asked):
        return ""
    misshapen = {i for finding in asked if finding.kind == "form" for i in _parts(finding)}
    asked = [finding for finding in asked if finding.kind not in _RIGHT or misshapen <= _parts(finding)]
    for size in _SIZES:
        kinds: dict[str, list[bool]] = {}
        for finding in asked:
            seq_l, nb_seq = np.shape(finding.case.args[0])
            kinds.setdefault(size(seq_l, nb_seq), []).append(finding.kind in _RIGHT)
        whole = [name for name, right in kinds.items() if all(right)]
        if len(whole) == 1 and len(kinds) > 1 and len(kinds[whole[0]]) >= _LEAST:
            return whole[0]
    return ""


def _parts(finding: Finding) -> set[int]:
    """Which parts of the answer are asked for."""
    return {i for i, part in enumerate(finding.case.parts) if part is not None}
