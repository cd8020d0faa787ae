"""`/tanya`: named questions with forms, answered as a table, CSV or workbook, without a graph in sight."""

import csv
import io
import zipfile
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from openpyxl import load_workbook

from core.access import Role
from gateway import answering, forms
from gateway.entities.places import Problem
from gateway.export_errors import AskFieldInvalid, AskFileInvalid
from gateway.questions import Question, load, read
from gateway.trusted import SHIPPED
from tests.gateway.factories import CITY, NOW, SECRET_CELL, Province

QUESTIONS = list(read((SHIPPED,)))
ANSWERS = {"komoditas": "beras_medium", "pos": "garang_hulu", "indikator": "ipm", "tahun": "2026", "bulan": "1"}


async def get(province: Province, path: str, token: str | None = None, **asked: str) -> httpx.Response:
    headers = {"Accept-Language": asked.pop("language", "id")}
    async with province.client(token, **headers) as client:
        return await client.get(f"/tanya{path}", params=asked)


async def table(province: Province, name: str, token: str | None = None, **asked: str) -> dict[str, Any]:
    answer = await get(province, f"/{name}", token, **asked)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    assert body["problems"] == []
    names = [c["name"] for c in body["columns"]]
    return {**body, "rows": [dict(zip(names, row, strict=True)) for row in body["rows"]]}


def test_there_are_twenty_questions_or_more_and_each_has_words_in_both_languages() -> None:
    assert len(QUESTIONS) >= 20
    assert len({str(q.title) for q in QUESTIONS}) == len(QUESTIONS)
    assert {p.stem for p in SHIPPED.glob("*.toml")} == {q.name for q in QUESTIONS}


async def test_the_list_has_every_form_and_the_choices_of_the_province(province: Province) -> None:
    body = (await get(province, "")).json()
    offered = {q["name"]: q for q in body["questions"]}
    assert list(offered) == [q.name for q in QUESTIONS]
    price = {f["name"]: f for f in offered["harga_daerah"]["fields"]}
    assert price["komoditas"] == {
        "name": "komoditas", "label": "Komoditas", "kind": "commodity", "required": True, "default": None,
    }  # fmt: skip
    assert price["sejak"]["default"] == (NOW - timedelta(days=7)).date().isoformat()
    assert price["urutan"]["choices"][0] == {"value": "ASC", "label": "Termurah dahulu"}
    assert {"value": "beras_medium", "label": "Beras medium"} in body["choices"]["commodity"]
    assert {"value": CITY, "label": "Kota Semarang"} in body["choices"]["region"]
    assert "query" not in str(body) and "graphql" not in str(body).lower()
    english = (await get(province, "", language="en")).json()["questions"]
    assert {q["name"]: q for q in english}["harga_daerah"]["topic"] == "Food prices"


@pytest.mark.parametrize("question", QUESTIONS, ids=lambda q: q.name)
async def test_every_question_is_answered_with_its_form_filled(province: Province, question: Question) -> None:
    token = province.token(Role.COORDINATOR)
    asked = {f.name: ANSWERS[f.name] for f in question.fields if f.required and f.name in ANSWERS}
    if question.name == "riwayat_dataset":
        asked["dataset"] = province.dataset(CITY, "harga")
    body = await table(province, question.name, token, **asked)
    assert [c["title"] for c in body["columns"]] == [str(c.title) for c in question.columns]


async def test_what_a_commodity_costs_by_region(province: Province) -> None:
    asked = {"komoditas": "Cabai rawit", "sejak": "2026-02-01"}  # a name does as well as a code
    body = await table(province, "harga_daerah", **asked)
    assert [(r["daerah"], r["harga"], r["terbaru"], r["pengamatan"]) for r in body["rows"]] == [
        ("Kabupaten Semarang", 38_002.0, "2026-02-03", 3),
        ("Kota Semarang", 44_501.67, "2026-02-06", 6),
    ]
    assert body["seq"] > 1 and body["as_of"] == "2026-03-02T05:00:00Z" and body["more"] is False
    dearest = await table(province, "harga_daerah", **asked, urutan="DESC")
    assert dearest["rows"][0]["daerah"] == "Kota Semarang"
    assert (await table(province, "harga_daerah", komoditas="cabai_rawit"))["rows"] == []  # none of the last days


async def test_how_a_price_changed_joins_two_spans_of_days(province: Province) -> None:
    spans = {"dari": "2026-02-03", "sampai": "2026-02-06", "dari_lalu": "2026-02-01", "sampai_lalu": "2026-02-02"}
    rows = (await table(province, "perubahan_harga", komoditas="cabai_rawit", **spans))["rows"]
    assert [r["daerah"] for r in rows] == ["Kota Semarang", "Kabupaten Semarang"]  # the greatest rise first
    assert rows[1] == {
        "daerah": "Kabupaten Semarang", "harga_lalu": 38_001.5, "harga_kini": 38_003.0, "selisih": 1.5,
        "perubahan": 0.0039,
    }  # fmt: skip


async def test_for_how_many_days_a_stock_lasts(province: Province) -> None:
    [row] = (await table(province, "ketahanan_stok", komoditas="beras_medium", sejak="2026-02-01"))["rows"]
    assert (row["daerah"], row["stok_kg"], row["kebutuhan_kg"], row["cukup_hari"]) == ("Kota Semarang", 1000, 10, 100)


async def test_only_gauges_that_reach_their_level_are_told(province: Province) -> None:
    rows = (await table(province, "muka_air_siaga", sejak="2026-01-01"))["rows"]
    assert rows == []  # the level is 2.0 m, the highest reading 1.8 m
    seen = (await table(province, "tinggi_muka_air", pos="Garang Hulu", sejak="2026-02-01"))["rows"]
    assert [r["tinggi_m"] for r in seen] == [1.8, 1.7, 1.6, 1.5]
    later = (await table(province, "tinggi_muka_air", pos="garang_hulu", sejak="2026-02-02"))["rows"]
    assert later == []


async def test_sources_that_do_not_work_with_what_mends_them(province: Province) -> None:
    rows = (await table(province, "sumber_bermasalah", province.token(Role.COORDINATOR)))["rows"]
    assert {r["anggota"]: r["keadaan"] for r in rows} == {
        "Kabupaten Semarang": "gagal", "Kabupaten Demak": "belum pernah dipanen",
    }  # fmt: skip


async def test_returned_rows_are_shown_to_whom_the_graph_shows_them(province: Province) -> None:
    [row] = (await table(province, "karantina", province.token(Role.COORDINATOR)))["rows"]
    assert (row["anggota"], row["baris"], row["alasan"], row["contoh"]) == ("Kota Semarang", 1, "CAST_INTEGER", "4")
    assert (await table(province, "karantina"))["rows"] == []
    for question in QUESTIONS:
        answer = await get(province, f"/{question.name}", **{k: v for k, v in ANSWERS.items() if k in
                           [f.name for f in question.fields]})  # fmt: skip
        assert SECRET_CELL not in answer.text


async def test_a_form_that_cannot_be_filled_so_is_refused_in_the_askers_language(province: Province) -> None:
    for asked, field in (
        ({}, "komoditas"), ({"komoditas": "emas"}, "komoditas"), ({"komoditas": "beras_medium", "sejak": "kemarin"}, "sejak"),
        ({"komoditas": "beras_medium", "harga": "1"}, "harga"), ({"komoditas": "beras_medium", "urutan": "ACAK"}, "urutan"),
    ):  # fmt: skip
        answer = await get(province, "/harga_daerah", **asked)
        [error] = answer.json()["errors"]
        assert (answer.status_code, error["extensions"]["code"]) == (400, "ASK_FIELD_INVALID")
        assert f"Isian {field} pada pertanyaan harga_daerah" in error["message"]
    number = await get(province, "/dataset_baru", jumlah="0")
    assert "bilangan bulat dari 1 sampai 500" in number.json()["errors"][0]["extensions"]["fix"]
    unknown = await get(province, "/harga_emas", language="en")
    assert (unknown.status_code, unknown.json()["errors"][0]["message"]) == (
        404,
        "There is no question named harga_emas.",
    )
    for path in ("/harga_daerah.pdf", "/harga_daerah.graphql"):
        assert (await get(province, path)).json()["errors"][0]["extensions"]["code"] == "ASK_UNKNOWN"


async def test_the_graphs_own_refusals_keep_their_code(province: Province) -> None:
    answer = await get(province, "/dataset_baru", "lmb_bukan")
    assert (answer.status_code, answer.json()["errors"][0]["extensions"]["code"]) == (401, "TOKEN_INVALID")
    hidden = await get(province, "/panen_terakhir")  # of members only
    assert hidden.status_code == 200 and hidden.json()["rows"] == []


async def test_the_same_table_as_a_workbook_and_as_csv(province: Province) -> None:
    asked = {"pos": "garang_hulu", "sejak": "2026-02-01"}
    answer = await get(province, "/tinggi_muka_air.xlsx", **asked)
    assert answer.headers["content-disposition"] == 'attachment; filename="tinggi_muka_air.xlsx"'
    assert zipfile.is_zipfile(io.BytesIO(answer.content))
    book = load_workbook(io.BytesIO(answer.content))
    rows = [[cell.value for cell in row] for row in book["Jawaban"].iter_rows()]
    assert rows[0][:2] == ["Diamati", "Tinggi (m)"] and rows[1][:2] == ["2026-02-01 10:00 WIB", 1.8]
    about = {row[0].value: row[1].value for row in book["Keterangan"].iter_rows()}
    assert about["Pos duga air"] == "garang_hulu" and about["Banyaknya baris"] == 4
    sheet = await get(province, "/tinggi_muka_air.csv", **asked)
    read_back = list(csv.reader(io.StringIO(sheet.content.decode("utf-8-sig"))))
    assert read_back[0] == rows[0] and read_back[1][:2] == ["2026-02-01 10:00 WIB", "1.8"]


def write(folder: Path, described: str, document: str = "query A($x: Int) { members { code } }") -> Path:
    (folder / "kami.graphql").write_text(document, "utf-8")
    path = folder / "kami.toml"
    path.write_text(described, "utf-8")
    return path


WORDS = '{ id = "a", en = "a" }'
SOUND = f"""title = {WORDS}
about = {WORDS}
topic = {WORDS}
rows = "members"
[[columns]]
name = "kode"
title = {WORDS}
from = "code"
"""


@pytest.mark.parametrize(
    "described",
    ["title = ", SOUND.replace('rows = "members"\n', ""), SOUND.replace("[[columns]]", 'sort = "-lain"\n[[columns]]'),
     SOUND + f'[[fields]]\nname = "y"\nkind = "text"\nlabel = {WORDS}\n', "warna = 1\n" + SOUND],
)  # fmt: skip
def test_a_file_that_describes_no_question_is_left_out_and_the_others_stand(tmp_path: Path, described: str) -> None:
    path = write(tmp_path, described)
    with pytest.raises(AskFileInvalid):
        load(path)
    assert list(read((SHIPPED, tmp_path))) == QUESTIONS


def test_a_home_has_questions_of_its_own(tmp_path: Path, province: Province) -> None:
    write(tmp_path, SOUND + f'[[fields]]\nname = "x"\nkind = "number"\nlabel = {WORDS}\nmost = 5\n')
    [mine] = [q for q in read((SHIPPED, tmp_path)) if q.name == "kami"]
    assert forms.variables(province.services, mine, {"x": "5"}) == {"x": 5}
    for wrong in ("6", "-1", "1.5", "９", ""):
        with pytest.raises(AskFieldInvalid):
            forms.variables(province.services, mine, {"x": wrong})


def test_rows_are_found_through_lists_and_empty_ones_give_none() -> None:
    data = {
        "members": [{"code": "1", "sources": [{"id": "a"}, {"id": "b"}]}, {"code": "2", "sources": []}, {"code": "3"}]
    }
    rows = list(answering.rows_at((data,), "members.sources"))
    assert [(answering.value_at(r, "^code"), answering.value_at(r, "id")) for r in rows] == [("1", "a"), ("1", "b")]
    assert answering.value_at((data,), "members.sources.id") == "a; b"
    assert answering.value_at(rows[0], "^^^^x") is None


async def test_a_workbook_holds_days_as_days_and_amounts_as_people_write_them(province: Province) -> None:
    answer = await get(province, "/harga_daerah.xlsx", komoditas="cabai_rawit", sejak="2026-02-01")
    sheet = load_workbook(io.BytesIO(answer.content)).worksheets[0]
    cells = {head.value: cell for head, cell in zip(sheet[1], sheet[2], strict=True)}
    newest, mean = cells["Pengamatan terbaru"], cells["Harga rata-rata"]
    assert (newest.value.date(), newest.number_format) == (date(2026, 2, 3), "dd/mm/yyyy")
    assert (mean.value, mean.number_format) == (38_002, "#,##0")


def test_why_a_source_was_not_reached_is_said_in_words() -> None:
    values = {"source": "portal", "host": "127.0.0.1", "reason": "connection"}
    what = Problem(record={"code": "SOURCE_UNREACHABLE", "values": values}).what()
    assert "sambungan ditolak atau diputus" in what and "connection" not in what


async def test_standards_and_reasons_are_called_by_their_names(province: Province) -> None:
    token = province.token(Role.COORDINATOR)
    rows = (await table(province, "dataset_baru", token, jumlah="100"))["rows"]
    assert "Harga komoditas pangan" in {r["standar"] for r in rows}
    assert not {"commodity_price", "river_stage"} & {r["standar"] for r in rows}
    said = forms.words_of(province.services, forms.REASONS)
    assert said("price.range") == "Harga: di luar batas"
    assert said("CAST_INTEGER") == "CAST_INTEGER"


def test_months_are_named_and_what_is_told_twice_is_told_once() -> None:
    [question] = [q for q in QUESTIONS if q.name == "izin_per_bulan"]
    heads = tuple(answering.Head(c.name, str(c.title), c.kind) for c in question.columns)
    row = tuple("2026-11-01" if h.kind == "month" else 22_250_000 if h.kind == "rupiah" else None for h in heads)
    made = answering.Table(question, {}, heads, (row,), NOW, 1, more=False, problems=(), timezone="WIB")
    assert next(made.cells())[0] == "November 2026"
    assert answering.value_at(({"a": [{"b": "x"}, {"b": "x"}, {"b": "y"}]},), "a.b") == "x; y"
