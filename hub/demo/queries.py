"""Three ready questions to the simulated province, each with a title and what to look for in its answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from core.messages import text
from hub.demo.province import Province


@dataclass(frozen=True, slots=True)
class ReadyQuery:
    """One GraphQL operation without variables, ready to be pasted; its sentences are in the reader's language."""

    name: str
    document: str
    values: Mapping[str, str]

    @property
    def title(self) -> str:
        """What it asks, in a few words."""
        return text(f"demo.query.{self.name}.title")

    @property
    def look_for(self) -> str:
        """What to look for in the answer."""
        return text(f"demo.query.{self.name}.look", None, **self.values)


_SHORTAGE = """\
query Kekurangan {
  stok: commodityStocks(
    where: {regionCode: {eq: "<short>"}, commodityCode: {eq: "<commodity>"}}
    orderBy: [{column: DATE, direction: DESC}]
    first: 15
  ) {
    nodes { date stockKg needKgPerDay }
  }
  harga: commodityPrices(
    where: {regionCode: {eq: "<short>"}, commodityCode: {eq: "<commodity>"}}
    orderBy: [{column: DATE, direction: DESC}, {column: MARKET}]
    first: 30
  ) {
    nodes { date market price }
  }
  berlebih: commodityStocks(
    where: {regionCode: {in: [<surplus>]}, commodityCode: {eq: "<commodity>"}}
    orderBy: [{column: DATE, direction: DESC}, {column: STOCK_KG, direction: DESC}]
    first: 6
  ) {
    nodes { date region { name } stockKg needKgPerDay provenance { row dataset { title } } }
  }
}
"""

_WAVE = """\
query Gelombang {
  riverStages(
    where: {gaugeCode: {in: [<gauges>]}, stageM: {gte: 2}}
    orderBy: [{column: STAGE_M, direction: DESC}]
    first: 40
  ) {
    totalCount
    nodes { gaugeCode observedAt stageM region { name } provenance { fetchedAt verdict } }
  }
}
"""

_QUALITY = """\
query Mutu {
  sources { id state lastOk member { name } }
  datasets(filter: {mapped: true}, first: 20) {
    totalCount
    nodes { title member { name } contract resources { name rows lastVerdict } }
  }
  belumDipetakan: datasets(filter: {mapped: false}, first: 5) { totalCount nodes { title } }
}
"""


def queries(province: Province) -> tuple[ReadyQuery, ...]:
    """The three questions for a generated province."""
    story = province.story
    return _ready(
        str(story["commodity"]),
        str(story["short"]),
        list(story["surplus"]),
        [str(gauge) for gauge, _ in story["wave"]],
        {member.code: member.name for member in province.members},
    )


def _ready(
    commodity: str, short: str, surplus: Sequence[str], gauges: Sequence[str], names: Mapping[str, str]
) -> tuple[ReadyQuery, ...]:
    def listed(values: Sequence[str]) -> str:
        return ", ".join(f'"{value}"' for value in values)

    words = {
        "short": names[short],
        "plenty": ", ".join(names[code] for code in surplus),
        "wave": " → ".join(gauges),
    }
    filled = {"short": short, "commodity": commodity, "surplus": listed(surplus), "gauges": listed(gauges)}

    def written(document: str) -> str:
        for key, value in filled.items():
            document = document.replace(f"<{key}>", value)
        return document

    asked = (("shortage", _SHORTAGE), ("wave", _WAVE), ("quality", _QUALITY))
    return tuple(ReadyQuery(name, written(document), words) for name, document in asked)


#: The questions for Jawa Tengah, the province that ships.
QUERIES = _ready(
    "cabai_rawit_merah",
    "33.74",
    ("33.29", "33.23", "33.08"),
    ("klambu", "wilalung"),
    {
        "33.74": "Kota Semarang",
        "33.29": "Kabupaten Brebes",
        "33.23": "Kabupaten Temanggung",
        "33.08": "Kabupaten Magelang",
    },
)
