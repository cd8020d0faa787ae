"""The template of a standard helps whoever fills it, and holds nothing that could be taken for data."""

import io
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from core.contracts import load_contract
from core.reference import code_list
from quality.standard import column_guide, template

CONTRACTS = Path(__file__).parents[2] / "quality" / "contracts"
LISTS = {
    "region": code_list("region", [("33.21", "Kabupaten Demak", []), ("33.74", "Kota Semarang", [])]),
    "commodity": code_list("commodity", [("beras", "=Beras", []), ("cabai", "Cabai", ["Beras lain"])]),
}


def made(name: str, lang: str = "id") -> Workbook:
    file = CONTRACTS / f"{name}.yaml"
    contract = load_contract(file)
    columns = column_guide.guides(contract, LISTS, column_guide.stated_examples(file), lang)
    return load_workbook(io.BytesIO(template.workbook(contract, columns, lang=lang, member="Kabupaten Demak (33.21)")))


def test_the_data_sheet_has_its_header_with_a_note_on_each_title_and_no_row() -> None:
    sheet = made("commodity_price")["Data"]
    titles = [cell.value for cell in sheet[1]]
    assert titles == ["Kode wilayah", "Tanggal", "Pasar", "Kode komoditas", "Tingkat harga", "Harga", "Satuan barang"]
    assert sheet.max_row == 1
    note = sheet["F1"].comment
    assert note is not None and "Contoh: 46500" in note.text and "Rupiah" in note.text and "Wajib diisi." in note.text
    assert sheet.protection.sheet and sheet["A1"].protection.locked
    assert not sheet.column_dimensions["A"].protection.locked


def test_cells_choose_from_lists_and_keep_to_the_bounds() -> None:
    book = made("commodity_price")
    checks = {str(v.sqref).split(":")[0]: v for v in book["Data"].data_validations.dataValidation}
    assert checks["A2"].formula1 == "'Daftar'!$A$1:$A$2" and checks["A2"].type == "list"
    lists = book["Daftar"]
    assert lists.sheet_state == "hidden"
    assert [lists["A1"].value, lists["A2"].value] == ["Kabupaten Demak", "Kota Semarang"]
    assert lists["D1"].data_type == "s"  # nothing in a list is a formula
    assert [lists["E1"].value, lists["E2"].value] == ["Konsumen (eceran)", "Produsen"]
    assert (checks["F2"].type, checks["F2"].formula1, checks["F2"].formula2) == ("whole", "100", "1000000")
    assert checks["F2"].error == "Bilangan bulat, dari 100 sampai 1000000."
    assert (checks["B2"].type, checks["B2"].formula1) == ("date", "DATE(2000,1,1)")
    assert (checks["B2"].allow_blank, checks["C2"].allow_blank) == (False, True)


@pytest.mark.parametrize(("lang", "sheet"), [("id", "Petunjuk"), ("en", "Guide")])
def test_the_guide_tells_the_five_parts_and_each_column(lang: str, sheet: str) -> None:
    said = [[cell.value for cell in row if cell.value] for row in made("warehouse", lang)[sheet].iter_rows()]
    labels = [row[0] for row in said if row]
    assert [lab in labels for lab in (("Konsep", "Klasifikasi", "Ukuran", "Satuan") if lang == "id" else ("Concept", "Classification", "Measure", "Unit"))] == [True] * 4  # fmt: skip
    assert len(said) > len(load_contract(CONTRACTS / "warehouse.yaml").columns)
    assert any("Kabupaten Demak (33.21)" in row for row in said)


def test_every_shipped_standard_has_a_template_in_both_languages() -> None:
    for file in sorted(CONTRACTS.glob("*.yaml")):
        contract = load_contract(file)
        for lang in ("id", "en"):
            columns = column_guide.guides(contract, {}, column_guide.stated_examples(file), lang)
            assert template.workbook(contract, columns, lang=lang)
            head = template.delimited(contract, lang=lang).decode("utf-8-sig").rstrip("\r\n")
            assert len(head.split(";")) == len(contract.columns)
