"""Before a standard changes, its home says whose rows and mappings would not fit any more."""

from dataclasses import replace

from core.contract import Severity
from services.standard_changes import breaking
from tests.services import factories as make
from tests.services.factories import CITY, PRICES, Home


def test_who_breaks_is_told_from_the_rows_and_mappings_that_stand(home: Home) -> None:
    drop = home.drop(PRICES)
    make.write(drop, "harga.csv", make.prices(5))
    home.harvest()
    old = home.granary.contracts["commodity_price"]
    rules = tuple(
        replace(r, kwargs={**r.kwargs, "max_value": 12_002}) if r.id == "price.range" else r for r in old.rules
    )
    unit = replace(old.column("unit"), required=True)
    new = replace(old, rules=rules, columns=(*old.columns[:-1], unit), version="2.0.0")
    found = breaking(home.granary, old, new)
    assert (found.rows, [(b.member, b.rule, b.rows, b.severity) for b in found.broken]) == (
        5, [(CITY, "price.range", 2, Severity.ROW.value)],
    )  # fmt: skip
    assert list(found.titles.values()) == ["harga"]
    assert [(g.source, g.number, g.lacking) for g in found.gaps] == [("setoran", 1, ("unit",))]
    assert breaking(home.granary, old, old).broken == ()
