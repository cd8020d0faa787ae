"""What a node reads as its rows: CSV, spreadsheets, database tables; what it leaves out, and says so."""

import sqlite3
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import openpyxl
import psycopg
import pytest

from node.errors import NodeMetadataInvalid, NodeSourceUnfit
from node.graph import NodeGraph
from node.sources import read_file
from tests.node import factories
from tests.node.factories import OFFER, ROWS, reading
from tests.postgres import Server, Unavailable

SQL_OFFER = """
timezone = "WITA"
[[graphql]]
contract = "river_stage"
sql = "TMA_URL"
table = "{table}"
columns = {{gauge_code = "pos", observed_at = "waktu", stage_m = "tma_cm"}}
constants = {{region_code = "33.74"}}
factors = {{stage_m = "0.01"}}
open = true
"""


async def rows(graph: NodeGraph) -> list[Any]:
    body = await factories.asking(graph)(ROWS)
    assert "errors" not in body, body
    return [
        tuple(e["node"][f] for f in ("gaugeCode", "observedAt", "stageM")) for e in body["data"]["riverStages"]["edges"]
    ]


def codes(graph: NodeGraph) -> list[str]:
    return [problem.code for problem in graph.door.rows.problems]


@pytest.fixture
def opened() -> Iterator[list[NodeGraph]]:
    made: list[NodeGraph] = []
    yield made
    for graph in made:
        graph.door.close()


async def test_a_spreadsheet_is_read_by_its_typed_cells(tmp_path: Path, opened: list[NodeGraph]) -> None:
    (tmp_path / "tma").mkdir()
    (tmp_path / "node.toml").write_text(OFFER.replace("*.csv", "*.xlsx") + 'table = "Bacaan"\nopen = true\n')
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Catatan"
    sheet.append(["bukan ini"])
    sheet = book.create_sheet("Bacaan")
    sheet.append([None, None])
    sheet.append(["Kode Pos", "Waktu", "TMA (m)", "Status", None])
    sheet.append(["garang", datetime(2026, 2, 3, 7, 0), 1.25, "Siaga 3"])  # noqa: DTZ001  as a cell is
    sheet.append(["garang", datetime(2026, 2, 3, 8, 0), 2, None])  # noqa: DTZ001
    sheet.append(["garang", datetime(2026, 2, 3, 9, 0), 1.375, None])  # noqa: DTZ001
    book.save(tmp_path / "tma" / "bacaan.xlsx")
    opened.append(graph := factories.graph_of(tmp_path))
    assert codes(graph) == []
    assert await rows(graph) == [
        ("garang", "2026-02-03T00:00:00Z", 1.25), ("garang", "2026-02-03T01:00:00Z", 2.0),
        ("garang", "2026-02-03T02:00:00Z", 1.375),
    ]  # fmt: skip


async def test_rows_without_a_required_value_and_repeated_keys_are_left_out_and_counted(
    tmp_path: Path, opened: list[NodeGraph]
) -> None:
    root = factories.folder_of(tmp_path / "f", [reading("garang", 0, 1.0)])
    factories.put(root, [reading("garang", 0, 1.5), reading("garang", 0, 2.5), reading("kreo", 0, 3.5)])
    with (root / "tma" / "bacaan.csv").open("a") as f:
        f.write(";21/02/2026 08:00;1,5;\nkreo;kapan-kapan;1,5;\nkreo;21/02/2026 09:00;tinggi;\n")
    opened.append(graph := factories.graph_of(root))
    assert [(r[0], r[2]) for r in await rows(graph)] == [("garang", 2.5), ("kreo", 3.5)]
    [problem] = graph.door.rows.problems
    assert problem.code == "NODE_ROWS_LEFT_OUT"
    assert problem.values["rows"] == 4
    assert problem.values["cells"] == "observed_at: 1, stage_m: 1"
    assert "tma/bacaan.csv" in problem.what()


async def test_an_empty_part_of_a_key_that_may_be_empty_is_a_value_like_another(
    tmp_path: Path, opened: list[NodeGraph]
) -> None:
    (tmp_path / "node.toml").write_text('[[graphql]]\ncontract = "commodity_price"\nfile = "harga.csv"\nopen = true\n')
    line = "33.74,2026-02-{day},{market},cabai_rawit,konsumen,{price},kg\n"
    cells = ((20, "", 41_000), (20, "Johar", 42_000), (20, "", 43_000), (21, "", 44_000))
    (tmp_path / "harga.csv").write_text(
        "region_code,date,market,commodity_code,price_level,price,unit\n"
        + "".join(line.format(day=day, market=market, price=price) for day, market, price in cells)
    )
    opened.append(graph := factories.graph_of(tmp_path))
    body = await factories.asking(graph)("{ commodityPrices(orderBy: [{column: PRICE}]) { nodes { market price } } }")
    found = [(n["market"], n["price"]) for n in body["data"]["commodityPrices"]["nodes"]]
    assert found == [("Johar", 42_000), (None, 43_000), (None, 44_000)]
    assert [p.values["rows"] for p in graph.door.rows.problems] == [1]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("Kode Pos;Waktu;TMA (m);Status\ngarang;01/02/2026 07:00;1,25;\n", "NODE_STYLE_UNDECIDED"),
        ("Kode Pos;Waktu;TMA (m);Status\ngarang;2026-02-03 07:00;1.250;\ngarang;2026-02-03 08:00;1.300;\n", "NODE_STYLE_UNDECIDED"),
        ("Kode Pos;Waktu\ngarang;2026-02-03 07:00\n", "NODE_COLUMNS_MISSING"),
        ("Kode Pos;Waktu;TMA (m);TMA (m)\n", "NODE_SOURCE_UNFIT"),
        ("Kode Pos;Waktu;TMA (m)\ngarang;2026-02-03 07:00;1,25;lebih;lagi\n", "NODE_SOURCE_UNFIT"),
        ("", "NODE_SOURCE_UNFIT"),
        ("PK\x03\x04\x00", "NODE_SOURCE_UNFIT"),
    ],
)  # fmt: skip
async def test_a_file_that_cannot_be_read_says_why_and_keeps_the_rows_it_had(
    tmp_path: Path, opened: list[NodeGraph], text: str, code: str
) -> None:
    root = factories.folder_of(tmp_path / "f", [reading("garang", 0, 1.5)])
    opened.append(graph := factories.graph_of(root))
    (root / "tma" / "bacaan.csv").write_text(text)
    graph.door.rows.look(again=True)
    assert codes(graph) == [code]
    assert [r[2] for r in await rows(graph)] == [1.5]
    (root / "tma" / "bacaan.csv").unlink()
    graph.door.rows.look(again=True)
    assert codes(graph) == []
    assert await rows(graph) == []


async def test_a_stated_style_decides_what_the_cells_do_not(tmp_path: Path, opened: list[NodeGraph]) -> None:
    stated = 'number_style = "id"\ndate_style = "dmy"\nopen = true\n'
    root = factories.folder_of(tmp_path / "f", [], toml=OFFER + stated)
    (root / "tma" / "bacaan.csv").write_text("Kode Pos,Waktu,TMA (m),Status\ngarang,01/02/2026 07:00,1.250,\n")
    opened.append(graph := factories.graph_of(root))
    assert await rows(graph) == [("garang", "2026-02-01T00:00:00Z", 1250.0)]


async def test_several_files_are_one_table_and_links_and_half_copied_ones_are_none(
    tmp_path: Path, opened: list[NodeGraph]
) -> None:
    root = factories.folder_of(tmp_path / "f", [reading("a", 0, 1.5)])
    outside = tmp_path / "rahasia.csv"
    outside.write_text(factories.csv_of([reading("rahasia", 0, 1.5)]))
    factories.put(root, [reading("b", 0, 1.5)], "2027.csv")
    (root / "tma" / "tautan.csv").symlink_to(outside)
    (root / "tma" / ".sembunyi.csv").write_text(outside.read_text())
    (root / "tma" / "~$x.csv").write_text(outside.read_text())
    opened.append(graph := factories.graph_of(root))
    assert sorted(r[0] for r in await rows(graph)) == ["a", "b"]


@pytest.mark.parametrize(
    "toml",
    [
        '[[graphql]]\ncontract = "river_stage"\n',
        '[[graphql]]\ncontract = "river_stage"\nfile = "../x.csv"\n',
        '[[graphql]]\ncontract = "river_stage"\nfile = "/etc/passwd"\n',
        '[[graphql]]\ncontract = "river_stage"\nsql = "X"\n',
        '[[graphql]]\ncontract = "river_stage"\nsql = "X"\nfile = "x.csv"\ntable = "t"\n',
        '[[graphql]]\ncontract = "river_stage"\nfile = "x.csv"\ncolumns = {tinggi = "TMA"}\n',
        '[[graphql]]\ncontract = "river_stage"\nfile = "x.csv"\nnumber_style = "de"\n',
        '[[graphql]]\ncontract = "river_stage"\nfile = "x.csv"\nzone = "WIBB"\n',
        '[[graphql]]\ncontract = "river_stage"\nfile = "x.csv"\nterbuka = true\n',
    ],
)
def test_an_offer_that_cannot_be_kept_is_refused_whole(tmp_path: Path, toml: str) -> None:
    (tmp_path / "node.toml").write_text(toml)
    with pytest.raises(NodeMetadataInvalid):
        factories.graph_of(tmp_path)


def sqlite_of(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE bacaan (no INTEGER PRIMARY KEY, pos TEXT, waktu DATETIME, tma_cm REAL)")
    database.execute("INSERT INTO bacaan (pos, waktu, tma_cm) VALUES ('kreo', '2026-02-03 08:00:00', 122.5)")
    database.commit()
    return database


async def test_a_table_of_sqlite_is_only_read_and_read_again_when_it_grows(
    tmp_path: Path, opened: list[NodeGraph]
) -> None:
    database = sqlite_of(tmp_path / "tma.db")
    (tmp_path / "f").mkdir()
    (tmp_path / "f" / "node.toml").write_text(SQL_OFFER.format(table="bacaan"))
    before = (tmp_path / "tma.db").read_bytes()
    now = iter(1e12 + n * 1_000 for n in range(1_000))
    opened.append(graph := factories.graph_of(tmp_path / "f", environ={"TMA_URL": f"sqlite:///{tmp_path / 'tma.db'}"}))
    assert codes(graph) == []
    assert await rows(graph) == [("kreo", "2026-02-03T00:00:00Z", 1.225)]
    assert (tmp_path / "tma.db").read_bytes() == before
    database.execute("INSERT INTO bacaan (pos, waktu, tma_cm) VALUES ('kreo', '2026-02-03 09:00:00', 'rusak')")
    database.execute("INSERT INTO bacaan (pos, waktu, tma_cm) VALUES ('kreo', '2026-02-03 10:00:00', 130)")
    database.commit()
    graph.door.rows._ticks = now.__next__  # much later than the last reading took
    graph.door.rows.look(again=True)
    assert [r[2] for r in await rows(graph)] == [1.225, 1.3]
    assert codes(graph) == ["NODE_ROWS_LEFT_OUT"]
    database.close()


async def test_a_table_of_postgresql_is_read_under_a_reading_session(tmp_path: Path, opened: list[NodeGraph]) -> None:
    try:
        server = Server()
    except Unavailable as error:
        pytest.skip(str(error))
    try:
        server.execute("CREATE DATABASE tma")
        url = server.url("tma")
        with psycopg.connect(url.replace("postgresql+psycopg://", "postgresql://")) as connection:
            connection.execute(
                "CREATE TABLE bacaan (pos text, waktu timestamptz, tma_cm numeric(8,1), PRIMARY KEY (pos, waktu))"
            )
            connection.execute(
                "INSERT INTO bacaan VALUES ('kreo', '2026-02-03 08:00+08', 122.5), ('a', '2026-02-03', -3)"
            )
        (tmp_path / "node.toml").write_text(SQL_OFFER.format(table="public.bacaan"))
        opened.append(graph := factories.graph_of(tmp_path, environ={"TMA_URL": url}))
        assert codes(graph) == []
        assert {r[2] for r in await rows(graph)} == {1.225, -0.03}
    finally:
        server.stop()


async def test_a_database_that_is_not_there_is_told_without_its_address(
    tmp_path: Path, opened: list[NodeGraph]
) -> None:
    (tmp_path / "node.toml").write_text(SQL_OFFER.format(table="bacaan"))
    for url in ("", "mysql://budi:rahasia@db/x", "postgresql://budi:rahasia@127.0.0.1:1/x", "sqlite:////tidak/ada.db"):
        opened.append(graph := factories.graph_of(tmp_path, environ={"TMA_URL": url}))
        [problem] = graph.door.rows.problems
        assert problem.code == "NODE_SOURCE_UNFIT"
        assert "rahasia" not in str(problem)
        assert await rows(graph) == []


def test_cells_of_a_file_are_text_with_the_rows_people_see(tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    path.write_bytes('\ufeffA;B;\n\n1;"dua\nbaris"\n;\n3\n'.encode())
    table = read_file(path)
    assert table.to_pydict() == {"A": ["1", "3"], "B": ["dua\nbaris", None], "_row": [3, 6]}
    (tmp_path / "x.pdf").write_bytes(b"%PDF")
    with pytest.raises(NodeSourceUnfit):
        read_file(tmp_path / "x.pdf")
