"""F17: a formula without a stored value, or with an error for one, is an empty cell and a remark that names it."""

from pathlib import Path

from tests.federation.readers import factories as f


def test_F17_formulas_without_value_and_with_errors_are_empty_and_named(tmp_path: Path) -> None:
    body = (
        f'<row r="1">{f.inline("A1", "kode")}{f.inline("B1", "jumlah")}{f.inline("C1", "rasio")}</row>'
        f'<row r="2">{f.inline("A2", "33.74")}<c r="B2"><f>SUM(D1:D9)</f><v></v></c>'
        '<c r="C2" t="e"><f>1/0</f><v>#DIV/0!</v></c></row>'
        f'<row r="3">{f.inline("A3", "33.22")}<c r="B3"><f>1+1</f><v>2</v></c><c r="C3" t="e"><v>#REF!</v></c></row>'
        f'<row r="4">{f.inline("A4", "33.19")}<c r="B4" t="str"><f>""</f><v></v></c><c r="C4"><v>0.5</v></c></row>'
    )
    table = f.only(f.read_bytes(tmp_path, f.raw_xlsx(f.worksheet(body)), "rumus.xlsx"))
    assert f.rows(table) == [("33.74", None, None), ("33.22", "2", None), ("33.19", None, "0.5")]
    assert f.note(table, "reader.formulas_empty") == {"cells": "B2", "count": "1"}
    assert f.note(table, "reader.cell_errors") == {"cells": "C2, C3", "count": "2"}
