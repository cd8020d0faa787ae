"""`sep=;` as Excel writes it first: it states the delimiter and is no row of the table."""

from pathlib import Path

import pytest

from tests.federation.readers import factories as f


@pytest.mark.parametrize(("line", "delimiter"), [("sep=;", ";"), ('"sep=,"', ","), ("SEP=^", "^"), ("sep=\t", "\t")])
def test_the_line_states_the_delimiter_and_is_not_seen(tmp_path: Path, line: str, delimiter: str) -> None:
    text = "\r\n".join([line, delimiter.join(["kab", "harga"]), delimiter.join(["Pati", "1,5"])]) + "\r\n"
    text = text.replace("1,5", '"1,5"') if delimiter == "," else text
    table = f.only(f.read_bytes(tmp_path, text))
    assert (table.columns, f.rows(table), table.title) == (("kab", "harga"), [("Pati", "1,5")], None)
    assert table.row_numbers.to_pylist() == [3]
    assert table.dialect["delimiter"] == delimiter


def test_a_large_file_with_the_line_is_read_alike(tmp_path: Path) -> None:
    body = "".join(f"{i};Kab {i % 35};{i * 10}\n" for i in range(90_000))
    table = f.only(f.read_bytes(tmp_path, "sep=;\nno;nama;harga\n" + body))
    assert table.columns == ("no", "nama", "harga") and len(table) == 90_000
    assert table.title is None and table.row_numbers[0].as_py() == 3
