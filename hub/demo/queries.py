"""Three ready questions to the simulated province, each with a title and what to look for in its answer."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from core.messages import text
from hub.demo.province import Province


@dataclass(frozen=True, slots=True)
class ReadyQuery:
    """One GraphQL operation; its titles are the messages `demo.query.NAME.title` and `demo.query.NAME.look`."""

    name: str
    operation: str

    def title(self, locale: str | None = None) -> str:
        """What it asks, in a few words."""
        return text(f"demo.query.{self.name}.title", locale)

    def look(self, province: Province, locale: str | None = None) -> str:
        """What to look for in the answer."""
        names = {member.code: member.name for member in province.members}
        short = str(province.story["short"])
        plenty = ", ".join(names[code] for code in province.story["surplus"])
        wave = " → ".join(str(gauge) for gauge, _ in province.story["wave"])
        return text(f"demo.query.{self.name}.look", locale, short=names[short], plenty=plenty, wave=wave)

    def variables(self, province: Province) -> dict[str, Any]:
        """The operation's variables for this province, ready for JSON."""
        known = _variables(province)
        return {name: value for name, value in known.items() if f"${name}" in self.operation}


def _variables(province: Province) -> Mapping[str, Any]:
    story, last = province.story, province.today - timedelta(days=1)
    return {
        "short": story["short"],
        "regions": [story["short"], *story["surplus"]],
        "commodity": story["commodity"],
        "since": (last - timedelta(days=14)).isoformat(),
        "day": last.isoformat(),
        "gauges": [gauge for gauge, _ in story["wave"]],
    }


_SHORTAGE = """\
query Kekurangan($short: String!, $regions: [String!]!, $commodity: String!, $since: Date!, $day: Date!) {
  stok: commodityStocks(
    where: {regionCode: {eq: $short}, commodityCode: {eq: $commodity}, date: {gte: $since}}
    orderBy: [{column: DATE}]
  ) {
    nodes { date stockKg needKgPerDay }
  }
  harga: commodityPrices(
    where: {regionCode: {eq: $short}, commodityCode: {eq: $commodity}, date: {gte: $since}}
    orderBy: [{column: DATE}, {column: MARKET}]
  ) {
    nodes { date market price }
  }
  berlebih: commodityStocks(
    where: {regionCode: {in: $regions}, commodityCode: {eq: $commodity}, date: {eq: $day}}
    orderBy: [{column: STOCK_KG, direction: DESC}]
  ) {
    nodes { region { name } stockKg needKgPerDay provenance { row dataset { title } } }
  }
}
"""

_WAVE = """\
query Gelombang($gauges: [String!]!) {
  riverStages(
    where: {gaugeCode: {in: $gauges}, stageM: {gte: 2}}
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

QUERIES = (
    ReadyQuery("shortage", _SHORTAGE),
    ReadyQuery("wave", _WAVE),
    ReadyQuery("quality", _QUALITY),
)
