"""SDI's gates and MQA's points of a description, each with its reason."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from quality import mqa
from quality.description import Description, Distribution
from quality.gates import Judgement, gates
from quality.mqa import Band
from quality.score import Gate, Measure

NOW = datetime(2026, 11, 22, tzinfo=UTC)
FILE = Distribution(
    "https://data.test/harga.csv", "CSV", "text/csv", 1200, reached=True, readable=True, contract="commodity_price"
)
FULL = Description(
    title="Harga pangan", notes="Harga harian.", publisher="Dinas Perdagangan", contact="data@kota.test",
    licence="Creative Commons Attribution", tags=("harga",), themes=("pangan",), scheduled=True, classified=True,
    created=NOW, modified=NOW, extras={"Kode_Wilayah": "99.71", "tahun": "2026", "rights": "terbuka"}, files=(FILE,),
)  # fmt: skip
PDF = replace(FILE, format="PDF", mime="application/pdf", readable=False, contract=None)


def judged(described: Description, codes: Measure | None = None) -> dict[Gate, Judgement]:
    return {one.gate: one for one in gates(described, codes)}


def test_a_dataset_that_has_everything_passes_all_gates_without_a_reason() -> None:
    found = judged(FULL, Measure(10, 10))
    assert [one.passed for one in found.values()] == [True] * 4
    assert not [one for one in found.values() if one.reasons]


def test_each_missing_part_of_the_metadata_is_named() -> None:
    bare = Description("", files=(FILE,))
    found = judged(bare)[Gate.METADATA]
    assert found.passed is False
    assert found.reasons == ("title", "description", "producer", "contact", "licence", "schedule")
    assert all(len(sentence) > 10 and "." in sentence for sentence in found.texts("id"))


def test_without_a_standard_the_codes_cannot_be_judged_and_the_standard_fails() -> None:
    found = judged(replace(FULL, files=(PDF,)))
    assert (found[Gate.STANDARD].passed, found[Gate.CODES].passed) == (False, None)
    assert "PDF" in found[Gate.INTEROPERABILITY].texts("id")[0]


def test_codes_that_nobody_counted_are_not_good() -> None:
    assert judged(FULL)[Gate.CODES].passed is None
    assert judged(FULL, Measure(9, 10))[Gate.CODES].texts("id") == ("1 kode tidak ditemukan dalam daftar kode.",)


@pytest.mark.parametrize(("readable", "passed"), [(True, True), (None, None), (False, False)])
def test_an_open_format_must_have_been_read_by_a_machine(readable: bool | None, passed: bool | None) -> None:
    found = judged(replace(FULL, files=(replace(FILE, readable=readable),)))[Gate.INTEROPERABILITY]
    assert found.passed is passed
    assert bool(found.reasons) is (passed is not True)


def test_mqa_has_405_points_as_its_methodology_divides_them() -> None:
    by_theme = {theme: sum(i.points for i in mqa.ITEMS if i.theme is theme) for theme in mqa.Theme}
    assert list(by_theme.values()) == [100, 100, 110, 75, 20]
    assert mqa.MOST == 405


def test_a_full_description_has_all_points_and_an_empty_one_none() -> None:
    assert mqa.score(mqa.points(FULL)) == 405
    assert mqa.score(mqa.points(Description("", there=False))) == 0
    assert all(len(point.text("id")) > 5 for point in mqa.points(FULL))


@pytest.mark.parametrize(
    ("points", "band"),
    [(405, Band.EXCELLENT), (351, Band.EXCELLENT), (350, Band.GOOD), (221, Band.GOOD), (220, Band.SUFFICIENT),
     (121, Band.SUFFICIENT), (120, Band.BAD), (0, Band.BAD)],
)  # fmt: skip
def test_the_bands_begin_at_351_221_and_121(points: int, band: Band) -> None:
    assert mqa.band(points) is band


def test_one_file_without_a_format_costs_what_its_items_give() -> None:
    before, after = (mqa.points(replace(FULL, files=files)) for files in ((FILE,), (FILE, replace(FILE, format=""))))
    lost = {b.name for b, a in zip(before, after, strict=True) if b.met and not a.met}
    assert lost == {"format", "format_vocabulary", "non_proprietary", "machine_readable"}
