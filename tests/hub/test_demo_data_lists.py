"""The demonstration's members have a data list: what they deliver is found, what they owe is listed and missing."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from hub.demo.data_lists import FOLDER, OWED, bring_lists
from hub.demo.province import DemoDataset, DemoMember, Province
from quality.pool import CheckPool
from services import data_list
from tests.services import factories as make
from tests.services.factories import CITY, Home, new_home


@pytest.fixture
def home(tmp_path: Path, sqlite_template: Path) -> Iterator[Home]:
    with CheckPool(workers=1, memory="512MB", threads=1) as pool:
        made = new_home(tmp_path, sqlite_template, pool)
        yield made
        made.close()


def test_each_members_list_is_imported_and_can_be_imported_again(home: Home, tmp_path: Path) -> None:
    drop = home.drop()
    make.write(drop, "Pasar rakyat.csv", make.csv({"nama": ["A"], "kios": ["30"]}))
    home.harvest()
    prices = DemoDataset("harga", "Harga komoditas pangan", "h.csv", 1, "harga", contract="commodity_price")
    market = DemoDataset("pasar", "Pasar rakyat", "p.csv", 1, "pasar")
    member = DemoMember(CITY, "Kota Muara Padi", "normal", (prices, market))
    province = Province(tmp_path, "99", "Uji", "WITA", date(2026, 11, 22), 1, 1, (member,), (), {})
    first = bring_lists(home.granary, province)[CITY]
    again = bring_lists(home.granary, province)[CITY]
    assert (first.lines, first.changed.added, first.matched, again.changed.same) == (3, 3, 1, 3)
    with home.granary.sessions() as session:
        lines = data_list.listed(session, 2026, CITY)
    assert [(o.title, o.contract, o.priority, o.dataset_id is not None) for o in lines] == [
        ("Harga komoditas pangan", "commodity_price", True, False),
        ("Pasar rakyat", None, False, True),
        (OWED[0], None, False, False),
    ]
    assert (home.folder / FOLDER / f"daftar-data-{CITY}-2026.csv").is_file()
