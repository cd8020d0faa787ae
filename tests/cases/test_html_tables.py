"""Web pages that are tables under the name of a workbook; pages that are no data stay none."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.readers import ReadLimits, errors, read
from federation.readers.html import _tokens
from tests.federation.readers import factories as f

OFFICE = '<html xmlns:x="urn:schemas-microsoft-com:office:excel"><head><style>td{color:red}</style></head><body>'


def test_spans_become_the_header_that_a_person_sees(tmp_path: Path) -> None:
    page = (
        f"{OFFICE}<h3>DATA UMKM</h3><table border=1><thead><tr><th rowspan=2>No<th rowspan=2>Kecamatan<th colspan='2'>Jumlah"
        "</tr><tr><th>L<th>P</thead><tr><td>1<td>Juwana &amp; Tayu<td>10<td>11</td></tr>"
        "<tr><td>2</td><td>Gabus<br>Barat</td><td>12</td><td>13</td></tr></table><p>Sumber: Dinas</body></html>"
    )
    result = f.read_bytes(tmp_path, page, "umkm.xls")
    table = f.only(result)
    assert table.columns == ("No", "Kecamatan", "Jumlah L", "Jumlah P")
    assert f.rows(table) == [("1", "Juwana & Tayu", "10", "11"), ("2", "Gabus Barat", "12", "13")]
    assert (table.title, table.footnotes) == ("DATA UMKM", ("Sumber: Dinas",))
    assert f.note(result, "reader.extension_lies") == {"extension": ".xls", "kind": "html"}


def test_a_tall_cell_reaches_over_the_rows_beside_it(tmp_path: Path) -> None:
    page = "<table><tr><th>Kec<th>Desa<th>Jiwa<tr><td rowspan=2>Juwana<td>A<td>1<tr><td>B<td>2<tr><td>Tayu<td>C<td>3</table>"
    table = f.only(f.read_bytes(tmp_path, page.encode("utf-16"), "a.xls"))
    assert f.rows(table) == [("Juwana", "A", "1"), ("Juwana", "B", "2"), ("Tayu", "C", "3")]
    assert "reader.merged_filled" in f.codes(table)


def test_tables_that_lay_out_others_are_looked_into(tmp_path: Path) -> None:
    page = (
        "<html><body><table><tr><td><table><tr><td>BIDANG : </td><td>UMUM</td></tr></table></td></tr><tr><td>"
        "<table><tr><th>Jenis<th>2021<th>2022<th>2023</tr><tr><td>SMP<td>1<td>2<td>3</tr><tr><td>SMA<td>4<td>5<td>6</tr>"
        "</table></td></tr></table></body></html>"
    )
    table = f.only(f.read_bytes(tmp_path, page, "sipd.xls"))
    assert (table.title, table.columns) == ("BIDANG : UMUM", ("Jenis", "2021", "2022", "2023"))


def test_several_tables_keep_their_own_words(tmp_path: Path) -> None:
    part = "<h4>{0}</h4><table><tr><th>Kab<th>{0}<tr><td>Pati<td>1<tr><td>Kudus<td>2</table><p>Sumber: {0}</p>"
    tables = f.read_bytes(tmp_path, part.format("Luas") + part.format("Jiwa"), "a.xls").tables
    assert [(t.title, t.columns, t.footnotes) for t in tables] == [
        ("Luas", ("Kab", "Luas"), ("Sumber: Luas",)),
        ("Jiwa", ("Kab", "Jiwa"), ("Sumber: Jiwa",)),
    ]


@pytest.mark.parametrize("name", ["data.csv", "data.json", "data.xls"])
@pytest.mark.parametrize(
    "page",
    [
        "<html><body><form><table><tr><td>User<td><input><tr><td>Sandi<td><input></table></form></body></html>",
        "<html><body><h1>502 Bad Gateway</h1><table><tr><td>nginx</table></body></html>",
    ],
)
def test_S09_S10_S11_a_login_or_error_page_is_no_data_whatever_its_name(tmp_path: Path, name: str, page: str) -> None:
    with pytest.raises(errors.NotData):
        f.read_bytes(tmp_path, page, name)


def test_S10_a_page_with_a_table_is_data_only_where_a_workbook_was_promised(tmp_path: Path) -> None:
    page = "<html><table><tr><th>Name<th>Size<tr><td>a.csv<td>2<tr><td>b.csv<td>4</table></html>"
    for name in ("data.csv", "unduh", "unduh.php"):
        with pytest.raises(errors.NotData):
            f.read_bytes(tmp_path, page, name)
    assert len(f.only(read(tmp_path / "landed", "unduh.php", mime="application/vnd.ms-excel"))) == 2


def test_a_page_beyond_its_limits_is_refused(tmp_path: Path) -> None:
    page = "<table>" + "<tr><td colspan=900>a<td>b" * 40 + "</table>"
    with pytest.raises(errors.SheetTooLarge):
        f.read_bytes(tmp_path, page, "a.xls", ReadLimits(max_cells=20_000))
    with pytest.raises(errors.TooLarge):
        f.read_bytes(tmp_path, page, "a.xls", ReadLimits(html_max_bytes=100))


@given(
    st.lists(st.sampled_from(["<", ">", "a", '"', "'", "<!--", "-->", "<td", "</table>", "<script>", "<!", "=", " "]))
)
def test_every_text_falls_into_tags_and_words(parts: list[str]) -> None:
    text = "".join(parts)
    assert sum(len(tag) + len(rest) for _, tag, rest in _tokens(text)) <= len(text)


def test_a_web_archive_is_kept_and_said(tmp_path: Path) -> None:
    page = "MIME-Version: 1.0\r\nContent-Type: multipart/related; boundary=x\r\n\r\n--x\r\n\r\n<table><tr><td>a</table>\r\n--x--"
    result = f.read_bytes(tmp_path, page, "a.xls")
    assert (result.kind, result.tables) == ("mht", ()) and "reader.not_supported" in f.codes(result)
