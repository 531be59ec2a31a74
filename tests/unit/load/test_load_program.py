"""Scripts and notebooks as they really arrive: every encoding, every notebook version, and much that is neither."""

import hashlib
import json
import os
import socket
import sys

import nbformat
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from grader.errors import UnreadableError
from grader.load import load_program
from grader.model import Cell, Program

GREETING = "# naïve - € ☃\nx = 'é'\n"


def notebook(*sources, **changes):
    """An nbformat 4.4 notebook, as a dict to spoil."""
    cells = [{"cell_type": "code", "execution_count": 1, "metadata": {}, "outputs": [], "source": s} for s in sources]
    return {"cells": cells, "metadata": {}, "nbformat": 4, "nbformat_minor": 4, **changes}


@pytest.fixture(name="load")
def _load(tmp_path):
    def load(content, name="hw.py", **options):
        path = tmp_path / name
        if isinstance(content, dict):
            content = json.dumps(content)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return load_program(path, **options)

    return load


def sources(program):
    return [cell.source for cell in program.cells]


def codes(program):
    return [notice.code for notice in program.notices]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_unicode_scripts_are_read_by_their_mark(load, encoding):
    program = load(GREETING.encode(encoding))
    assert program.cells == (Cell(GREETING),)
    assert program.notices == ()


@pytest.mark.parametrize("order", ["le", "be"])
def test_both_byte_orders_are_read(load, order):
    assert sources(load("\ufeffx = 'é'\n".encode(f"utf-16-{order}"))) == ["x = 'é'\n"]


@pytest.mark.parametrize("encoding", ["latin-1", "cp1252", "koi8-r", "shift_jis", "gb18030", "mac-roman", "iso8859-15"])
def test_a_declared_encoding_is_believed(load, encoding):
    text = f"#!/usr/bin/python\n# -*- coding: {encoding} -*-\nx = '{'д' if encoding == 'koi8-r' else 'x'}'\n"
    program = load(text.encode(encoding))
    assert sources(program) == [text]
    assert program.notices == ()


@pytest.mark.parametrize("encoding", ["punycode", "idna", "rot13", "zlib", "no-such", "unicode_escape", "ascii"])
def test_a_declaration_that_does_not_fit_is_noted(load, encoding):
    program = load(f"# coding: {encoding}\nx = 'é'\n")
    assert sources(program) == [f"# coding: {encoding}\nx = 'é'\n"]
    assert codes(program) == ["load.encoding"]


@pytest.mark.parametrize(("byte", "character"), [(b"\xe9", "é"), (b"\x80", "€"), (b"\xe9\x81", "é\x81")])
def test_undeclared_legacy_encodings_are_guessed_with_a_notice(load, byte, character):
    program = load(b"x = '" + byte + b"'\n")
    assert sources(program) == [f"x = '{character}'\n"]
    assert codes(program) == ["load.encoding"]


def test_a_mark_that_the_bytes_contradict_is_noted(load):
    program = load(b"\xef\xbb\xbfx = '\xe9'\n")
    assert sources(program) == ["x = '\ufffd'\n"]
    assert codes(program) == ["load.encoding"]


def test_line_ends_become_lf_and_nuls_go(load):
    program = load(b"a = 1\r\nb = 2\rc = 3\x00\n")
    assert sources(program) == ["a = 1\nb = 2\nc = 3\n"]
    assert codes(program) == ["load.nul_bytes"]


def test_percent_cells_stay_one_script(load):
    program = load("# %% one\na = 1\n# %%\nb = 2\n")
    assert program.kind == "script"
    assert [cell.number for cell in program.cells] == [None]


def test_the_hash_is_of_the_bytes_on_disk(load):
    content = b"\xef\xbb\xbfa = 1\r\n"
    assert load(content).sha256 == hashlib.sha256(content).hexdigest()


@pytest.mark.parametrize("minor", [0, 2, 4, 5])
def test_notebooks_of_version_4_as_nbformat_writes_them(load, minor):
    new = nbformat.v4
    book = new.new_notebook(
        cells=[new.new_markdown_cell("# text"), new.new_code_cell("a = 1\nb = 2"), new.new_raw_cell("x")],
        metadata={"kernelspec": {"name": "anything", "display_name": "Py", "language": "python"}},
    )
    book.cells.append(new.new_code_cell("c = 'é'", outputs=[new.new_output("stream", text="out")]))
    book.nbformat_minor = minor
    if minor < 5:
        for cell in book.cells:
            del cell["id"]
    program = load(nbformat.writes(book), "hw.ipynb")
    assert program.kind == "notebook"
    assert program.cells == (Cell("a = 1\nb = 2", 1), Cell("c = 'é'", 2))
    assert program.notices == ()


def test_notebooks_of_version_3_as_nbformat_writes_them(load):
    new = nbformat.v3
    sheet = new.new_worksheet(cells=[new.new_text_cell("markdown", "x"), new.new_code_cell("a = 1\nb = 2")])
    program = load(nbformat.v3.writes_json(new.new_notebook(worksheets=[sheet])), "hw.ipynb")
    assert program.cells == (Cell("a = 1\nb = 2", 1),)


@pytest.mark.parametrize(
    "source",
    ["a = 1\nb = 2", ["a = 1\n", "b = 2"], ["a = 1", "b = 2"], ["a = 1\n", 7, "b = 2"], "a = 1\r\nb = 2"],
)
def test_sources_of_every_form_are_read(load, source):
    assert sources(load(notebook(source), "hw.ipynb")) == ["a = 1\nb = 2"]


def test_invalid_notebooks_are_read_as_far_as_they_go(load):
    book = notebook("a = 1", "  \n", "\ud800 = 1", nbformat="x", metadata=[1])
    book["cells"][0] = {"cell_type": "code", "source": "a = 1"}
    book["cells"] += [7, None, {"cell_type": "code"}, {"cell_type": "code", "source": {"x": 1}}, {"source": "no"}]
    program = load(json.dumps(book) + "\n}]trailing", "hw.ipynb")
    assert program.cells == (Cell("a = 1", 1), Cell("\ufffd = 1", 2))
    assert codes(program) == ["load.unreadable_cell"] * 2


def test_a_notebook_with_control_characters_in_strings_is_read(load):
    assert sources(load('\n {"cells": [{"cell_type": "code", "source": "a = 1\n\tb"}]}', "hw.ipynb")) == ["a = 1\n\tb"]


def test_content_decides_not_the_name(load):
    as_script = load(notebook("a = 1"), "hw.py")
    assert (as_script.kind, codes(as_script)) == ("notebook", ["load.renamed"])
    as_notebook = load("import math\n", "hw.ipynb")
    assert (as_notebook.kind, codes(as_notebook)) == ("script", ["load.renamed"])
    assert load('{"cells": x for x in y}\n', "hw.py").kind == "script"
    assert load('{"a": 1}\n', "hw.py").kind == "script"


def test_a_large_notebook_of_outputs_is_read(load):
    book = notebook("a = 1")
    book["cells"][0]["outputs"] = [{"output_type": "stream", "text": "x" * 50_000_000}]
    assert sources(load(book, "hw.ipynb")) == ["a = 1"]


UNREADABLE = {
    "empty": (b"", "hw.py", "holds nothing to grade"),
    "blank": (b" \n\n", "hw.py", "holds nothing to grade"),
    "no code cells": (notebook(), "hw.ipynb", "no code cells"),
    "empty cells": (notebook("", " "), "hw.ipynb", "no code cells"),
    "empty notebook": (b"", "hw.ipynb", "holds nothing to grade"),
    "picture": (b"\x89PNG\r\n\x1a\n" + bytes(99), "hw.ipynb", "a PNG picture"),
    "picture named py": (b"\xff\xd8\xff\xe0" + bytes(99), "hw.py", "a JPEG picture"),
    "archive": (b"PK\x03\x04aaa", "hw.ipynb", "zip archive"),
    "binary": (bytes(range(256)) * 9, "hw.py", "binary data"),
    "web page": (b"\n<!DOCTYPE html><html>", "hw.ipynb", "a web page"),
    "cut short": (b'{"cells": [{"cell_type": "code", "sou', "hw.ipynb", "JSON is broken"),
    "lone brace": (b"{", "hw.ipynb", "JSON is broken"),
    "other JSON": (b'{"a": 1}', "hw.ipynb", "not a notebook"),
    "cells of no kind": (b'{"cells": 5}', "hw.ipynb", "no code cells"),
    "nested": (b'{"cells": ' + b"[" * 200_000 + b"]" * 200_000 + b"}", "hw.ipynb", "nested too deeply"),
    "JSON bomb": (b'{"cells": [' + b"[]," * 2_100_000 + b"0]}", "hw.ipynb", "too much JSON"),
    "R": (notebook("x <- 1", metadata={"kernelspec": {"name": "ir", "language": "R"}}), "hw.ipynb", "in R, not"),
    "R by name": (notebook("x", metadata={"kernelspec": {"name": "ir"}}), "hw.ipynb", "in R, not"),
    "Julia": (notebook("x", metadata={"language_info": {"name": "julia"}}), "hw.ipynb", "in julia, not"),
    "much code": (b"x = 1\n" * 400_000, "hw.py", "more than 2 MB"),
    "much code in cells": (notebook(*["x = 1\n" * 40_000] * 10), "hw.ipynb", "more than 2 MB"),
}


@pytest.mark.parametrize(("content", "name", "message"), UNREADABLE.values(), ids=UNREADABLE.keys())
def test_what_cannot_be_graded_is_one_clear_line(load, content, name, message):
    with pytest.raises(UnreadableError) as caught:
        load(content, name)
    text = str(caught.value)
    assert name in text
    assert message in text
    assert text.isprintable()


def test_a_huge_number_in_a_notebook_costs_no_time(load):
    text = json.dumps(notebook("a = 1"))[:-1] + ', "n": ' + "9" * 1_000_000 + "}"
    assert sources(load(text, "hw.ipynb")) == ["a = 1"]


def test_a_file_beyond_the_limit_is_refused(tmp_path):
    path = tmp_path / "hw.ipynb"
    with path.open("wb") as file:
        file.truncate(65 * 2**20)
    with pytest.raises(UnreadableError, match="larger than 64 MB"):
        load_program(path)


def test_python_wins_where_the_metadata_disagree(load):
    metadata = {"kernelspec": {"language": "python"}, "language_info": {"name": "sql"}}
    assert load(notebook("a = 1", metadata=metadata), "hw.ipynb").kind == "notebook"


def test_what_is_no_regular_file_is_refused_without_blocking(tmp_path):
    os.mkfifo(tmp_path / "pipe.py")
    (tmp_path / "loop.py").symlink_to("loop.py")
    (tmp_path / "gone.py").symlink_to("nowhere.py")
    cases = {
        tmp_path: "a folder",
        tmp_path / "pipe.py": "a pipe",
        tmp_path / "loop.py": "leads back to itself",
        tmp_path / "gone.py": "no such file",
        tmp_path / "none.py": "no such file",
        tmp_path / "none.py" / "x.py": "no such file",
        "/dev/zero": "a device",
        "/dev/stdin/x": "no such file",
        "a\0b": "no valid path",
        tmp_path / ("x" * 300 + ".py"): "cannot be read",
    }
    for path, message in cases.items():
        with pytest.raises(UnreadableError, match=message) as caught:
            load_program(path)
        assert str(caught.value).isprintable()


def test_a_socket_is_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)  # the path of a socket is short
    with socket.socket(socket.AF_UNIX) as server:
        server.bind("s.py")
        with pytest.raises(UnreadableError, match="a socket"):
            load_program("s.py")


def test_a_file_without_permission_is_refused(load, monkeypatch):
    def refuse(*_args, **_kwargs):  # as root, no mode would
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("grader.load.files.os.open", refuse)
    with pytest.raises(UnreadableError, match="may not be read: check its permissions"):
        load("a = 1\n")


def test_names_that_cannot_be_printed_are_shown_on_one_line(tmp_path):
    path = os.path.join(os.fsencode(tmp_path), b"a\n\xff.py")  # noqa: PTH118 -- Path has no bytes
    with open(path, "w") as file:  # noqa: PTH123 -- the same
        file.write("a = 1\n")
    program = load_program(os.fsdecode(path))
    assert program.path.endswith("a\ufffd\ufffd.py")


def companions(program):
    return {companion.name: companion.source for companion in program.companions}


def test_modules_beside_the_submission_come_along_transitively(load, tmp_path):
    (tmp_path / "helpers.py").write_bytes(b"\xef\xbb\xbffrom more import x\r\n")
    (tmp_path / "more.py").write_text("x = 1\n")
    (tmp_path / "unused.py").write_text("x = 1\n")
    package = tmp_path / "package"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "inner.py").write_text("import late\n")
    (package / "deep").mkdir()
    (tmp_path / "late.py").write_text("y = 2\n")
    text = "import os, helpers as h\n\nif 1:\n    from package.inner import x\n# import unused\nimport hw\n"
    expected = {
        "helpers": "from more import x\n",
        "late": "y = 2\n",
        "more": "x = 1\n",
        "package": "",
        "package.inner": "import late\n",
    }
    assert companions(load(text)) == expected
    assert companions(load(notebook(text), "hw.ipynb")) == expected | {"hw": text}
    assert companions(load(text, companions=False)) == {}


def test_what_a_notebook_writes_comes_along_before_what_lies_beside(load, tmp_path):
    (tmp_path / "lib.py").write_text("x = 0\n")
    (tmp_path / "other.py").write_text("y = 1\n")
    cells = ("%%writefile lib.py\nimport other\n", "%%file -a lib.py\nx = 1\n", "%run -i ./lib.py")
    assert companions(load(notebook(*cells), "hw.ipynb")) == {"lib": "import other\n\nx = 1\n", "other": "y = 1\n"}
    assert companions(load(notebook(*cells), "hw.ipynb", companions=False)) == {"lib": "import other\n\nx = 1\n"}


def test_what_a_notebook_writes_and_nobody_imports_runs_where_it_stands(load):
    cells = ("%%writefile lib.py\nx = 1\n", "%%writefile code.py\ny = 1\n", "import code, other\n")
    program = load(notebook(*cells), "hw.ipynb")
    assert companions(program) == {}
    assert sources(program) == ["\nx = 1\n", "\ny = 1\n", "import code, other\n"]


def test_names_of_libraries_are_never_companions(load, tmp_path):
    names = ["json", "torch", "numpy", "grader", "reference", "student_template", "sys", "submission"]
    for name in names:
        (tmp_path / f"{name}.py").write_text("x = 1\n")
    assert companions(load(f"import {', '.join(names)}\n")) == {}
    assert "json" in sys.stdlib_module_names


def test_other_submissions_and_links_that_leave_the_folder_stay_out(load, tmp_path, tmp_path_factory):
    outside = tmp_path_factory.mktemp("outside") / "secret.py"
    outside.write_text("x = 1\n")
    (tmp_path / "leaves.py").symlink_to(outside)
    (tmp_path / "loops.py").symlink_to("loops.py")
    (tmp_path / "stays.py").symlink_to("real.py")
    (tmp_path / "real.py").write_text("y = 1\n")
    (tmp_path / "bob.py").write_text("z = 1\n")
    (tmp_path / "alias.py").symlink_to("bob.py")
    (tmp_path / "folder.py").mkdir()
    os.mkfifo(tmp_path / "pipe.py")
    text = "import leaves, loops, stays, bob, alias, folder, pipe\n"
    assert companions(load(text, exclude=frozenset({tmp_path / "bob.py"}))) == {"stays": "y = 1\n"}


def test_companions_share_a_megabyte_and_say_what_was_left(load, tmp_path):
    for name in ("a1", "b1", "c1"):
        (tmp_path / f"{name}.py").write_text("#" * 450_000)
    (tmp_path / "picture.py").write_bytes(b"\x89PNG")
    program = load("import a1, b1, c1, picture\n")
    assert list(companions(program)) == ["a1", "b1"]
    assert codes(program) == ["load.companion_skipped"] * 2


MUTABLE = json.dumps(notebook(["a = 1\n", "b"], "c", metadata={"kernelspec": {"language": "python"}})).encode()


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    edits=st.lists(st.tuples(st.integers(0, len(MUTABLE)), st.integers(0, 9), st.binary(max_size=6)), max_size=4),
    name=st.sampled_from(["hw.ipynb", "hw.py"]),
)
@example(edits=[(0, 0, b"\xff\xfe")], name="hw.ipynb")
@example(edits=[(30, 0, b"\\ud800")], name="hw.ipynb")
def test_any_bytes_give_a_program_or_one_clear_line(tmp_path, edits, name):
    content = MUTABLE
    for start, length, new in edits:
        content = content[:start] + new + content[start + length :]
    path = tmp_path / name
    path.write_bytes(content)
    try:
        program = load_program(path)
    except UnreadableError as error:
        assert str(error).isprintable()  # noqa: PT017 -- either outcome is right
    else:
        assert isinstance(program, Program)
        assert any(cell.source.strip() for cell in program.cells)
        for cell in program.cells:
            cell.source.encode()
            assert "\r" not in cell.source
            assert "\0" not in cell.source
