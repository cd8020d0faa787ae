"""Root fields of the reference lists: gauges belong to the flood subgraph, commodities to logistics."""

import strawberry

from gateway.building import field_of
from gateway.context import Info
from gateway.entities.listed import Commodity, Gauge, commodity_of, gauge_of
from gateway.pages import Connection, part_of

flood = field_of("flood")
logistics = field_of("logistics")


@strawberry.type
class ListedQuery:
    """Root fields of gauges and commodities."""

    @flood("Pos duga air of the province's list, in its order.")
    def gauges(self, info: Info, first: int = 100, after: str | None = None) -> Connection[Gauge]:
        """Gauges."""
        found = tuple(info.context.services.listed.gauges.values())
        return part_of(info, "gauges", found, lambda g: Gauge(record=g), first=first, after=after)

    @flood("Satu pos duga air by its code.")
    def gauge(self, info: Info, code: str) -> Gauge | None:
        """One gauge."""
        return gauge_of(info, code)

    @logistics("Komoditas of the province's list, in its order.")
    def commodities(self, info: Info, first: int = 100, after: str | None = None) -> Connection[Commodity]:
        """Commodities."""
        found = tuple(info.context.services.listed.commodities.values())
        return part_of(info, "commodities", found, lambda c: Commodity(record=c), first=first, after=after)

    @logistics("Satu komoditas by its code.")
    def commodity(self, info: Info, code: str) -> Commodity | None:
        """One commodity."""
        return commodity_of(info, code)
