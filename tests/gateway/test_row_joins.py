"""What rows lead to: their region, its members, what their codes stand for, where they come from; asked for at once."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event

from tests.gateway.factories import CITY, REGENCY, Province

JOINED = """query ($where: CommodityPriceFilter, $first: Int! = 100) {
  commodityPrices(where: $where, first: $first) {
    nodes {
      region { code province { name regencies { code } } members { code sources { state } } }
      commodity { name }
      provenance {
        member { regions { name } } source { state } dataset { title resources { name } } resource { name }
        snapshot { committedAt resource { dataset { member { name } } } }
      }
    }
  }
}"""


@contextmanager
def statements(province: Province) -> Iterator[list[str]]:
    """The statements that the catalogue's database is sent meanwhile."""
    seen: list[str] = []

    def sent(_c: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if statement.startswith("SELECT"):
            seen.append(statement)

    engine = province.services.sessions.kw["bind"]
    event.listen(engine, "before_cursor_execute", sent)
    try:
        yield seen
    finally:
        event.remove(engine, "before_cursor_execute", sent)


async def asked(province: Province, **variables: Any) -> tuple[list[Any], int]:
    """The rows and how many statements they took, once each connection remembers which files there are."""
    took: list[int] = []
    for _ in range(4):
        with statements(province) as seen:
            nodes = (await province.data(JOINED, **variables))["commodityPrices"]["nodes"]
        took.append(len(seen))
    return nodes, min(took)


async def test_any_number_of_rows_takes_as_many_statements_as_one(province: Province) -> None:
    one, few = await asked(province, where={"regionCode": {"eq": REGENCY}}, first=1)
    every, same = await asked(province)
    assert (len(one), len(every)) == (1, 9)
    assert same == few <= 8


async def test_a_row_leads_to_its_region_the_province_and_the_members_there(province: Province) -> None:
    [row, *_], _ = await asked(province, where={"regionCode": {"eq": CITY}})
    assert row["region"]["province"]["name"] == "Jawa Tengah"
    assert {"code": REGENCY} in row["region"]["province"]["regencies"]
    assert row["region"]["members"] == [{"code": CITY, "sources": [{"state": "OK"}]}]
    assert row["commodity"] == {"name": "Cabai rawit"}
    assert row["provenance"]["dataset"]["resources"] == [{"name": "harga.csv"}]
    assert row["provenance"]["snapshot"]["resource"]["dataset"]["member"] == {"name": "Kota Semarang"}
