"""Gauges and commodities of the province's reference lists: what the codes in rows stand for."""

import strawberry

from core.reference_files import Commodity as CommodityRecord
from core.reference_files import Gauge as GaugeRecord
from gateway.building import field_of
from gateway.context import Info
from gateway.entities.places import Region, region_of

flood = field_of("flood")
logistics = field_of("logistics")


@strawberry.type(description="Pos duga air: a river gauge with its place and its owner's own alarm levels.")
class Gauge:
    """A gauge of the province's list."""

    record: strawberry.Private[GaugeRecord]

    @flood("Kode pos in the province's list.")
    def code(self) -> str:
        """The code."""
        return self.record.code

    @flood()
    def name(self) -> str:
        """The name."""
        return self.record.name

    @flood("Sungai.")
    def river(self) -> str:
        """The river."""
        return self.record.river

    @flood("Wilayah sungai.")
    def river_system(self) -> str:
        """The river system."""
        return self.record.river_system

    @flood("Wilayah where it stands; null where the sources do not say for sure.")
    def region(self, info: Info) -> Region | None:
        """The region."""
        return region_of(info, self.record.region_code)

    @flood("Latitude, degrees WGS 84.")
    def lat(self) -> float | None:
        """Latitude."""
        return self.record.lat

    @flood("Longitude, degrees WGS 84.")
    def lon(self) -> float | None:
        """Longitude."""
        return self.record.lon

    @flood("Satuan of the levels: m above the gauge's own datum, or m3/s.")
    def unit(self) -> str:
        """The unit."""
        return self.record.unit

    @flood("How its owner names the levels (siaga, or another scale).")
    def scale(self) -> str | None:
        """The scale."""
        return self.record.scale or None

    @flood("The least alarm level; null where no source gives one.")
    def level_low(self) -> float | None:
        """The first level."""
        return self.record.level_low

    @flood("The middle alarm level; null where no source gives one.")
    def level_mid(self) -> float | None:
        """The second level."""
        return self.record.level_mid

    @flood("The worst alarm level; null where no source gives one.")
    def level_high(self) -> float | None:
        """The third level."""
        return self.record.level_high

    @flood("Which number its owner calls the worst: 1=worst or 3=worst; null where unknown.")
    def severity_polarity(self) -> str | None:
        """The polarity of the owner's numbers."""
        return self.record.severity_polarity or None

    @flood("Sumber of the levels and the place.")
    def source(self) -> str:
        """The source."""
        return self.record.source


@strawberry.type(description="Komoditas: a good whose prices and stocks are kept.")
class Commodity:
    """A commodity of the province's list."""

    record: strawberry.Private[CommodityRecord]

    @logistics("Kode komoditas in the province's list.")
    def code(self) -> str:
        """The code."""
        return self.record.code

    @logistics()
    def name(self) -> str:
        """The name."""
        return self.record.name

    @logistics("Satuan that a price is for.")
    def unit(self) -> str:
        """The unit."""
        return self.record.unit

    @logistics("Nama lain by which files call it.")
    def aliases(self) -> list[str]:
        """Further names."""
        return list(self.record.aliases)

    @logistics("Sumber of the code and the names.")
    def source(self) -> str:
        """The source."""
        return self.record.source


def gauge_of(info: Info, code: str | None) -> Gauge | None:
    """The gauge with a code, or None where the list has none."""
    record = info.context.services.listed.gauges.get(code or "")
    return Gauge(record=record) if record else None


def commodity_of(info: Info, code: str | None) -> Commodity | None:
    """The commodity with a code, or None where the list has none."""
    record = info.context.services.listed.commodities.get(code or "")
    return Commodity(record=record) if record else None
