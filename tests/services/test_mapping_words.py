"""A source's own words in columns of codes: suggested, confirmed in the mapping, used by the cast, asked about when new."""

import json
from pathlib import Path

import pytest

from core import audit
from core.access import Actor, Role
from core.audit import AuditEntry
from federation.registry import Registry
from services import mapping as memory
from services import mapping_words
from services.errors import MappingAnswerInvalid, MappingRefused
from services.mapping_answers import Answers
from services.originals import originals
from tests.services import factories as make
from tests.services import stewards
from tests.services.factories import CITY, Home

SARI = Actor(id="cli:sari", name="Sari", roles=frozenset({Role.COORDINATOR}))
YES = Answers(standard="population", constants={"region_code": "99.71", "year": "2025"}, as_suggested=True)


def people(*sexes: str) -> str:
    """A file of population by sex, each sex in two districts."""
    rows = [(district, sex, str(1000 + i)) for i, sex in enumerate(sexes) for district in ("Utara", "Selatan")]
    return make.csv({name: [row[i] for row in rows] for i, name in enumerate(("Kecamatan", "Jenis Kelamin", "Jumlah"))})


def mapped(home: Home, *sexes: str) -> Path:
    """A home with a file whose words of sex were confirmed as they were suggested, harvested."""
    drop = home.drop()
    make.write(drop, "penduduk.csv", people(*sexes))
    home.harvest()
    memory.confirm(
        home.granary, memory.propose_dataset(home.granary, "penduduk.csv", standard="population"), YES, actor=SARI
    )
    home.close()
    home.harvest()
    return drop


def sexes(home: Home) -> list[str]:
    return sorted({row["sex"] for row in home.rows("population")})


def test_confirmed_words_are_used_by_the_cast_and_the_original_stands_beside(home: Home) -> None:
    mapped(home, "male", "female")
    assert sexes(home) == ["L", "P"] and home.returned == []
    [mapping] = Registry.load(home.folder).source("setoran").mappings
    assert mapping.values == {"sex": {"male": "L", "female": "P"}}
    row = home.rows("population")[0]
    found = {one.column: one for one in originals(home.granary, row["_snapshot"], row["_row"])[0]}
    assert (found["sex"].original, found["sex"].value, found["sex"].word) == ("male", "L", "L")
    assert dict(home.snapshots[-1].mapping or {})["values"] == {"sex": {"male": "L", "female": "P"}}


def test_a_new_word_is_returned_with_the_lists_words_and_asked_about_never_guessed(home: Home) -> None:
    drop = mapped(home, "male", "female")
    make.write(drop, "penduduk.csv", people("male", "female", "pria", "xx"))
    home.harvest()
    assert sexes(home) == ["L", "P"]
    said = stewards.comments(stewards.only(home))
    assert "L (Laki-laki)" in said["B6"] and "MUNGKIN MAKSUDNYA" in said["B6"] and "Laki-laki" in said["B8"]
    [asked] = mapping_words.asked(home.granary)
    assert asked.words == {"Jenis kelamin": "“pria” (mungkin L Laki-laki), “xx”"}
    found, words = mapping_words.words(home.granary, "penduduk.csv")
    assert [(w.word, w.value, w.how) for w in words] == [
        ("female", "P", "confirmed"), ("male", "L", "confirmed"), ("pria", "L", "suggested"), ("xx", None, "unknown"),
    ]  # fmt: skip
    mapping_words.teach(home.granary, found, {"Jenis kelamin": {"pria": "Laki-laki", "XX": "P"}}, actor=SARI)
    home.close()
    report = home.harvest()
    assert (report.state, report.replayed) == ("ok", 1)
    assert mapping_words.asked(home.granary) == []
    assert len(home.rows("population")) == 4  # two districts, two sexes: what comes again is the same row


def test_what_words_mean_is_on_record_and_a_later_confirming_keeps_it(home: Home) -> None:
    mapped(home, "male", "female")
    found, _ = mapping_words.words(home.granary, "penduduk.csv")
    mapping_words.teach(home.granary, found, {"sex": {"campur": "total", "male": ""}}, actor=SARI, reason="surat 12")
    entry = home.all(AuditEntry, AuditEntry.id)[-1]
    assert (entry.action, entry.values["reason"]) == ("mapping.confirmed", "surat 12")
    assert entry.values["values"] == {"sex": {"female": "P", "campur": "total"}}
    with home.granary.sessions() as session:
        assert audit.verify_chain(session).ok
    proposal = memory.propose_dataset(home.granary, "penduduk.csv", standard="population")
    again = memory.confirm(home.granary, proposal, YES, actor=SARI)
    assert again.mapping.values["sex"] == {"male": "L", "female": "P", "campur": "total"}


def test_a_word_can_only_mean_what_the_list_has_and_only_its_own_people_say_so(home: Home) -> None:
    mapped(home, "male", "female")
    found, _ = mapping_words.words(home.granary, "penduduk.csv")
    for said in ({"sex": {"xx": "Z"}}, {"people": {"xx": "1"}}):
        with pytest.raises(MappingAnswerInvalid):
            mapping_words.teach(home.granary, found, said, actor=SARI)
    other = Actor(id="t:1", name="Orang", roles=frozenset({Role.STEWARD}), member="99.72")
    with pytest.raises(MappingRefused):
        mapping_words.teach(home.granary, found, {"sex": {"xx": "L"}}, actor=other)


def test_words_that_are_headers_are_melted_under_their_meaning(home: Home) -> None:
    drop = home.drop()
    rows = {"Kecamatan": ["Utara", "Selatan"], "Male": ["1000", "1100"], "Female": ["1001", "1002"]}
    make.write(drop, "penduduk.csv", make.csv(rows))
    home.harvest()
    proposal = memory.propose_dataset(home.granary, "penduduk.csv", standard="population")
    memory.confirm(home.granary, proposal, YES, actor=SARI)
    home.close()
    home.harvest()
    assert sexes(home) == ["L", "P"] and home.returned == []


def test_a_code_of_a_list_takes_the_word_that_a_steward_wrote_by_hand(home: Home) -> None:
    drop = home.drop(make.PRICES + 'values = {commodity_code = {"Bulir Putih" = "beras_medium"}}\n')
    make.write(drop, "harga.csv", make.prices(3, komoditas=["Bulir Putih", "bulir putih", "Bulir Kuning"]))
    home.harvest()
    assert [row["commodity_code"] for row in home.rows("commodity_price")] == ["beras_medium"] * 2
    [row] = home.returned
    assert "daftar kode komoditas" in json.dumps(row.reasons, ensure_ascii=False)
    assert CITY in home.granary.registry.files
