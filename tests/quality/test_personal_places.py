"""Personal data is in its place where a standard has a closed column for it, and nowhere else."""

from dataclasses import replace
from datetime import UTC, datetime

import pyarrow as pa

from core.contract import Classification, Contract
from quality.personal.allowed import HELD, judge
from tests.quality import factories as make

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
PERMIT = make.CONTRACTS["permit"]
PEOPLE = ["Budi Santoso", "Siti Aminah", "Sri Wahyuni"]
[APPLICANT] = [column.name for column in PERMIT.columns if column.personal]


def held(contract: Contract | None, **columns: list[str]) -> list[str]:
    where: dict[str, str | None] = {APPLICANT: "nama_pemohon"} if contract else {}
    holds, _ = judge(pa.table(columns), contract, where, frozenset({"33.74"}), NOW)
    assert all(hold.code == HELD for hold in holds)
    for hold in holds:
        said = hold.text("id") + hold.text("en") + str(dict(hold.values))
        assert not any(cell in said for cells in columns.values() for cell in cells)
    return [str(hold.values["column"]) for hold in holds]


def opened(contract: Contract) -> Contract:
    columns = tuple(replace(c, classification=Classification.OPEN) for c in contract.columns)
    return replace(contract, columns=columns, classification=Classification.OPEN)


def test_F35_a_closed_column_of_the_standard_may_name_persons() -> None:
    assert held(PERMIT, nama_pemohon=PEOPLE) == []


def test_F35_an_open_column_may_not_and_neither_may_a_file_without_a_standard() -> None:
    assert held(opened(PERMIT), nama_pemohon=PEOPLE) == held(None, nama_pemohon=PEOPLE) == ["nama_pemohon"]


def test_F35_a_column_beside_the_closed_one_is_not_its_place() -> None:
    niks = ["3374011508900007", "3374014203850002", "3374012709770001"]
    assert held(PERMIT, nama_pemohon=PEOPLE, catatan=niks) == ["catatan"]
