"""Cells are those that `csv` reads, and what is not set stays, byte for byte."""

from __future__ import annotations

import codecs
import csv
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from grader.errors import UsageError
from grader.gradebooks.exact_csv import read, read_sheet

BOMS = {"utf-8": codecs.BOM_UTF8, "utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}

pieces = st.sampled_from(
    [
        "a",
        "Ünal",
        "=1+1",
        "1,5",
        "'",
        '"',
        '""',
        ",",
        ";",
        "\t",
        "\r",
        "\n",
        "\r\n",
        " ",
        "漢字",
        "😀",
        "\u2028",
        "\x0b",
    ]
)
anything = st.lists(pieces, max_size=25).map("".join)
delimiters = st.sampled_from(",;\t")


def cells_of(sheet):
    return [[cell.text for cell in row] for row in sheet.rows]


def by_csv(text, delimiter):
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True))


@st.composite
def tables(draw):
    """A table written by many hands: each cell quoted or not, each line with an end of its own."""
    delimiter = draw(delimiters)
    text = ""
    for _ in range(draw(st.integers(1, 5))):
        cells = []
        for _ in range(draw(st.integers(1, 4))):
            said = "".join(draw(st.lists(pieces, max_size=4)))
            plain = not said.startswith('"') and not set(said) & {delimiter, "\r", "\n"}
            cells.append(said if plain and draw(st.booleans()) else '"' + said.replace('"', '""') + '"')
        text += delimiter.join(cells) + draw(st.sampled_from(["\n", "\r\n", "\r"]))
    encoding = draw(st.sampled_from(sorted(BOMS)))
    bom = BOMS[encoding] if encoding != "utf-8" or draw(st.booleans()) else b""
    return delimiter, text, bom, encoding


@given(anything, delimiters)
def test_any_text_is_read_as_csv_reads_it_or_refused_as_csv_refuses_it(text, delimiter):
    try:
        wanted = by_csv(text, delimiter)
    except csv.Error:
        wanted = None
    try:
        got = cells_of(read(codecs.BOM_UTF8 + text.encode(), "t.csv", delimiter=delimiter))
    except UsageError:
        assert wanted is None or not text.strip()
    else:
        assert got == wanted


@given(tables())
def test_a_table_nothing_was_set_in_is_the_same_bytes(given_table):
    delimiter, text, bom, encoding = given_table
    content = bom + text.encode(encoding)
    if text.strip():
        assert read(content, "t.csv", delimiter=delimiter).bytes() == content


@given(tables(), st.data())
def test_only_the_cells_that_are_set_change(given_table, data):
    delimiter, text, bom, encoding = given_table
    if not text.strip():
        return
    sheet = read(bom + text.encode(encoding), "t.csv", delimiter=delimiter)
    wanted = cells_of(sheet)
    places = [(row, column) for row, cells in enumerate(sheet.rows) if cells for column in range(len(cells) + 2)]
    chosen = data.draw(st.lists(st.sampled_from(places), max_size=4)) if places else []
    for row, column in chosen:
        said = data.draw(anything)
        sheet.set(row, column, said)
        assert sheet.text(row, column) == said
        if said or column < len(wanted[row]):
            wanted[row] += [""] * (column + 1 - len(wanted[row]))
            wanted[row][column] = said
    written = sheet.bytes()
    again = read(written, "t.csv", delimiter=delimiter)
    # a cell may be emptied that only its text made longer than the row was
    assert [row[: len(cells)] for row, cells in zip(wanted, cells_of(again), strict=True)] == cells_of(again)
    assert all(not any(row[len(cells) :]) for row, cells in zip(wanted, cells_of(again), strict=True))
    untouched = [row for row in range(len(sheet.rows)) if row not in {row for row, _ in chosen}]
    for row in untouched:
        assert raw(again, row) == raw(sheet, row)


def raw(sheet, row):
    cells = sheet.rows[row]
    return sheet._text[cells[0].start : cells[-1].end] if cells else ""


def test_each_byte_around_a_cell_stays():
    content = codecs.BOM_UTF8 + b'"Name", x ,Mark\r\n"O""Neil",\'=1\',""\r"a\nb",,3\n\n'
    sheet = read(content, "t.csv")
    sheet.set(1, 2, "85")
    sheet.set(2, 2, "4,5")
    assert sheet.bytes() == codecs.BOM_UTF8 + b'"Name", x ,Mark\r\n"O""Neil",\'=1\',"85"\r"a\nb",,"4,5"\n\n'


def test_a_row_that_a_spreadsheet_cut_short_is_made_as_long_as_need_be():
    sheet = read(b"a,b,c,d\n1\n2,,,\n", "t.csv")
    sheet.set(1, 2, "x")
    assert sheet.bytes() == b"a,b,c,d\n1,,x\n2,,,\n"
    sheet.set(1, 1, "y")
    sheet.set(1, 3, "z")
    assert sheet.bytes() == b"a,b,c,d\n1,y,x,z\n2,,,\n"
    with pytest.raises(ValueError, match="empty line"):
        read(b"a,b\n\n1,2\n", "t.csv").set(1, 0, "x")


@pytest.mark.parametrize("said", ["nul \0", "lone \ud800"])
@pytest.mark.parametrize("encoding", sorted(BOMS))
def test_what_cannot_be_written_is_refused_when_it_is_set(said, encoding):
    sheet = read(BOMS[encoding] + "a,b\n".encode(encoding), "t.csv")
    with pytest.raises(ValueError, match=r"NUL|surrogates"):
        sheet.set(0, 0, said)


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_utf_16_is_known_without_its_mark(encoding):
    content = "Name\tNote\r\nÖztürk\t\r\n".encode(encoding)
    sheet = read(content, "t.csv")
    assert cells_of(sheet) == [["Name", "Note"], ["Öztürk", ""]]
    assert sheet.bytes() == content


@pytest.mark.parametrize(
    ("text", "delimiter"),
    [
        ("Student,ID,HW; part 1\nA,1,\n", ","),
        ("Student;ID;HW, part 1, 2, and 3\nA;1;\n", ";"),
        ("Student\tID\tHW, a; b\nA\t1\t\n", "\t"),
        ('"a,b";c\n"d,e,f";g\n', ";"),
        ("one\ntwo\n", ","),
    ],
)
def test_the_delimiter_is_found(text, delimiter):
    assert read(text.encode(), "t.csv").delimiter == delimiter


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "t.csv: empty"),
        (codecs.BOM_UTF16_LE, "t.csv: empty"),
        (b"a,b\r\n\xdcnal,1\r\n", "t.csv:2: neither UTF-8 nor UTF-16: save it as “CSV UTF-8”"),
        (b'a,b\n"x\ny",1\n"c,2\n', "t.csv:4: a quote is opened and never closed"),
        (b'a,b\n"x"y,1\n', "t.csv:2: something stands behind a closed quote: quotes inside a cell are written twice"),
        (b"a,b\nxyz\0,1\n", "t.csv:2: a NUL character: no table of text"),
        (codecs.BOM_UTF16_LE + b"a\x00,\x00\x00\xd8", "t.csv:1: neither UTF-8 nor UTF-16: save it as “CSV UTF-8”"),
    ],
)
def test_what_is_no_table_is_refused_by_line(content, says):
    with pytest.raises(UsageError) as caught:
        read(content, "t.csv")
    assert str(caught.value) == says


def test_lines_count_those_inside_cells():
    sheet = read(b'a,b\r\n"x\r\ny\rz",1\n\nlast,2', "t.csv")
    assert [sheet.line(row) for row in (0, 1, 3)] == [1, 2, 6]
    assert sheet.texts(3) == ["last", "2"]


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UsageError, match=r"none\.csv: cannot be read: No such file"):
        read_sheet(tmp_path / "none.csv")
