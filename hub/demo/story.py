"""The numbers of the simulated province: prices and stocks with a shortage that builds up, rain, and a flood wave.

Nothing here is a measurement. Levels of prices follow the order of magnitude of published ones (HAP for cabai
rawit and bawang merah: Perbadan 11/2022); a crest's travel time is the reference file's, with its source there.
"""

import math
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from random import Random

#: Rupiah per kg and kg per person and day; invented, in the usual order of magnitude.
PROFILE: dict[str, tuple[int, float]] = {
    "beras_medium": (13_500, 0.220),
    "cabai_rawit_merah": (46_000, 0.0055),
    "cabai_merah_keriting": (38_000, 0.0060),
    "bawang_merah": (36_000, 0.0080),
    "bawang_putih": (39_000, 0.0050),
    "daging_ayam_ras": (35_000, 0.0330),
    "daging_sapi": (132_000, 0.0070),
    "telur_ayam_ras": (28_500, 0.0400),
    "gula_pasir": (17_500, 0.0180),
    "minyak_goreng_curah": (16_500, 0.0260),
}
SHORT_DAYS = 14


@dataclass(frozen=True, slots=True)
class Story:
    """Who runs short of what, who has plenty, and where the wave runs.

    Attributes:
        wave: gauges upstream to downstream with the hours after the first one's crest.
    """

    commodity: str
    short: str
    surplus: tuple[str, ...]
    wave: tuple[tuple[str, float], ...]


def shortage(day: int, days: int) -> float:
    """How far the shortage has built up on a day: 0 until two weeks before the end, 1 at the end."""
    return max(0.0, min(1.0, (day - (days - 1 - SHORT_DAYS)) / SHORT_DAYS))


def prices(rng: Random, base: int, days: int, rise: float) -> list[int]:
    """Daily prices of one commodity in one market, in steps of Rp 100; `rise` is the shortage's end level."""
    level, drift, out = base * rng.uniform(0.94, 1.06), 0.0, []
    for day in range(days):
        drift = 0.93 * drift + rng.gauss(0, 0.006)
        weekend = 0.008 * math.sin(2 * math.pi * day / 7)
        value = level * (1 + drift + weekend) * (1 + rise * shortage(day, days) ** 1.3)
        out.append(max(500, int(round(value, -2))))
    return out


def stocks(rng: Random, need: float, days: int, cover: float, fall: float) -> list[float]:
    """Daily stock in kg: `cover` days of need, falling by the share `fall` while the shortage builds up."""
    phase, out = rng.uniform(0, 9), []
    for day in range(days):
        deliveries = 1 + 0.12 * math.sin((day + phase) * 2 * math.pi / 9) + rng.gauss(0, 0.01)
        out.append(round(need * cover * deliveries * (1 - fall * shortage(day, days)), 1))
    return out


def rain(rng: Random, days: int, wet_days: tuple[int, ...]) -> list[float]:
    """Daily rain in mm at one station; `wet_days` are the days of the storm behind the flood wave."""
    return [
        round(rng.uniform(80, 135), 1)
        if day in wet_days
        else round(rng.expovariate(1 / 14), 1)
        if rng.random() < 0.45
        else 0.0
        for day in range(days)
    ]


def crest(today: date) -> datetime:
    """The local moment of the wave's crest at its first gauge: two evenings ago."""
    return datetime.combine(today - timedelta(days=2), time(20, 0))


def stage(rng: Random, base: float, moments: list[datetime], peak: datetime | None, height: float) -> list[float]:
    """Stages in metres: a calm level, and where a wave passes its steep rise and slow fall."""
    noise, out = 0.0, []
    for moment in moments:
        noise = 0.9 * noise + rng.gauss(0, 0.008)
        value = base + noise
        if peak is not None:
            hours = (moment - peak).total_seconds() / 3600
            value += height * math.exp(-((hours / (4.5 if hours < 0 else 11.0)) ** 2))
        out.append(round(value, 2))
    return out
