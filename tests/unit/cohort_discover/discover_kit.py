"""Zips and folders as learning platforms, students and attackers make them."""

from __future__ import annotations

import io
import json
import stat
import zipfile
from pathlib import Path

from grader.cohort.handins import Handed

CORRECT = "def relu(S):\n    return S * (S > 0)\n"
NOTEBOOK = json.dumps(
    {
        "cells": [
            {"cell_type": "code", "source": ["import helper\n", "def forward(X, Wxs, Wrec): ...\n"], "metadata": {}}
        ],
        "metadata": {},
        "nbformat": 4,
        "nbformat_minor": 5,
    }
)


def entry(name, *, time=(2026, 3, 1, 12, 0, 0), kind=stat.S_IFREG, deflated=True):
    info = zipfile.ZipInfo(name, time)
    info.create_system = 3
    info.external_attr = (kind | 0o644) << 16
    info.compress_type = zipfile.ZIP_DEFLATED if deflated else zipfile.ZIP_STORED
    return info


def zipped(*files):
    """Bytes of a zip: each of `files` is a name, or a ZipInfo, and its text or bytes."""
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w") as archive:
        for name, content in files:
            archive.writestr(entry(name) if isinstance(name, str) else name, content)
    return raw.getvalue()


def put(path, content=CORRECT):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def by_student(cohort):
    """Outcomes by student; there is one of each."""
    found = {hand_in.student: hand_in for hand_in in cohort.submissions}
    assert len(found) == len(cohort.submissions)
    return found


def texts(cohort):
    """What each student is to be graded for; None where there is nothing."""
    return {
        hand_in.student: hand_in.outcome.path.read_text() if isinstance(hand_in.outcome, Handed) else None
        for hand_in in cohort.submissions
    }


def files_below(folder):
    return sorted(path for path in Path(folder).rglob("*") if not path.is_dir())
