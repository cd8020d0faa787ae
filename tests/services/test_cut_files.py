"""F34: a delivery whose file was cut is held, mapped or not; what the reader remarked stands beside the check."""

from core.verdict import Verdict
from tests.services import factories as make
from tests.services.factories import PRICES, Home


def test_F34_a_delivery_cut_within_a_row_is_held_and_the_last_good_stays_served(home: Home) -> None:
    drop = home.drop(PRICES)
    make.write(drop, "harga.csv", make.prices(5))
    home.harvest()
    whole = make.prices(40, price=20_000)
    make.write(drop, "harga.csv", whole[: whole.rindex(";")])
    report = home.harvest()
    assert (report.snapshots, dict(report.holds)) == (0, {"FILE_CUT": 1})
    check = home.checks[-1]
    assert check.holds[-1] == {"code": "FILE_CUT", "values": {"row": "41"}}
    assert {"code": "reader.cut_short", "values": {"row": "41"}} in check.warnings
    assert [row["price"] for row in home.rows("commodity_price")] == [12_000 + i for i in range(5)]
    make.write(drop, "harga.csv", whole)
    assert home.harvest().snapshots == 1


def test_F34_a_cut_file_without_a_standard_is_held_too(home: Home) -> None:
    make.write(home.drop(), "aduan.csv", "nomor;isi;tanggal\n" + "1;Jalan rusak;2026-01-01\n" * 30 + "2;Lampu")
    report = home.harvest()
    assert (report.snapshots, dict(report.holds)) == (0, {"FILE_CUT": 1})
    assert home.resources["aduan.csv"].last_verdict == Verdict.HELD.value and home.snapshots == []


def test_F20_what_the_reader_remarked_stands_with_the_check_and_leaves_the_verdict_alone(home: Home) -> None:
    text = make.prices(5).replace("tanggal;pasar;komoditas;harga", "tanggal;pasar;komoditas;harga;")
    make.write(home.drop(PRICES), "harga.csv", "Harga Pangan\n\n" + text + "\nSumber: Dinas\n")
    assert home.harvest().snapshots == 1
    make.write(home.drop(PRICES), "aduan.csv", "nomor;isi;isi\n1;a;b\n")
    home.harvest()
    assert home.checks[-1].contract is None
    assert [w["code"] for w in home.checks[-1].warnings] == ["reader.header_doubled"]


def test_F34_a_file_whose_rows_leave_out_their_last_cells_is_not_called_cut(home: Home) -> None:
    text = "nomor;isi;ket\n" + "1;a\n2;b;c\n" * 20 + "3;d"
    make.write(home.drop(), "catatan.csv", text)
    assert home.harvest().snapshots == 1
