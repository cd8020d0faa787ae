"""Small counts of people are kept by the bytes that were sent and by nothing that is served or exported."""

import pyarrow.parquet as pq

from tests.services import factories as make
from tests.services.factories import Home
from tests.services.standard_files_governance import maternal_health


def test_no_committed_file_holds_a_count_that_is_not_shown(home: Home) -> None:
    sent = maternal_health()
    make.write(home.drop(sent.mapping, code=sent.code), sent.file, sent.content)
    assert home.harvest().rows_published == sent.published
    files = [path for path in home.folder.rglob("*.parquet") if "deaths" in pq.read_schema(path).names]
    assert files
    for path in files:
        rows = pq.read_table(path, columns=["deaths", "suppressed", "district"]).to_pylist()
        assert {row["suppressed"] for row in rows} == {True, False}
        assert [row["deaths"] is None for row in rows] == [row["suppressed"] for row in rows]
    shown = {(row["district"], row["cause"]): row["deaths"] for row in home.rows("maternal_health")}
    assert shown["Rejeki", "total"] == 32
    assert shown["Rejeki", "perdarahan"] is None is shown["Pesisir", "perdarahan"]


def test_what_one_resource_hides_no_other_may_tell(home: Home) -> None:
    sent = maternal_health()
    drop = home.drop(sent.mapping, code=sent.code)
    make.write(drop, sent.file, sent.content)
    home.harvest()
    make.write(drop, "kematian_ibu_ringkas.csv", sent.content.replace(b"62", b"63"))
    assert dict(home.harvest().holds) == {"TABLE_TOLD_TWICE": 1}
    assert len(home.rows("maternal_health")) == sent.published
    make.write(drop, "kematian_ibu_lama.csv", sent.content.replace(b"2025", b"2024"))
    assert dict(home.harvest().holds) == {}
    assert len(home.rows("maternal_health")) == 2 * sent.published


def test_two_that_come_at_once_do_not_both_pass(home: Home) -> None:
    sent = maternal_health()
    drop = home.drop(sent.mapping, code=sent.code)
    make.write(drop, "a.csv", sent.content)
    make.write(drop, "b.csv", sent.content.replace(b"62", b"63"))
    assert dict(home.harvest().holds) == {"TABLE_TOLD_TWICE": 1}
    assert len(home.rows("maternal_health")) == sent.published
