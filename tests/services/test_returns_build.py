"""What goes back to a steward: their own layout, each wrong cell with its comment, a summary, nothing that is live."""

import json
import stat
import zipfile

import pytest

from core.access import Actor, Role
from federation.readers import read
from services.returns import layout
from services.returns.errors import ReturnRefused
from tests.federation.readers.factories import xlsx
from tests.services import factories as make
from tests.services.factories import CITY, PEOPLE, PRICES, PRICES_BY_REGION, Home
from tests.services.stewards import build, cells, comments, only, opened, said

TITLES = "DINAS PANGAN KOTA MUARA PADI;;;\nHarga pangan di “Pasar Sentral”;;;\n;;;\n"
WIDE = """
[[sources.mappings]]
contract = "commodity_stock"
match = {title = "stok"}
columns = {date = "Tanggal", warehouse = "Gudang", commodity_code = "Komoditas", stock_kg = "Jumlah Stok (ton)", need_kg_per_day = "Jumlah Kebutuhan (ton)"}
constants = {region_code = "99.71"}
factors = {stock_kg = "1000", need_kg_per_day = "1000"}
"""


def wrong_prices(home: Home, rows: int = 10) -> None:
    """Ten rows below two titles, two of them wrong, in the encoding of an old office."""
    prices = [str(12_000 + i) for i in range(rows)]
    goods = ["Beras"] * rows
    prices[1], goods[3] = "99", "Bumbu Dapur"
    text = TITLES + make.prices(rows, harga=prices, komoditas=goods)
    make.write(home.drop(PRICES), "harga.csv", text.encode("cp1252"))
    home.harvest()


def test_F18_F19_a_csv_comes_back_as_it_was_read_with_a_comment_at_each_wrong_cell(home: Home) -> None:
    wrong_prices(home)
    one = only(home)
    assert (one.rows, one.held, one.faithful, one.reasons) == (
        2, False, True, {"commodity_code.reference": 1, "price.range": 1, "price.typo": 1},
    )  # fmt: skip
    page = cells(one)
    assert page[0][0] == "DINAS PANGAN KOTA MUARA PADI" and page[3] == ["tanggal", "pasar", "komoditas", "harga"]
    assert page[4] == ["13/10/2026", "Pasar Sentral", "Beras", "12000"]
    assert set(comments(one)) == {"D6", "C8"}
    price = comments(one)["D6"]
    assert "tertulis “99”" in price and "antara 100 dan 1.000.000" in price and "12000 (seperti pada baris 5)" in price
    assert "Bumbu Dapur" in comments(one)["C8"]
    colours = {a: opened(one).worksheets[1][a].fill.start_color.rgb for a in ("D5", "D6", "C8")}
    assert colours == {"D5": "00000000", "D6": "FFFFC7CE", "C8": "FFFFC7CE"}


def test_the_summary_says_what_why_where_to_and_until_when(home: Home) -> None:
    wrong_prices(home)
    summary = said(only(home))
    assert summary["Dataset"] == "harga" and summary["Berkas"] == "harga.csv"
    assert (summary["Baris diterima dan terbit"], summary["Baris dikembalikan"]) == ("8", "2")
    assert summary["Kirim perbaikan paling lambat"] == "Jumat, 27-11-2026"  # five working days from a Sunday
    assert "menggantikan berkas harga.csv" in summary["Kirim ke"]
    assert summary["Isi waktu"] == "13/10/2026 sampai 22/10/2026"
    assert summary["Harga · price.range"].startswith("Isi kolom Harga tertulis “99”")


def test_days_that_the_province_lists_as_holidays_do_not_count(home: Home) -> None:
    wrong_prices(home)
    days = "date,name,source\n2026-11-24,Hari Daerah,Perda 3/2020\n"
    (home.folder / "reference" / "holiday.csv").write_text(days, encoding="utf-8")
    assert said(only(home))["Kirim perbaikan paling lambat"] == "Senin, 30-11-2026"


def test_an_xlsx_keeps_its_sheet_row_by_row_with_titles_merged_header_and_kinds(home: Home) -> None:
    drop = home.drop(WIDE)
    head = [["STOK PANGAN KOTA"], [], ["Tanggal", "Gudang", "Komoditas", "Jumlah", None]]
    head += [[None, None, None, "Stok (ton)", "Kebutuhan (ton)"]]
    rows = [[f"2026-10-{i:02}", "Gudang A", "Beras", 40 + i, 2.5] for i in range(1, 9)]
    rows[2][3] = -7
    rows[4][2] = "Beras Planet"
    book = xlsx([*head, *rows, ["JUMLAH", None, None, 300, None]], merges=("A3:A4", "B3:B4", "C3:C4", "D3:E3", "A1:E1"))
    make.write(drop, "stok.xlsx", book)
    report = home.harvest()
    assert report.rows_quarantined == 3
    one = only(home)
    assert one.faithful
    page = cells(one)
    assert page[:4] == [
        ["STOK PANGAN KOTA", None, None, None, None],
        [None] * 5,
        ["Tanggal", "Gudang", "Komoditas", "Jumlah", None],
        [None, None, None, "Stok (ton)", "Kebutuhan (ton)"],
    ]
    assert page[4] == ["2026-10-01", "Gudang A", "Beras", 41, 2.5]
    sheet = opened(one).worksheets[1]
    assert {str(r) for r in sheet.merged_cells.ranges} == {"A1:E1", "A3:A4", "B3:B4", "C3:C4", "D3:E3"}
    assert sheet.title == "Sheet"
    found = comments(one)
    assert {"D7", "C9"} <= set(found)
    assert "satu satuan dihitung 1.000 kg" in found["D7"]
    assert "baris jumlah" in found["A13"]


def test_a_json_comes_back_as_a_table_and_names_the_row_of_the_original(home: Home) -> None:
    drop = home.drop(PEOPLE)
    people = [{"kecamatan": f"Kecamatan {i}", "jumlah": 100 + i} for i in range(6)]
    people[2]["jumlah"] = "banyak"
    make.write(drop, "penduduk.json", json.dumps({"status": "OK", "data": people}))
    home.harvest()
    one = only(home)
    assert one.faithful
    assert cells(one)[0] == ["kecamatan", "jumlah"] and cells(one)[1] == ["Kecamatan 0", "100"]
    assert "tertulis “banyak”" in comments(one)["B4"]
    assert "Pada berkas asal: baris 3." in comments(one)["A4"]


def test_F28_what_looks_like_a_formula_stays_text(home: Home) -> None:
    evil = ['=HYPERLINK("http://x.example","klik")', "+6281", "-5", "@SUM(A1)", "\t=1", "Beras"]
    drop = home.drop(PRICES)
    rows = [["tanggal", "pasar", "komoditas", "harga"]]
    rows += [[f"{i + 1:02}/10/2026", word, "Beras", "12000"] for i, word in enumerate(evil)]
    rows += [[f"{i + 1:02}/11/2026", "Pasar", "=cmd|' /C calc'!A0", "12000"] for i in range(2)]
    make.write(drop, "harga.csv", "\n".join(";".join(f'"{c.replace(chr(34), chr(34) * 2)}"' for c in r) for r in rows))
    home.harvest()
    one = only(home)
    assert one.faithful
    sheet = opened(one).worksheets[1]
    kinds = {cell.data_type for row in sheet.iter_rows() for cell in row if cell.value is not None}
    assert kinds == {"s"}
    assert [sheet.cell(i + 2, 2).value for i in range(6)] == evil
    assert all(sheet.cell(i + 2, 2).quotePrefix for i in range(5))
    with zipfile.ZipFile(one.path) as archive:
        everything = b"".join(archive.read(name) for name in archive.namelist() if name.startswith("xl/worksheets/"))
        assert b"<f>" not in everything and b"<hyperlink" not in everything
        assert not [n for n in archive.namelist() if "externalLink" in n or "vba" in n.lower()]


def test_rows_that_share_a_key_get_their_comment_at_the_first_cell(home: Home) -> None:
    drop = home.drop(PRICES)
    text = make.prices(
        8,
        harga=["1000", "2000", *["3000"] * 6],
        tanggal=["21/10/2026"] * 2 + [f"{i:02}/10/2026" for i in range(22, 28)],
    )
    make.write(drop, "harga.csv", text)
    home.harvest()
    one = only(home)
    found = comments(one)
    assert set(found) == {"A2", "A3"} and "lebih dari satu baris" in found["A2"]
    assert opened(one).worksheets[1]["A2"].fill.start_color.rgb == "FFFFEB9C"


def test_S06_a_held_delivery_comes_back_whole_with_why_and_what_to_do(home: Home) -> None:
    drop = home.drop(PEOPLE)
    make.write(drop, "penduduk.csv", make.people(*range(1, 11)))
    home.harvest()
    make.write(drop, "penduduk.csv", make.people(*range(101, 104)))
    home.harvest()
    one = only(home)
    assert one.held and one.reasons == {"ROW_COUNT_DROPPED": 1}
    summary = said(one)
    assert (
        "dari 10 menjadi 3" in summary["ROW_COUNT_DROPPED"]
        and "Kirim tabel yang lengkap" in summary["ROW_COUNT_DROPPED"]
    )
    assert any("belum satu baris pun terbit" in line for line in summary)
    assert len(cells(one)) == 4


def test_S21_rows_of_another_region_are_marked_in_a_held_delivery(home: Home) -> None:
    drop = home.drop(PRICES_BY_REGION)
    make.write(drop, "harga.csv", make.prices(5, wilayah=["99.71", "99.71", "99.01", "99.71", "99.71"]))
    home.harvest()
    one = only(home)
    assert one.held and "FOREIGN_REGIONS" in one.reasons
    (address,) = comments(one)
    assert "bukan wilayah pengirim" in comments(one)[address] and "99.71" in comments(one)[address]


def test_F35_a_file_stopped_for_personal_data_names_the_column_at_its_header(home: Home) -> None:
    numbers = [f"337401{day:02}0190{i:04}" for i, day in enumerate(range(1, 13), start=1)]
    drop = home.drop()
    make.write(drop, "warga.csv", make.csv({"Nama": [f"Warga {i}" for i in range(12)], "NIK": numbers}))
    assert dict(home.harvest().holds) == {"PERSONAL_DATA": 1}
    one = only(home)
    (address,) = comments(one)
    assert cells(one)[0][1] == "NIK" and address == "B1" and "Hapus data pribadi" in comments(one)["B1"]
    assert not [number for number in numbers if number in str(cells(one, 0))]  # the summary repeats none


def test_the_same_content_gives_the_same_bytes(home: Home) -> None:
    wrong_prices(home)
    first = only(home).path.read_bytes()
    assert only(home).path.read_bytes() == first


def test_a_return_is_for_the_members_own_people(home: Home) -> None:
    wrong_prices(home)
    own = Actor(id="u", name="Walidata", roles=frozenset({Role.STEWARD}), member=CITY)
    assert len(build(home, actor=own).built) == 1
    for other in (
        Actor(id="o", name="Tetangga", roles=frozenset({Role.STEWARD}), member="99.01"),
        Actor(id="k", name="Koordinator", roles=frozenset({Role.COORDINATOR})),
        Actor(),
    ):
        with pytest.raises(ReturnRefused):
            build(home, actor=other)
    assert stat.S_IMODE(only(home).path.stat().st_mode) == 0o600


def test_F32_the_workbooks_name_is_of_our_own_making(home: Home) -> None:
    drop = home.drop(PRICES.replace('harga"}', '^HARGA"}', 1))
    text = make.prices(5, harga=["1", "12000", "12000", "12000", "12000"])
    make.write(drop, "HARGA «pasar» \u202ex.csv", text)
    home.harvest()
    name = only(home).path.name
    assert name.isascii() and name.startswith(f"{CITY}_harga-pasar")


def test_a_large_table_comes_back_with_its_wrong_rows_and_a_little_around_them(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layout, "MOST_ROWS", 20)
    rows = 40
    prices = ["12000"] * rows
    prices[10] = prices[30] = "7"
    make.write(home.drop(PRICES), "harga.csv", make.prices(rows, harga=prices))
    home.harvest()
    one = only(home)
    assert one.part and len(cells(one)) == 1 + 2 * 5
    assert set(comments(one)) >= {"D4", "D9"} and "Pada berkas asal: baris 12." in comments(one)["A4"]
    assert "Baris dalam buku ini" in said(one) and said(one)["Isi buku ini"] == "sebagian tabel"
    assert "baris lain yang sudah terbit tidak terhapus" in str(cells(one, 0))


def test_the_summary_is_no_table_of_data_when_the_workbook_is_read(home: Home) -> None:
    wrong_prices(home)
    tables = read(only(home).path, "x.xlsx").tables
    assert [t.name for t in tables] == ["harga"]
