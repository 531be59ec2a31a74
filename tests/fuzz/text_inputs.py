"""What a student hands in: notebooks and scripts, read as the loader does, and split as the child does."""

from __future__ import annotations

import ast
import atexit
import json
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path

from mutations import damaged_bytes, damaged_json, damaged_text, damaged_tree, one_of, spliced

from grader.errors import UnreadableError
from grader.load import load_program
from grader.load.text import decode as decode_text
from grader.model import Program
from grader.sandbox.inside.parsing import parse_cells

__all__ = ["make_cell", "make_file", "read_cell", "read_file"]

_CODE = (
    "import torch\nimport helper, os.path as p\n",
    "%matplotlib inline\ndef relu(S):\n    return S.clamp(min=0)\n",
    "%%time\n!pip install x\nx = %timeit -n 3 f(1)\n",
    'def forward(X, Wxs, Wrec):\n    """S, Y"""\n    return X, X\n\nfoo?\n',
    "%%bash\nls\n",
    "@dec\nclass A:\n    pass\nelse:\n  )\nfor i in range(3):\n    print(f'{i!r:>{3}}')\n",
    "# -*- coding: latin-1 -*-\nname = 'café'\ns = '''a\n%b\n'''\n",
)


def _notebook(source):
    return {
        "cells": [
            {"cell_type": "markdown", "metadata": {}, "source": ["# Title\n", "text"]},
            *(
                {
                    "cell_type": "code",
                    "execution_count": 1,
                    "metadata": {},
                    "outputs": [{"data": {"image/png": "AA"}}],
                    "source": text,
                }
                for text in source
            ),
        ],
        "metadata": {"kernelspec": {"name": "python3", "language": "python"}, "language_info": {"name": "python"}},
        "nbformat": 4,
        "nbformat_minor": 5,
    }


_NOTEBOOKS = (
    _notebook(_CODE[:2]),
    _notebook([text.splitlines(keepends=True) for text in _CODE[1:4]]),
    {
        "worksheets": [{"cells": [{"cell_type": "code", "input": ["x=1"], "language": "python"}]}],
        "nbformat": 3,
        "metadata": {},
    },
    {"cells": [], "metadata": {"kernelspec": {"name": "ir"}}},
)
_ENCODINGS = (
    "utf-8",
    "utf-8",
    "utf-8",
    "utf-8-sig",
    "utf-16",
    "utf-16-le",
    "utf-32",
    "latin-1",
    "cp1252",
    "utf-7",
    "shift_jis",
    "iso2022_jp",
)
_COOKIES = (
    *(
        "utf-8",
        "latin-1",
        "utf-7",
        "utf-16",
        "utf-32-be",
        "utf_8_sig",
        "raw_unicode_escape",
        "unicode_escape",
        "undefined",
    ),
    *("punycode", "idna", "rot13", "hex", "zip", "base64", "mbcs", "oem", "cp65001", "..", "aliases", "x" * 3000),
    *("iso2022_jp_2", "hz", "big5hkscs", "johab", "euc_jis_2004"),
)


def _text(rng):
    text = rng.choice(_CODE) + rng.choice(_CODE)
    for _ in range(rng.randrange(4)):
        text = damaged_text(rng, text)
    return text


def _cookie(rng):
    cookie = f"#{rng.choice((' -*- ', '', ' vim: set file'))}coding{rng.choice(':=')} {rng.choice(_COOKIES)}\n"
    return cookie.encode() + _text(rng).encode(rng.choice(_ENCODINGS), "replace")


_FILES = {
    lambda rng: json.dumps(damaged_tree(rng, rng.choice(_NOTEBOOKS))).encode(): 35,
    lambda rng: damaged_json(rng, rng.choice(_NOTEBOOKS), ascii_only=rng.random() < 0.5): 20,
    lambda rng: damaged_bytes(rng, json.dumps(rng.choice(_NOTEBOOKS)).encode(rng.choice(_ENCODINGS))): 7,
    _cookie: 10,
    lambda rng: _text(rng).encode(rng.choice(_ENCODINGS), rng.choice(("replace", "backslashreplace"))): 10,
    lambda rng: damaged_bytes(rng, _text(rng).encode(rng.choice(_ENCODINGS), "replace")): 10,
    lambda rng: spliced(rng, json.dumps(rng.choice(_NOTEBOOKS)).encode(), _text(rng).encode("utf-8", "replace")): 3,
    lambda rng: rng.randbytes(rng.randrange(200)): 5,
}


def make_file(rng):
    """The first byte says which name the file has (odd: a notebook's); the rest is its content."""
    return bytes([rng.randrange(256)]) + one_of(rng, _FILES)


@cache
def _files():
    """A file of either name, in memory where there is such a place, with modules beside it; removed at the end."""
    memory = "/dev/shm"  # noqa: S108 - a folder of our own is made in it
    folder = Path(tempfile.mkdtemp(prefix="fuzz-", dir=memory if os.access(memory, os.W_OK) else None))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "helper.py").write_text("import second\n", encoding="utf-8")
    (folder / "second.py").write_bytes(b"\xff\xfe\x00")
    return folder / "hw.py", folder / "hw.ipynb"


def read_file(data):
    """Load the file; `data` as `make_file` makes it."""
    text, _ = decode_text(data[1:])  # never fails
    text.encode("utf-8")
    file = _files()[data[0] % 2]
    file.write_bytes(data[1:])
    try:
        program = load_program(file)
    except UnreadableError as error:
        if "\n" not in str(error):  # a message is one line
            return "UnreadableError"
        raise
    assert type(program) is Program
    for text in (*(cell.source for cell in program.cells), *(c.source for c in program.companions)):
        text.encode("utf-8")
        assert not {"\0", "\r"} & set(text)
    return program.kind


# ---------------------------------------------------------------------------- the child's splitter
_TAILS = ("[" * 300, "(" * 90, "-" * 2000 + "1", "\\\n" * 90, "'''", "a." * 500 + "b")


def make_cell(rng):
    """The first byte says whether it is a notebook's cell; the rest is text as the loader gives it."""
    text = _text(rng) + (rng.choice(_TAILS) if rng.random() < 0.2 else "")
    text = text.replace("\r", "\n").replace("\0", "")
    return bytes([rng.randrange(256)]) + text.encode("utf-8", "replace")


def read_cell(data):
    """Split the cell into statements; `data` as `make_cell` makes it."""
    number = 1 if data[0] % 2 else None
    parsed = parse_cells([{"source": data[1:].decode(), "number": number}])
    assert all(isinstance(statement.node, ast.stmt) for statement in parsed.statements)
    for notice in parsed.notices:
        assert set(notice) == {"code", "message", "cell", "line"}
        notice["message"].encode("utf-8")
    return "left out" if parsed.notices else "parsed"
