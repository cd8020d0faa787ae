"""Time: aware UTC inside, the province's zone on screens, and one place where tests set the clock."""

from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

#: Names that Indonesians use for their three zones.
ZONES = {"WIB": "Asia/Jakarta", "WITA": "Asia/Makassar", "WIT": "Asia/Jayapura"}

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The present moment, aware UTC."""
    return datetime.now(UTC)


def zone(name: str) -> ZoneInfo:
    """The time zone for WIB, WITA, WIT or an IANA name; `KeyError` for anything else."""
    return ZoneInfo(ZONES.get(name.upper(), name))


def aware(moment: datetime, assume: str = "UTC") -> datetime:
    """The moment in UTC; a naive one is read in the zone `assume` (CKAN writes naive UTC)."""
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone(assume))).astimezone(UTC)


def on_screen(moment: datetime, zone_name: str) -> str:
    """`2026-11-22 14:05 WIB`: local time with the zone's usual name beside it."""
    short = {v: k for k, v in ZONES.items()}.get(str(zone(zone_name)), zone_name)
    return f"{moment.astimezone(zone(zone_name)):%Y-%m-%d %H:%M} {short}"
