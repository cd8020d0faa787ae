"""F16: macros are not run and links not followed; the stored values are read and both are remarked."""

from pathlib import Path

from tests.federation.readers import factories as f


def test_F16_the_values_are_read_and_macros_and_links_are_remarked(tmp_path: Path) -> None:
    body = f'<row r="1">{f.inline("A1", "kode")}{f.inline("B1", "nilai")}</row><row r="2">{f.inline("A2", "33.74")}'
    body += '<c r="B2"><f>[1]Lain!A1</f><v>7</v></c></row>'
    book = f.raw_xlsx(
        f.worksheet(body), {"xl/vbaProject.bin": b"makro", "xl/externalLinks/externalLink1.xml": "<externalLink/>"}
    )
    result = f.read_bytes(tmp_path, book, "makro.xlsm")
    assert f.rows(f.only(result)) == [("33.74", "7")]
    assert {"reader.macros", "reader.external_links"} <= f.codes(result)
