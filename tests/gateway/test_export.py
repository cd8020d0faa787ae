"""`/export`: rows as CSV, NDJSON and Parquet, the same that the graph pages through in the same scope; streamed, bounded."""

import asyncio
import csv
import io
import json
from pathlib import Path
from typing import Any

import httpx
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core.access import Role
from core.contract import ColumnType
from core.db import make_engine
from core.duck import Duck, Stop
from core.rows_errors import QueryTimeout
from core.rows_export import Format, writer
from gateway import exporting
from gateway.context import Context
from gateway.offload import Deadline, Offload
from hub.web import make_app
from tests.gateway import factories
from tests.gateway.factories import CITY, REGENCY, SECRET_CELL, Province, price

_PRICES = ("regionCode", "date", "market", "commodityCode", "priceLevel", "price", "unit")


async def export(province: Province, file: str, token: str | None = None, **asked: Any) -> httpx.Response:
    headers = asked.pop("headers", {})
    params = {k: v if isinstance(v, str) else json.dumps(v) for k, v in asked.items()}
    async with province.client(token, **headers) as client:
        return await client.get(f"/export/{file}", params=params)


def code(answer: httpx.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["errors"][0]["extensions"]["code"]


def lines(answer: httpx.Response) -> list[dict[str, Any]]:
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.content.splitlines()]


async def test_each_format_has_the_same_rows(province: Province) -> None:
    where = {"regionCode": {"eq": CITY}}
    rows = lines(await export(province, "commodity_price.ndjson", where=where, orderBy="-DATE"))
    assert [row["price"] for row in rows] == [55_000, 52_000, 40_004, 40_003, 40_002, 40_001]
    assert list(rows[0]) == [c.name for c in province.services.contracts["commodity_price"].columns]
    sheet = await export(province, "commodity_price.csv", where=where, orderBy="-DATE")
    read = list(csv.DictReader(io.StringIO(sheet.text)))
    assert [{**row, "price": str(row["price"])} for row in rows] == read
    parquet = await export(province, "commodity_price.parquet", where=where, orderBy="-DATE")
    table = pq.read_table(io.BytesIO(parquet.content))
    assert [{**row, "date": row["date"].isoformat()} for row in table.to_pylist()] == rows


async def test_columns_and_provenance_are_chosen_by_either_name(province: Province) -> None:
    asked = {"columns": "price,regionCode,provenance.member,_snapshot", "orderBy": [{"column": "PRICE"}]}
    [first, *_] = lines(await export(province, "commodity_price.ndjson", **asked))
    assert first == {"price": 38_001, "region_code": REGENCY, "_member": REGENCY, "_snapshot": first["_snapshot"]}
    assert code(await export(province, "commodity_price.ndjson", columns="harga")) == (400, "EXPORT_INVALID")


async def test_an_earlier_commit_is_exported_as_it_was(province: Province) -> None:
    answer = await export(province, "commodity_price.ndjson", asOfSeq="1", where={"regionCode": {"eq": CITY}})
    assert [row["price"] for row in lines(answer)] == [40_001, 40_002, 40_003, 40_004, 40_005]
    assert answer.headers["x-commit"] == "1"
    assert code(await export(province, "commodity_price.csv", asOfSeq="99999")) == (422, "AS_OF_UNKNOWN")


async def test_the_bar_of_the_scope_holds_masked_columns_are_empty(province: Province) -> None:
    for token, expected in ((None, None), (province.token(Role.COORDINATOR), SECRET_CELL)):
        [row] = lines(await export(province, "commodity_stock.ndjson", token))
        assert row["warehouse_address"] == expected
    hidden = {"warehouseAddress": {"eq": SECRET_CELL}}
    assert code(await export(province, "commodity_stock.ndjson", where=hidden)) == (400, "COLUMN_UNKNOWN")


async def test_R16_the_public_never_gets_a_table_that_is_not_open_and_absent_ones_answer_alike(
    province: Province,
) -> None:
    told = [await export(province, f"{name}.csv") for name in ("official_travel", "bukan_standar")]
    assert [code(t) for t in told] == [(404, "EXPORT_UNKNOWN")] * 2
    assert told[0].text.replace("official_travel", "X") == told[1].text.replace("bukan_standar", "X")
    assert (await export(province, "official_travel.csv", province.token(Role.COORDINATOR))).status_code == 200
    assert code(await export(province, "commodity_price.xls")) == (404, "EXPORT_UNKNOWN")
    assert code(await export(province, "commodity_price.csv", "lmb_bukan")) == (401, "TOKEN_INVALID")


async def test_what_the_graph_refuses_is_refused_here_in_the_same_words(province: Province) -> None:
    for where in ({"harga": {"eq": 1}}, {"price": {"eq": "sepuluh"}}, {"price": {"eq": None}}):
        told = code(await export(province, "commodity_price.csv", where=where))
        assert told[0] == 400 and told[1] in ("QUERY_INVALID", "FILTER_INVALID")
    for asked in ({"where": "{"}, {"where[price]": "1"}, {"asOfSeq": "x"}, {"delimiter": "|"}, {"bom": "ya"}):
        assert code(await export(province, "commodity_price.csv", **asked)) == (400, "EXPORT_INVALID")
    both = {"asOf": "2026-03-01T00:00:00Z", "asOfSeq": "1"}
    assert code(await export(province, "commodity_price.csv", **both)) == (400, "MOMENT_AMBIGUOUS")


async def test_what_is_known_already_is_not_sent_again_but_to_another_scope(province: Province) -> None:
    first = await export(province, "commodity_stock.csv")
    tag = first.headers["etag"]
    assert (
        first.headers["content-disposition"]
        == f'attachment; filename="commodity_stock-{first.headers["x-commit"]}.csv"'
    )
    assert (first.headers["x-row-count"], first.headers["vary"]) == ("1", "Authorization, Accept-Language")
    again = await export(province, "commodity_stock.csv", headers={"If-None-Match": f'"x", W/{tag}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", tag)
    for asked in ({"bom": "1"}, {"columns": "date"}, {"where": {"date": {"gte": "2026-01-01"}}}):
        assert (
            await export(province, "commodity_stock.csv", **asked, headers={"If-None-Match": tag})
        ).status_code == 200
    more = await export(
        province, "commodity_stock.csv", province.token(Role.COORDINATOR), headers={"If-None-Match": tag}
    )
    assert more.status_code == 200 and SECRET_CELL in more.text


@pytest.fixture
def fresh(sqlite_template: Path, tmp_path: Path) -> Any:
    """Makes an empty province with some settings."""
    made: list[Any] = []

    def make(**chosen: Any) -> Province:
        (tmp_path / "lumbung.db").write_bytes(sqlite_template.read_bytes())
        engine = make_engine(f"sqlite:///{tmp_path / 'lumbung.db'}")
        province = factories.empty_province(tmp_path, engine, **chosen)
        made.extend((province.services.duck, engine))
        return province

    yield make
    for part in made:
        part.close() if isinstance(part, Duck) else part.dispose()


def prices(province: Province, markets: list[str]) -> None:
    contract = province.services.contracts["commodity_price"]
    province.see(CITY, factories.seen(CITY, "harga", "Harga"))
    rows = [price(CITY, 1 + i % 28, 10_000 + i, market=market) for i, market in enumerate(markets)]
    province.commit(CITY, "harga", rows, contract)


async def test_F28_text_like_a_formula_is_text_in_csv_and_itself_elsewhere(fresh: Any) -> None:
    province = fresh()
    risky = ["=HYPERLINK(1)", "+1", "-1", "@x", 'Pasar "A", B\r\n;', "Pasar Ünik 市場"]
    prices(province, risky)
    rows = lines(await export(province, "commodity_price.ndjson"))
    assert sorted(row["market"] for row in rows) == sorted(risky)
    sheet = await export(province, "commodity_price.csv", bom="1", delimiter="semicolon")
    assert sheet.content.startswith(b"\xef\xbb\xbf") and sheet.headers["content-type"] == "text/csv; charset=utf-8"
    read = list(csv.DictReader(io.StringIO(sheet.content.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert sorted(row["market"] for row in read) == sorted([*("'" + t for t in risky[:4]), *risky[4:]])


async def test_too_many_rows_are_told_before_the_file_begins(fresh: Any) -> None:
    province = fresh(export_rows_max=3)
    prices(province, [f"Pasar {i}" for i in range(4)])
    assert code(await export(province, "commodity_price.csv")) == (422, "EXPORT_TOO_LARGE")
    few = {"market": {"in": ["Pasar 1", "Pasar 2"]}}
    assert (await export(province, "commodity_price.csv", where=few)).headers["x-row-count"] == "2"


async def test_time_ends_an_export_with_a_code(fresh: Any) -> None:
    province = fresh(export_seconds=0.000001)
    assert code(await export(province, "commodity_price.csv")) == (504, "QUERY_TIMEOUT")


_CELL = st.fixed_dictionaries({}, optional={
    "eq": st.integers(40_000, 56_000), "gte": st.integers(38_000, 56_000), "lt": st.integers(38_000, 56_000),
    "in": st.lists(st.sampled_from([38_001, 38_003, 40_001, 52_000]), max_size=3),
})  # fmt: skip
_LEAF = st.one_of(
    st.builds(lambda c: {"price": c}, _CELL),
    st.sampled_from(
        [{"regionCode": {"eq": CITY}}, {"market": {"isNull": True}}, {"date": {"range": {"from": "2026-02-03"}}}]
    ),
    st.sampled_from([{"region": {"namePrefix": "Kota"}}, {"provenance": {"member": {"eq": REGENCY}}}]),
)
_WHERE = st.recursive(
    _LEAF,
    lambda inner: st.one_of(
        st.builds(lambda x: {"not": x}, inner),
        st.builds(lambda xs: {"or": xs}, st.lists(inner, max_size=3)),
        st.builds(lambda xs: {"and": xs}, st.lists(inner, max_size=3)),
    ),
    max_leaves=5,
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    where=_WHERE,
    order=st.lists(st.sampled_from(["DATE", "PRICE", "MARKET", "REGION_NAME"]), unique=True),
    page=st.integers(1, 9),
)
def test_an_export_is_what_the_graph_pages_through_in_the_same_scope(
    province: Province, where: dict[str, Any], order: list[str], page: int
) -> None:
    asyncio.run(_same(province, where, [{"column": c, "direction": "DESC"} for c in order], page))


async def _same(province: Province, where: Any, order: Any, page: int) -> None:
    token = province.token(Role.STEWARD, member=CITY)
    query = f"""query($where: CommodityPriceFilter, $order: [CommodityPriceOrder!], $after: String) {{
      commodityPrices(where: $where, orderBy: $order, first: 4, after: $after) {{
        nodes {{ {" ".join(_PRICES)} provenance {{ row seq }} }} pageInfo {{ hasNextPage endCursor }} }} }}"""
    paged: list[list[Any]] = []
    after = None
    while True:
        found = (await province.data(query, token, where=where, order=order, after=after))["commodityPrices"]
        paged += [[*(n[k] for k in _PRICES), n["provenance"]["row"], n["provenance"]["seq"]] for n in found["nodes"]]
        after = found["pageInfo"]["endCursor"]
        if not found["pageInfo"]["hasNextPage"]:
            break
    columns = ",".join((*_PRICES, "_row", "_snapshot"))
    rows = lines(await export(province, "commodity_price.ndjson", token, where=where, orderBy=order, columns=columns))
    assert [list(row.values()) for row in rows] == paged
    offload = Offload(province.services.sessions, sql=2, duck=2)
    context = Context(province.services, offload, Deadline(30))
    inputs = exporting.Inputs(province.services.contracts["commodity_price"])
    given = {"where": json.dumps(where), "orderBy": json.dumps(order), "columns": columns}
    asked = exporting.read(inputs, Format.NDJSON, given, province.services.regions)
    made = await exporting.prepared(context, asked)
    pieces = b"".join([piece async for piece in made.pieces(context, page=page)])
    assert [list(json.loads(line).values()) for line in pieces.splitlines()] == paged
    offload.close()


def test_a_query_whose_asker_has_gone_is_ended(province: Province) -> None:
    stop, sql = Stop(), "SELECT count(*) FROM range(100000000000) a WHERE a.range % 7 = 3"
    asyncio.run(_gone(province.services.duck, stop, sql))
    with pytest.raises(QueryTimeout):
        province.services.duck.arrow("SELECT 1", deadline=5, stop=stop)
    assert province.services.duck.free == 2


async def _gone(duck: Duck, stop: Stop, sql: str) -> None:
    running = asyncio.create_task(asyncio.to_thread(duck.arrow, sql, deadline=30, stop=stop))
    while duck.free == 2:
        await asyncio.sleep(0.001)
    stop.ask()
    with pytest.raises(QueryTimeout):
        await asyncio.wait_for(running, 10)


async def test_only_so_many_files_are_read_at_once_and_one_that_is_left_makes_room(fresh: Any) -> None:
    province = fresh(exports_at_once=1)
    prices(province, [f"Pasar {i}" for i in range(20)])
    app = make_app(province.services)
    begun, gone = asyncio.Event(), asyncio.Event()

    async def receive() -> dict[str, Any]:
        await gone.wait()
        return {"type": "http.disconnect"}

    async def send(message: dict[str, Any]) -> None:
        if message["type"] == "http.response.body":
            begun.set()
            await asyncio.Event().wait()  # a reader that takes nothing

    scope = {
        "type": "http", "method": "GET", "path": "/export/commodity_price.csv", "raw_path": b"", "query_string": b"",
        "headers": [], "http_version": "1.1", "scheme": "http", "server": ("lumbung.test", 80), "root_path": "",
        "asgi": {"version": "3.0", "spec_version": "2.3"},
    }  # fmt: skip
    first = asyncio.create_task(app(scope, receive, send))
    await begun.wait()
    client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://lumbung.test")
    assert code(await client.get("/export/commodity_price.csv")) == (503, "QUERY_BUSY")
    gone.set()
    await first
    assert (await client.get("/export/commodity_price.csv")).status_code == 200
    await client.aclose()


async def test_rows_that_no_standard_describes_are_exported_as_the_graph_shows_them(province: Province) -> None:
    member, dataset = province.token(Role.STEWARD, member=REGENCY), province.dataset(CITY, "pegawai")
    shown = (await province.data(f'{{ rows(dataset: "{dataset}") {{ columns rows rowNumbers }} }}', member))["rows"]
    sheet = await export(province, "rows.csv", member, dataset=dataset)
    assert list(csv.reader(io.StringIO(sheet.text))) == [shown["columns"], *shown["rows"]]
    assert (
        sheet.headers["content-disposition"] == f'attachment; filename="rows-{dataset}-{sheet.headers["x-commit"]}.csv"'
    )
    assert (sheet.headers["x-row-count"], sheet.headers["etag"] != "") == ("2", True)
    where = [{"column": "Dinas", "where": {"contains": "Y"}}]
    found = lines(
        await export(province, "rows.ndjson", member, dataset=dataset, where=where, columns=["Jumlah", "_row"])
    )
    assert found == [{"Jumlah": "1.234", "_row": 3}]
    resource = province.resource(CITY, "pegawai")
    turned = lines(await export(province, "rows.ndjson", member, resource=resource, orderBy="-Dinas"))
    assert [row["Dinas"] for row in turned] == ["Dinas Y", "Dinas X"]
    parquet = await export(province, "rows.parquet", member, dataset=dataset)
    assert pq.read_table(io.BytesIO(parquet.content)).to_pylist() == lines(
        await export(province, "rows.ndjson", member, dataset=dataset)
    )


async def test_a14_rows_of_text_are_exported_to_whom_the_graph_shows_them(province: Province) -> None:
    for name, who in (("pegawai", None), ("rahasia", Role.COORDINATOR), ("terbatas", None)):
        token = None if who is None else province.token(who)
        told = await export(province, "rows.csv", token, dataset=province.dataset(REGENCY, name))
        absent = await export(province, "rows.csv", token, dataset="0" * 32)
        assert code(told) == code(absent) == (404, "EXPORT_UNKNOWN")
        assert told.text.replace(province.dataset(REGENCY, name), "X") == absent.text.replace("0" * 32, "X")
    owner = province.token(Role.STEWARD, member=REGENCY)
    own = lines(await export(province, "rows.ndjson", owner, dataset=province.dataset(REGENCY, "rahasia")))
    assert own == [{"Nama": SECRET_CELL}]


async def test_an_address_of_rows_of_text_that_cannot_be_read_is_refused(province: Province) -> None:
    token, dataset = province.token(Role.COORDINATOR), province.dataset(CITY, "pegawai")
    for asked, expected in (
        ({}, "EXPORT_INVALID"),
        ({"standard": "x"}, "EXPORT_INVALID"),
        ({"columns": "[1]"}, "EXPORT_INVALID"),
        ({"columns": "Tiada"}, "COLUMN_UNKNOWN"),
        ({"orderBy": "Tiada"}, "COLUMN_UNKNOWN"),
        ({"where": {"regionCode": {"eq": CITY}}}, "QUERY_INVALID"),
    ):
        more = {"dataset": dataset} if asked else {}
        assert code(await export(province, "rows.csv", token, **more, **asked)) == (400, expected)
    assert code(await export(province, "rows.xls", token, dataset=dataset)) == (404, "EXPORT_UNKNOWN")


def test_F28_a_header_that_a_spreadsheet_would_run_is_marked_too() -> None:
    out = writer(Format.CSV, {"=1+1": ColumnType.TEXT, "Nama": ColumnType.TEXT})
    sheet = out.page(pa.table({"=1+1": ["@a"], "Nama": ["b"]})).decode()
    assert list(csv.reader(io.StringIO(sheet))) == [["'=1+1", "Nama"], ["'@a", "b"]]
