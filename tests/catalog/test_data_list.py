"""The yearly data list: one line a title, replaced as a whole, what was matched stays matched."""

from datetime import UTC, datetime

import pytest
from sqlalchemy.orm import Session, sessionmaker

from catalog import data_list
from catalog.data_list import Listed, MatchedBy, Replaced, listed_id
from catalog.errors import DatasetUnknown, ListedUnknown
from core.access import SYSTEM
from core.contract_metadata import Period, Release

NOW = datetime(2026, 1, 12, 3, tzinfo=UTC)


def line(title: str, member: str = "33.21", **more: object) -> Listed:
    return Listed(listed_id(member, 2026, title), member, 2026, title, place="daftar.xlsx › baris 5", **more)  # type: ignore[arg-type]  # named fields


def put(sessions: sessionmaker[Session], *lines: Listed, member: str = "33.21") -> Replaced:
    return data_list.replace(sessions, member, 2026, lines, actor=SYSTEM, file="daftar.xlsx", now=NOW)


def test_a_list_is_read_back_in_its_own_order(sessions: sessionmaker[Session]) -> None:
    monthly = Release(Period.MONTH, 10)
    lines = (
        line("Harga Pangan", contract="commodity_price", producer="Dinas Perdagangan", release=monthly, priority=True),
        line("Gudang"),
    )
    assert put(sessions, *lines) == Replaced(2, 0, 0, 0)
    with sessions() as session:
        assert data_list.listed(session, 2026, "33.21") == lines
        assert data_list.listed(session, 2026) == lines
        assert data_list.listed(session, 2025) == ()


def test_the_same_list_again_changes_nothing_and_another_replaces_it(sessions: sessionmaker[Session]) -> None:
    put(sessions, line("Harga Pangan"), line("Gudang"))
    put(sessions, line("Gudang", member="33.22"), member="33.22")
    assert put(sessions, line("Harga Pangan"), line("Gudang")) == Replaced(0, 0, 2, 0)
    assert put(sessions, line("HARGA  pangan"), line("Izin")) == Replaced(1, 1, 0, 1)
    with sessions() as session:
        assert [one.title for one in data_list.listed(session, 2026)] == ["HARGA  pangan", "Izin", "Gudang"]


def test_what_a_person_confirmed_outlives_an_import_and_later_matching(sessions: sessionmaker[Session]) -> None:
    one = line("Harga Pangan")
    put(sessions, one)
    with pytest.raises(ListedUnknown):
        data_list.confirm(sessions, "0" * 32, None, actor=SYSTEM, now=NOW)
    with pytest.raises(DatasetUnknown):
        data_list.confirm(sessions, one.id, "f" * 32, actor=SYSTEM, now=NOW)
    with sessions() as session:
        assert data_list.match(session, [(one.id, "d" * 32)]) == 1
        session.commit()
    put(sessions, line("Harga Pangan", priority=True))
    with sessions() as session:
        (found,) = data_list.listed(session, 2026)
        assert (found.dataset_id, found.matched_by, found.priority) == ("d" * 32, MatchedBy.EXACT, True)
