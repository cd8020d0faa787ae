"""BPS's forms hold what is known, leave the rest open in colour, and say which fields no source confirmed."""

import io
from pathlib import Path

from openpyxl import Workbook, load_workbook

from core.contracts import load_contract
from quality.metadata_forms import Activity, workbook

CONTRACTS = Path(__file__).parents[2] / "quality" / "contracts"
#: FACTS, item 11 (Peraturan BPS 5/2020), and whether a variable or indicator is public.
MS_IND = [
    "Nama indikator", "Konsep", "Definisi", "Interpretasi", "Metode atau rumus penghitungan", "Ukuran", "Satuan",
    "Klasifikasi", "Level estimasi", "Dapat diakses umum",
]  # fmt: skip


def forms(name: str) -> Workbook:
    contract = load_contract(CONTRACTS / f"{name}.yaml")
    activity = Activity(2026, "Memantau harga", "Jawa Tengah", ["Kabupaten Demak"])
    return load_workbook(io.BytesIO(workbook(contract, activity)))


def test_indicators_stand_under_the_regulations_fields() -> None:
    sheet = forms("commodity_price")["MS-Ind"]
    heads = [cell.value for cell in sheet[1]]
    assert heads[:10] == MS_IND
    assert all(str(head).endswith("(belum dikonfirmasi)") for head in heads[10:])
    assert [row[0].value for row in sheet.iter_rows(min_row=2)] == ["Harga rata-rata komoditas", "Perubahan harga komoditas"]  # fmt: skip
    assert sheet["J2"].value == "Ya"


def test_each_column_is_a_variable_with_its_rules_in_words() -> None:
    contract = load_contract(CONTRACTS / "warehouse.yaml")
    rows = {row[0].value: row for row in forms("warehouse")["MS-Var"].iter_rows(min_row=2)}
    assert list(rows) == [c.title["id"] for c in contract.columns]
    public = {c.title["id"]: "Ya" if c.classification.value == "terbuka" else "Tidak" for c in contract.columns}
    assert {name: row[12].value for name, row in rows.items()} == public
    assert {name for name, shown in public.items() if shown == "Tidak"} >= {"Alamat gudang"}
    assert all("?" not in str(row[10].value) and "quality.rule" not in str(row[10].value) for row in rows.values())


def test_the_activity_stands_under_the_forms_numbers_and_what_it_has_no_number_for_says_so() -> None:
    labels = [str(row[0].value) for row in forms("commodity_price")["MS-Keg"].iter_rows(min_row=2)]
    numbers = [label.split()[0] for label in labels if label[0].isdigit()]
    assert numbers == sorted(numbers) and {n[0] for n in numbers} == set("12345678")
    unsure = [label for label in labels if label.endswith("(belum dikonfirmasi)")]
    assert unsure == labels[-4:] and not any(label[0].isdigit() for label in unsure)


def test_what_nobody_knows_of_the_activity_is_open_and_coloured() -> None:
    sheet = forms("commodity_price")["MS-Keg"]
    told = {str(row[0].value).partition(" (")[0]: row[1] for row in sheet.iter_rows(min_row=2)}
    assert told["Judul kegiatan"].value == "Harga komoditas pangan"
    assert told["1.1 Instansi penyelenggara"].value == "Dinas perdagangan"
    assert told["4.4 Cakupan wilayah pengumpulan data"].value == "Jawa Tengah"
    assert told["5.1-5.8 Desain sampel"].value == "(belum diisi)"
    assert told["5.1-5.8 Desain sampel"].fill.start_color.rgb == "FFFFEB9C"
