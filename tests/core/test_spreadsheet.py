"""Text that goes out to a spreadsheet stays text, whatever it looks like."""

import io

import openpyxl
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from core.spreadsheet import LONGEST, formula_like, put_text, writable


def written(text: str) -> openpyxl.cell.Cell:
    """The cell as it stands in a file, which keeps what looks like a formula apart from text."""
    book = openpyxl.Workbook()
    put_text(book.worksheets[0]["A1"], text)
    out = io.BytesIO()
    book.save(out)
    found = openpyxl.load_workbook(io.BytesIO(out.getvalue())).worksheets[0]["A1"]
    assert isinstance(found, openpyxl.cell.Cell)
    return found


@given(st.text(alphabet=st.characters(exclude_characters="\r_"), min_size=1))
@example("=1+1")
@example("#N/A")
@example("00123")
@example("2026-01-01")
def test_F28_any_text_is_read_back_as_the_text_it_was(text: str) -> None:
    found = written(text)
    assert (found.value, found.data_type) == (writable(text), "s")
    assert bool(found.quotePrefix) == formula_like(text)


@pytest.mark.parametrize("sign", ["\x00", "\x0b", "\x1f", "\ud800", "\uffff"])
def test_a_sign_that_no_workbook_can_hold_is_replaced(sign: str) -> None:
    assert written(f"a{sign}b").value == "a\ufffdb"


def test_a_text_ends_where_a_cell_does_and_an_empty_one_fills_none() -> None:
    assert len(str(written("x" * (LONGEST + 1)).value)) == LONGEST
    assert written("").value is None
