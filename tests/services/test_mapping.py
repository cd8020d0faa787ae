"""The memory of harmonisation: proposed, confirmed by a person, applied to landed bytes, and asked about anew."""

from datetime import date, timedelta
from pathlib import Path

import pytest

from catalog import reviews
from core import audit
from core.access import Actor, Role
from core.audit import AuditEntry
from core.mapping import Melt
from federation.registry import Registry
from services import mapping as memory
from services import mapping_open
from services.errors import (
    DatasetNotLanded,
    MappingAnswerInvalid,
    MappingRefused,
    MappingUnanswered,
    MappingUnknown,
)
from services.mapping import Proposal
from services.mapping_answers import Answers
from tests.services import factories as make
from tests.services import stewards
from tests.services.factories import CITY, Home

SARI = Actor(id="cli:sari", name="Sari", roles=frozenset({Role.COORDINATOR}))
YES = Answers(
    standard="commodity_price", constants={"price_level": "konsumen", "region_code": "99.71"}, as_suggested=True
)
MONTHS = ("Januari 2026", "Februari 2026", "Maret 2026")


def wide(*months: str, rice: str = "12.000") -> str:
    """A price file with its months as columns."""
    rows = [("Pasar Sentral", "Beras", rice), ("Pasar Timur", "Beras", "12.400")]
    lines = [";".join(("Pasar", "Komoditas", *months))]
    lines += [";".join((market, name, *([price] * len(months)))) for market, name, price in rows]
    return "\n".join(lines) + "\n"


def confirmed(home: Home, name: str = "harga.csv", answers: Answers = YES) -> Proposal:
    found = memory.propose_dataset(home.granary, name, standard=answers.standard)
    memory.confirm(home.granary, found, answers, actor=SARI, reason="sudah dilihat")
    home.close()
    return found


def long(header: str = "Harga (Rp)", rows: int = 40) -> str:
    days = [(date(2026, 9, 1) + timedelta(days=i)).isoformat() for i in range(rows)]
    return make.csv({
        "Tanggal": days, "Pasar": ["Pasar Sentral"] * rows, "Komoditas": ["Beras"] * rows,
        header: [str(12_000 + 10 * (i % 7)) for i in range(rows)],
    })  # fmt: skip


def test_what_a_person_confirms_is_applied_to_the_landed_bytes(home: Home) -> None:
    make.write(home.drop(), "harga.csv", long())
    home.harvest()
    assert home.rows("commodity_price") == []  # nothing is taken without a person
    found = confirmed(home)
    assert found.best is not None and found.best.standard == "commodity_price"
    report = home.harvest()
    assert (report.state, report.replayed, len(home.rows("commodity_price"))) == ("ok", 1, 40)


def test_who_confirmed_what_is_on_record_and_listed(home: Home) -> None:
    make.write(home.drop(), "harga.csv", long())
    home.harvest()
    confirmed(home)
    [kept] = mapping_open.remembered(home.granary)
    assert (kept.mapping.contract, kept.by, kept.mapping.columns["price"]) == ("commodity_price", "Sari", "Harga (Rp)")
    entry = next(e for e in home.all(AuditEntry, AuditEntry.id) if e.action == "mapping.confirmed")
    assert (entry.actor, entry.values["reason"], entry.values["answers"]["as_suggested"]) == (
        "cli:sari",
        "sudah dilihat",
        True,
    )
    with home.granary.sessions() as session:
        assert audit.verify_chain(session).ok


def test_a_wide_file_is_melted_and_the_next_month_comes_without_a_question(home: Home) -> None:
    drop = home.drop()
    make.write(drop, "harga.csv", wide(*MONTHS))
    home.harvest()
    confirmed(home)
    source = Registry.load(home.folder).source("setoran")
    assert source.mappings[0].melts == (Melt("price", ("Januari 2026", "Maret 2026"), "date", "month"),)
    assert home.harvest().state == "ok"
    make.write(drop, "harga.csv", wide(*MONTHS, "April 2026"))
    report = home.harvest()
    assert (report.state, dict(report.holds)) == ("ok", {})
    dates = {str(row["date"]) for row in home.rows("commodity_price")}
    assert dates == {"2026-01-01", "2026-02-01", "2026-03-01", "2026-04-01"}


def test_a_wrong_melted_cell_is_marked_in_the_stewards_own_layout(home: Home) -> None:
    drop = home.drop()
    make.write(drop, "harga.csv", wide(*MONTHS))
    home.harvest()
    confirmed(home)
    make.write(drop, "harga.csv", wide(*MONTHS).replace("12.000;12.000;12.000", "12.000;dua belas;12.000"))
    home.harvest()
    built = stewards.only(home)
    said = stewards.comments(built)
    assert list(said) == ["D2"]  # the row of Beras, the column of Februari
    assert "dua belas" in said["D2"] and "Februari 2026" in said["D2"]


def test_a_renamed_column_is_held_with_the_new_reading_and_one_word_settles_it(home: Home) -> None:
    drop = home.drop()
    make.write(drop, "harga.csv", long())
    home.harvest()
    confirmed(home)
    home.harvest()
    make.write(drop, "harga.csv", long("Harga Eceran (Rp)", rows=41))
    report = home.harvest()
    assert set(dict(report.holds)) == {"COLUMNS_CHANGED", "MAPPED_COLUMNS_MISSING"}
    said = next(h for h in home.checks[-1].holds if h["code"] == "MAPPED_COLUMNS_MISSING")["values"]["renewed"]
    assert "“Harga (Rp)” kini “Harga Eceran (Rp)”" in said and "lumbung map confirm" in said
    confirmed(home)
    assert (home.harvest().state, len(home.rows("commodity_price"))) == ("ok", 41)
    assert len(Registry.load(home.folder).source("setoran").mappings) == 1


@pytest.mark.parametrize("header", ["Stok (kg)", "Stok (kuintal)"])
def test_a_unit_that_changes_in_the_header_never_passes_silently(home: Home, header: str) -> None:
    drop = home.drop()

    def stock(header: str, days: int) -> str:
        return make.csv({
            "Tanggal": [(date(2026, 9, 1) + timedelta(days=i)).isoformat() for i in range(days)],
            "Gudang": ["Gudang Sentral"] * days, "Komoditas": ["Beras"] * days, header: ["12"] * days,
        })  # fmt: skip

    make.write(drop, "stok beras.csv", stock("Stok (ton)", 20))
    home.harvest()
    confirmed(
        home,
        "stok beras.csv",
        Answers(
            standard="commodity_stock", columns={"Stok (ton)": "stock_kg"}, constants={"region_code": "99.71"},
            factors={"stock_kg": "1000"}, as_suggested=True,
        ),
    )  # fmt: skip
    home.harvest()
    assert {row["stock_kg"] for row in home.rows("commodity_stock")} == {12_000.0}
    make.write(drop, "stok beras.csv", stock(header, 21))
    assert home.harvest().snapshots == 0
    assert {row["stock_kg"] for row in home.rows("commodity_stock")} == {12_000.0}


def test_what_is_asked_is_never_assumed(home: Home) -> None:
    make.write(home.drop(), "harga.csv", long())
    home.harvest()
    found = memory.propose_dataset(home.granary, "harga.csv")
    with pytest.raises(MappingUnanswered) as caught:
        memory.confirm(home.granary, found, Answers(as_suggested=True), actor=SARI)  # the price level is nowhere
    assert int(caught.value.values["count"]) >= 1
    with pytest.raises(MappingAnswerInvalid):
        memory.confirm(home.granary, found, Answers(columns={"Harga (Rp)": "prise"}), actor=SARI)
    with pytest.raises(MappingAnswerInvalid):
        memory.confirm(home.granary, found, Answers(columns={"Hraga": "price"}), actor=SARI)
    assert mapping_open.remembered(home.granary) == []


def test_a_steward_decides_for_its_own_government_only(home: Home) -> None:
    make.write(home.drop(), "harga.csv", long())
    home.harvest()
    found = memory.propose_dataset(home.granary, "harga.csv")
    other = Actor(id="t:1", name="Orang", roles=frozenset({Role.STEWARD}), member="99.72")
    with pytest.raises(MappingRefused):
        memory.confirm(home.granary, found, YES, actor=other)
    own = Actor(id="t:2", name="Sri", roles=frozenset({Role.STEWARD}), member=CITY)
    assert memory.confirm(home.granary, found, YES, actor=own).by == "Sri"


def test_a_file_without_a_standard_that_fits_one_is_listed_and_never_taken(home: Home) -> None:
    drop = home.drop()
    make.write(drop, "harga.csv", long())
    make.write(drop, "pegawai.csv", "nama;jabatan\nAni;staf\nBudi;kepala\n")
    home.harvest()
    [one] = mapping_open.ask_open(home.granary)
    assert (one.file, one.standard) == ("harga.csv", "commodity_price")
    assert [i.values["standard"] for i in home.reviews if i.decided_at is None] == ["commodity_price"]
    assert home.harvest().due == 0
    confirmed(home)
    home.harvest()
    assert mapping_open.ask_open(home.granary) == []
    assert [i for i in home.reviews if i.decided_at is None] == []


def test_nothing_unchanged_is_read_again_for_it(home: Home) -> None:
    drop = home.drop()
    make.write(drop, "harga.csv", long())
    make.write(drop, "pegawai.csv", "nama;jabatan\nAni;staf\nBudi;kepala\n")
    home.harvest()
    first = mapping_open.ask_open(home.granary)
    for resource in home.resources.values():  # whoever reads them again now has nothing to say of them
        home.granary.landing.path(str(resource.landed_sha256)).unlink()
    assert mapping_open.ask_open(home.granary) == first != []
    words = home.folder / "reference" / "words.csv"
    words.parent.mkdir(exist_ok=True)
    words.write_text("word,kind,means\nongkos,word,harga\n", "utf-8")
    assert mapping_open.ask_open(home.granary) == []  # other words may read them otherwise


def test_who_says_no_is_not_asked_again_about_that_standard(home: Home) -> None:
    make.write(home.drop(), "harga.csv", long())
    home.harvest()
    mapping_open.ask_open(home.granary)
    [item] = home.reviews
    reviews.decide(home.granary.sessions, item.id, "keep: bukan harga pasar", actor=SARI, now=home.clock())
    mapping_open.ask_open(home.granary)
    assert [i for i in home.reviews if i.decided_at is None] == []


def test_what_is_forgotten_is_without_a_standard_again(home: Home) -> None:
    make.write(home.drop(), "harga.csv", long())
    home.harvest()
    confirmed(home)
    home.harvest()
    memory.forget(home.granary, "harga.csv", actor=SARI, reason="salah standar")
    home.close()
    home.harvest()
    assert home.rows("commodity_price") == []
    with pytest.raises(MappingUnknown):
        memory.forget(home.granary, "harga.csv", actor=SARI)
    confirmed(home)
    home.harvest()
    assert len(home.rows("commodity_price")) == 40  # and comes back with the same rows as before


def test_a_file_in_a_sources_folder_can_be_mapped_before_its_first_harvest(home: Home) -> None:
    path = make.write(home.drop(), "harga.csv", long())
    found = memory.propose_file(home.granary, path, source="setoran")
    memory.confirm(home.granary, found, YES, actor=SARI)
    home.close()
    home.harvest()
    assert len(home.rows("commodity_price")) == 40


def test_a_dataset_of_which_nothing_has_come_says_so(home: Home, tmp_path: Path) -> None:
    make.write(home.drop(), "harga.csv", long())
    home.harvest()
    with pytest.raises(DatasetNotLanded):
        memory.propose_dataset(home.granary, "harga.csv", file="lain.csv")


def test_a_file_that_fits_nothing_can_be_mapped_by_hand_column_by_column(home: Home) -> None:
    make.write(home.drop(), "lain.csv", "a;b;c\n2026-01-01;Beras;12000\n")
    home.harvest()
    found = memory.propose_dataset(home.granary, "lain.csv", standard="commodity_price")
    columns = {"a": "date", "b": "commodity_code", "c": "Harga"}
    with pytest.raises(MappingUnanswered):
        memory.confirm(home.granary, found, Answers(standard="commodity_price", columns=columns), actor=SARI)
    confirmed(home, "lain.csv", Answers("commodity_price", columns=columns, constants=YES.constants))
    home.harvest()
    assert [row["price"] for row in home.rows("commodity_price")] == [12_000]
