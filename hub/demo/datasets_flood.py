"""Simulated floods and the network of rivers that they run through."""

from datetime import datetime, time, timedelta

from hub.demo.described import Described, Fault, described, has
from hub.demo.making import MARK, Made, Workshop

_CAUSES = ("Hujan lebat", "Luapan sungai", "Tanggul jebol", "rob", "Saluran tersumbat", "lainnya")
_FLOODS = Described(
    contract="flood_report",
    name="laporan-banjir",
    title="Laporan Kejadian Banjir",
    organisation="bpbd",
    group="kebencanaan",
    formats="cccj",
    units=("m", "cm"),
    targets={"depth": "depth_m"},
    columns={
        "district": ("text", ("Kecamatan", "KECAMATAN", "Kec.")),
        "village": ("text", ("Desa/Kelurahan", "KELURAHAN", "Desa")),
        "started_at": ("moment", ("Waktu Kejadian", "Mulai Banjir", "TGL/JAM KEJADIAN")),
        "reported_at": ("moment", ("Waktu Laporan", "Dilaporkan", "TGL/JAM LAPOR")),
        "cause": ("text", ("Penyebab", "PENYEBAB BANJIR")),
        "depth": ("number", ("Tinggi Genangan", "TMA Genangan", "Genangan")),
        "affected_households": ("whole", ("KK Terdampak", "Jumlah KK")),
        "affected_people": ("whole", ("Jiwa Terdampak", "Jumlah Jiwa")),
        "evacuees": ("whole", ("Mengungsi", "PENGUNGSI")),
        "deaths": ("whole", ("Meninggal", "MD")),
        "status": ("text", ("Status", "Keadaan Terakhir")),
    },
)
_RIVERS = Described(
    contract="river_network",
    name="jaringan-sungai",
    title="Jaringan Sungai dan Waktu Rambat",
    organisation="dpu",
    group="kebencanaan",
    formats="cj",
    units=("m", "km"),
    targets={"length": "length_m"},
    columns={
        "segment_code": ("text", ("Kode Ruas", "RUAS", "ID Ruas")),
        "river": ("text", ("Sungai", "Nama Sungai")),
        "from_gauge": ("text", ("Pos Hulu", "Dari Pos")),
        "to_gauge": ("text", ("Pos Hilir", "Ke Pos")),
        "downstream_segment": ("text", ("Ruas Hilir", "Mengalir ke Ruas")),
        "length": ("number", ("Panjang Ruas", "Panjang")),
        "travel_hours_low": ("number", ("Waktu Rambat Tercepat (jam)", "Jam Min")),
        "travel_hours_high": ("number", ("Waktu Rambat Terlama (jam)", "Jam Maks")),
        "source": ("text", ("Sumber", "Sumber Angka")),
        "stated_on": ("day", ("Tanggal Sumber", "Tgl. Data")),
    },
)


def floods(shop: Workshop) -> Made | None:
    """Floods of the last month; members on the wave's way always have some."""
    if not has(shop, _FLOODS) and all(lag is None for _, lag in shop.place.gauges):
        return None
    rng = shop.rng(_FLOODS.name)
    style = _FLOODS.style(rng)
    rows = []
    for i in range(rng.randint(4, 12)):
        ago = rng.randint(0, 19)
        start = datetime.combine(shop.end - timedelta(days=ago), time(rng.randint(0, 20), rng.randrange(0, 60, 5)))
        people = rng.randint(20, 900)
        metres = rng.randint(15, 180) / 100
        rows.append({
            "district": f"Kecamatan {MARK} {rng.randint(1, 6):02}",
            "village": f"Desa {MARK} {i + 1:02}",
            "started_at": start,
            "reported_at": start + timedelta(minutes=rng.randint(60, 540)),
            "cause": rng.choice(_CAUSES),
            "depth": metres if style.unit == "m" else round(metres * 100),
            "affected_households": round(people / 3.4),
            "affected_people": people,
            "evacuees": rng.choice((0, 0, people // 4, people // 2)),
            "deaths": 0,
            "status": rng.choice(("Masih berlangsung", "surut_sebagian")) if ago < 3 else "Sudah surut",
        })  # fmt: skip
    broken = rng.randrange(len(rows))
    early = rows[broken]["started_at"]
    assert isinstance(early, datetime)
    fault = rng.choice((
        Fault(broken, "reported_before_flood", "reported_at", early - timedelta(hours=5)),
        Fault(broken, "unknown_cause", "cause", "Kiriman dari atas"),
        Fault(broken, "more_evacuees_than_people", "evacuees", 4_000, "warned"),
    ))  # fmt: skip
    return described(shop, _FLOODS, style, rows, [fault])


def rivers(shop: Workshop) -> Made | None:
    """Three segments below each gauge of the member; the wave's own stretch names the gauge at its lower end."""
    if not shop.place.gauges:
        return None
    rng = shop.rng(_RIVERS.name)
    style = _RIVERS.style(rng)
    below = dict(zip([g for g, _ in shop.place.story.wave], shop.place.story.wave[1:], strict=False))
    rows = []
    for gauge, lag in shop.place.gauges:
        code = gauge[:6].upper()
        for step in range(1, 4):
            low = rng.randint(2, 8) / 2
            row = {
                "segment_code": f"{code}-{step:02}", "river": f"Sungai {MARK}", "from_gauge": None, "to_gauge": None,
                "downstream_segment": f"{code}-{step + 1:02}" if step < 3 else None,
                "length": rng.randint(30, 280) * (100 if style.unit == "m" else 0.1),
                "travel_hours_low": low, "travel_hours_high": low + rng.randint(1, 6) / 2,
                "source": f"{MARK}; belum dikonfirmasi", "stated_on": shop.first,
            }  # fmt: skip
            if step == 1:
                row["from_gauge"] = rng.choice(shop.place.spellings["gauge", gauge])
                if lag is not None and gauge in below:
                    to, arrives = below[gauge]
                    row["to_gauge"] = rng.choice(shop.place.spellings["gauge", to])
                    row["travel_hours_low"], row["travel_hours_high"] = arrives - lag - 1, arrives - lag + 2
            rows.append(row)
    return described(shop, _RIVERS, style, rows, [Fault(2, "unknown_gauge", "from_gauge", "Pos Antah Berantah")])


ALL = (floods, rivers)
