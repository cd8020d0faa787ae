"""What the simulated province itself publishes: figures beside its regencies' own, two of which do not agree with them.

The province's total is not the sum of its regencies, and one price of a market that a regency publishes too is another:
what only looks beyond one file can find (`quality/beyond`).
"""

from collections.abc import Mapping, Sequence
from datetime import date

from hub.demo.described import Described, Fault, described
from hub.demo.making import Made, Workshop

_PEOPLE = Described(
    contract="population",
    name="penduduk-provinsi",
    title="Jumlah Penduduk Menurut Kabupaten/Kota",
    organisation="disdukcapil",
    group="kependudukan",
    formats="cx",
    columns={
        "year": ("whole", ("Tahun", "TAHUN")),
        "people": ("whole", ("Jumlah Penduduk", "Jiwa", "Penduduk (jiwa)")),
    },
    constants={"sex": "total"},
)
_PRICES = Described(
    contract="commodity_price",
    name="harga-pantauan",
    title="Harga Pantauan Pasar Induk",
    organisation="disdag",
    group="pangan",
    formats="cj",
    columns={
        "date": ("day", ("Tanggal", "TGL")),
        "market": ("text", ("Pasar", "Nama Pasar")),
        "commodity_code": ("text", ("Komoditas", "KOMODITI")),
        "price": ("money", ("Harga (Rp)", "HARGA")),
    },
    constants={"price_level": "konsumen"},
)
_TOO_MANY = 25_000  # people that the province counts and no regency has
_DEARER = 1.2
#: How many regencies the province watches, and how many goods there.
_WATCHED, _GOODS = 3, 4

#: Of one regency: market, commodity and price of its last day.
Told = Sequence[tuple[str, str, int]]


def provincial(shop: Workshop, people: Mapping[str, int], told: Mapping[str, tuple[date, Told]]) -> list[Made]:
    """The province's own datasets.

    Args:
        people: of every regency and city, by code.
        told: what regencies publish of their last day, by code.
    """
    return [_population(shop, people), _watched(shop, told)]


def _population(shop: Workshop, people: Mapping[str, int]) -> Made:
    rng = shop.rng(_PEOPLE.name)
    year = shop.end.year - 1
    rows = [{"region_code": _named(shop, code), "year": year, "people": number} for code, number in people.items()]
    own = sum(people.values())
    rows.append({"region_code": _named(shop, shop.place.code), "year": year, "people": own})
    fault = Fault(len(rows) - 1, "sum_off", "people", own + _TOO_MANY, "finding")
    return described(shop, _PEOPLE, _PEOPLE.style(rng), rows, [fault])


def _watched(shop: Workshop, told: Mapping[str, tuple[date, Told]]) -> Made:
    rng = shop.rng(_PRICES.name)
    rows = [
        {
            "region_code": _named(shop, code),
            "date": day,
            "market": market,
            "commodity_code": shop.place.spellings["commodity", commodity][0],
            "price": price,
        }
        for code, (day, prices) in list(told.items())[:_WATCHED]
        for market, commodity, price in prices[:_GOODS]
    ]
    at = rng.randrange(len(rows))
    fault = Fault(at, "price_differs", "price", round(float(str(rows[at]["price"])) * _DEARER), "finding")
    return described(shop, _PRICES, _PRICES.style(rng), rows, [fault])


def _named(shop: Workshop, code: str) -> str:
    """A region as the province's offices write it."""
    return shop.place.spellings["region", code][0]
