"""What is written in any supported dialect reads back equal, and no bytes bring the reader down."""

import csv
import io
import json
import tempfile
from itertools import product
from pathlib import Path
from xml.sax.saxutils import escape

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from core.table import Place
from federation.readers import ReadLimits, errors, read
from federation.readers.csv import read_csv
from tests.federation.readers import factories as f

DELIMITERS = (",", ";", "\t", "|", " ", ", ", "^", "~")
QUOTES = ('"', "'")
ENDS = ("\n", "\r\n", "\r")
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252")

WORDS = st.sampled_from(
    ["Pati", "Kab. Kudus", "Kota Semarang", "Pasar Johar", "beras medium", "cabai, rawit", "a;b", "x|y", "d'Orsay", "é"]
)
QUOTED = st.sampled_from(['kata "baik" sekali', "tab\tdi dalam", "dua\nbaris", "akhir\\", "'petik'", '"awal'])
TEXTS = st.one_of(WORDS, WORDS, WORDS, QUOTED)
NUMBERS = st.one_of(
    st.integers(0, 10**9).map(str), st.decimals(0, 10**6, places=2).map(str), st.just("1.234,56"), st.just("33.10")
)
DATES = st.dates().map(lambda d: d.isoformat())
SETTINGS = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@st.composite
def tables(draw: st.DrawFn) -> tuple[list[str], list[list[str]]]:
    """A header of words and rows of which each column holds one kind of thing, as tables do."""
    kinds = draw(st.lists(st.sampled_from([TEXTS, NUMBERS, DATES]), min_size=1, max_size=5))
    columns = [DATES, NUMBERS, *kinds]
    header = [f"kolom {chr(97 + i)}" for i in range(len(columns))]
    rows = draw(st.lists(st.tuples(*columns), min_size=3, max_size=12))
    return header, [list(row) for row in rows]


def written(content: list[list[str]], delimiter: str, quote: str, end: str, *, escape: bool, every: bool) -> str:
    """The content as Python's own writer writes it; `, ` is a comma with a space put behind."""
    out = io.StringIO()
    writer = csv.writer(
        out,
        delimiter=delimiter[0],
        quotechar=quote,
        lineterminator=end,
        doublequote=not escape,
        escapechar="\\" if escape else None,
        quoting=csv.QUOTE_ALL if every else csv.QUOTE_MINIMAL,
    )
    if delimiter != ", ":
        writer.writerows(content)
        return out.getvalue()
    lines = []
    for row in content:
        cells = []
        for cell in row:
            out.seek(0)
            out.truncate()
            writer.writerow([cell])
            cells.append(out.getvalue().removesuffix(end))
        lines.append(", ".join(cells))
    return end.join(lines) + end


@SETTINGS
@given(
    table=tables(),
    dialect=st.sampled_from(list(product(DELIMITERS, QUOTES, ENDS, ENCODINGS))),
    escape=st.booleans(),
    every=st.booleans(),
)
def test_what_is_written_in_any_dialect_reads_back_equal(
    table: tuple[list[str], list[list[str]]], dialect: tuple[str, str, str, str], *, escape: bool, every: bool
) -> None:
    header, rows = table
    delimiter, quote, end, encoding = dialect
    rows = [[cell.replace("\n", end) for cell in row] for row in rows]
    if escape:  # a writer with an escape character writes one before itself only where it must
        assume(all("\\" not in cell for row in rows for cell in row))
    if quote == "'" or delimiter == " ":  # such files quote their texts, or nobody could tell
        every = True
    text = written([header, *rows], delimiter, quote, end, escape=escape, every=every)
    with tempfile.TemporaryDirectory() as folder:
        got = f.only(f.read_bytes(Path(folder), text.encode(encoding)))
    assert list(got.columns) == header, got.dialect
    assert [[cell or "" for cell in row] for row in f.rows(got)] == rows, got.dialect


@SETTINGS
@given(table=tables())
def test_records_written_as_json_read_back_equal(table: tuple[list[str], list[list[str]]]) -> None:
    header, rows = table
    text = json.dumps([dict(zip(header, row, strict=True)) for row in rows], ensure_ascii=False)
    with tempfile.TemporaryDirectory() as folder:
        got = f.only(f.read_bytes(Path(folder), text, "data.json"))
    assert list(got.columns) == header
    assert [list(row) for row in f.rows(got)] == rows


@SETTINGS
@given(table=tables())
def test_rows_written_as_a_workbook_read_back_equal(table: tuple[list[str], list[list[str]]]) -> None:
    header, rows = table
    with tempfile.TemporaryDirectory() as folder:
        got = f.only(f.read_bytes(Path(folder), f.xlsx([header, *rows]), "data.xlsx"))
    assert list(got.columns) == header
    assert [list(row) for row in f.rows(got)] == rows


@SETTINGS
@given(table=tables())
def test_rows_written_as_an_open_document_read_back_equal(table: tuple[list[str], list[list[str]]]) -> None:
    header, rows = table

    def cell(text: str) -> str:
        inner = escape(text.replace("\t", " ")).replace("\n", "</text:p><text:p>")
        return f'<table:table-cell office:value-type="string"><text:p>{inner}</text:p></table:table-cell>'

    sheet = "".join(f"<table:table-row>{''.join(map(cell, row))}</table:table-row>" for row in [header, *rows])
    with tempfile.TemporaryDirectory() as folder:
        got = f.only(f.read_bytes(Path(folder), f.ods(sheet), "data.ods"))
    assert list(got.columns) == header
    assert [list(row) for row in f.rows(got)] == [[text.replace("\t", " ") for text in row] for row in rows]


@SETTINGS
@given(
    table=tables(),
    delimiter=st.sampled_from([",", ";", "\t"]),
    holes=st.sets(st.tuples(st.integers(0, 11), st.integers(2, 6))),
    above=st.booleans(),
    below=st.booleans(),
)
def test_blank_cells_titles_and_footnotes_change_no_row(
    table: tuple[list[str], list[list[str]]], delimiter: str, holes: set[tuple[int, int]], *, above: bool, below: bool
) -> None:
    header, rows = table
    rows = [["" if (i, j) in holes else cell for j, cell in enumerate(row)] for i, row in enumerate(rows)]
    assume(all(any(row[j] for row in rows) for j in range(len(header))))
    text = written([header, *rows], delimiter, '"', "\n", escape=False, every=False)
    text = ("Data Harga Pangan\nTahun 2024\n\n" if above else "") + text + ("\nSumber: Dinas Pangan\n" if below else "")
    with tempfile.TemporaryDirectory() as folder:
        got = f.only(f.read_bytes(Path(folder), text))
    assert list(got.columns) == header
    assert [[cell or "" for cell in row] for row in f.rows(got)] == rows


def spelled(table: pa.Table) -> pa.Table:
    """The table with every text written out, where words recur as well."""
    return pa.table(
        {name: column.cast(pa.string()) for name, column in zip(table.schema.names, table.columns, strict=True)}
    )


# Its examples are long on purpose, and shrinking them would take minutes.
@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(
    table=tables(),
    delimiter=st.sampled_from([",", ";", "\t", "|"]),
    end=st.sampled_from(["\n", "\r\n"]),
    tail=st.sampled_from(["", "TOTAL", "Sumber: BPS", "kurang", "\n\n"]),
    step=st.sampled_from([40_000, 1 << 30]),  # in many pieces, or in one
    strays=st.lists(
        st.tuples(st.integers(0, 10_000), st.sampled_from(["short", "long", "blank", "header", "total"])), max_size=3
    ),
    uneven=st.sampled_from([0, 0, 2, 3, 7]),
)
def test_parsing_in_bulk_gives_the_very_table_that_our_own_parser_gives(
    table: tuple[list[str], list[list[str]]],
    delimiter: str,
    end: str,
    tail: str,
    step: int,
    strays: list[tuple[int, str]],
    uneven: int,
) -> None:
    header, rows = table
    body = [*rows] * max(1, 9000 // len(rows))  # long enough for a beginning, a middle and an end
    if uneven:  # throughout, as hand-made exports leave out their last cells
        body = [row[: 1 + i % len(row)] if i % uneven == 0 else row for i, row in enumerate(body)]
    odd = {
        "short": ["33.74"],
        "long": [*rows[0], "lebih", "", "lagi\ndan lagi"],
        "blank": [""] * len(header),
        "header": header,
        "total": ["Jumlah", "1"],
    }
    for at, what in strays:
        body.insert(at % len(body), odd[what])
    text = written([header, *body], delimiter, '"', end, escape=False, every=False) + tail
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "landed"
        path.write_bytes(text.encode())
        place = Place("data.csv")
        bulk, bulk_notes = read_csv(path, "data", place, ReadLimits(), bulk_from=0, step=step)
        slow, slow_notes = read_csv(path, "data", place, ReadLimits(), bulk_from=1 << 40)
    assert len(bulk) == len(slow)
    assert bulk_notes == slow_notes
    for one, other in zip(bulk, slow, strict=True):
        assert one.columns == other.columns
        assert spelled(one.data).equals(spelled(other.data))
        assert one.row_numbers.equals(other.row_numbers)
        assert (one.title, one.footnotes, one.dialect) == (other.title, other.footnotes, other.dialect)
        assert {n.code: n.values for n in one.notes} == {n.code: n.values for n in other.notes}


PIECES = st.sampled_from(
    [
        b",",
        b";",
        b"\t",
        b"|",
        b'"',
        b"'",
        b"\\",
        b"\n",
        b"\r",
        b"\r\n",
        b" ",
        b"\0",
        b"a",
        b"Kota",
        b"12",
        b"1,5",
        b"{",
        b"[",
    ]
)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(pieces=st.lists(PIECES, max_size=60), name=st.sampled_from(["a.csv", "a.json", "a.xlsx", "a"]))
def test_no_sequence_of_bytes_ends_in_anything_but_a_table_or_a_reason(pieces: list[bytes], name: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "landed"
        path.write_bytes(b"".join(pieces))
        try:
            result = read(path, name)
        except errors.Unreadable as error:
            assert error.what("id")
            return
        for table in result.tables:
            assert len(table.row_numbers) == len(table)
            assert len(set(table.columns)) == len(table.columns)


@pytest.mark.parametrize("cut", range(0, 4000, 97))
def test_a_workbook_cut_anywhere_ends_in_a_reason(tmp_path: Path, cut: int) -> None:
    book = f.xlsx([["kode", "nilai"], ["33.74", 5]])[:cut]
    with pytest.raises(errors.Unreadable):
        f.read_bytes(tmp_path, book, "rusak.xlsx")
