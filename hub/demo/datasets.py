"""One member's datasets as sheets: which columns, which rows, which of them broken, and the mapping each needs."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from hub.demo import datasets_finance, datasets_flood, datasets_governance, datasets_offices
from hub.demo.making import MARK, Made, Workshop
from hub.demo.province import DemoDataset, Planted
from hub.demo.story import PROFILE, crest, prices, rain, stage, stocks
from hub.demo.style import UNIT_FACTORS, Style, choose
from hub.demo.writing import Sheet, pdf, written

BROKEN_SHARE = 0.01
#: The datasets of further standards, which some members have: each a function of the member's workshop.
FURTHER = (*datasets_flood.ALL, *datasets_offices.ALL, *datasets_finance.ALL, *datasets_governance.ALL)
_QUARANTINED = {
    "commodity_price": ("unknown_commodity", "price_99", "price_920017", "missing_price", "bad_date", "empty_region"),
    "commodity_stock": ("unknown_commodity", "negative_stock", "bad_date", "empty_region"),
    "rainfall": ("bad_date", "empty_region"),
    "river_stage": ("bad_date",),
}
_BAD_DATES = ("31/02/2026", "kemarin", "2026-13-45", "00/00/0000")
LIVE_DAYS = 3  # how far back a node answers live
_NOWHERE = ("Cabai Gendot Ungu", "Bumbu Dapur", "Lain-lain")


class Maker(Workshop):
    """Makes the datasets of one member.

    Attributes:
        told: market, commodity and price of the last day as its file of prices has them, broken rows left out.
    """

    told: list[tuple[str, str, int]]

    def all(self) -> list[Made]:
        """Every dataset of the member; one that a standard describes takes the place of its namesake that none does."""
        made = [self._price(), self._stock(), self._rainfall(), self._population(), self._complaints(), self._assets()]
        if self.rng("wisata").random() < 0.6:
            made.append(self._visitors())
        made.append(self._profile())
        if self.place.gauges:
            made.append(self._stages())
        further = [one for make in FURTHER if (one := make(self)) is not None]
        described = {one.dataset.name for one in further}
        return [*(one for one in made if one.dataset.name not in described), *further]

    # --- the five that a contract describes ---

    def _price(self) -> Made:
        rng, place = self.rng("harga"), self.place
        style = choose(rng, formats="ccccccxjj")
        words = {c: rng.choice(place.spellings["commodity", c]) for c in place.commodities}
        series = {}
        for market in (f"Pasar Induk ({MARK})", f"Pasar Rakyat ({MARK})"):
            for code in place.commodities:
                rise = rng.uniform(0.04, 0.08)
                if code == place.story.commodity:
                    rise = 1.05 if place.code == place.story.short else -0.08 if self._plenty() else 0.12
                series[market, code] = prices(rng, PROFILE.get(code, (20_000, 0.02))[0], self.days, rise)
        region = self.region(rng)
        rows = [
            [region, day, market, words[code], values[i]]
            for i, day in enumerate(self.dates)
            for (market, code), values in series.items()
        ]
        names = ("region_code", "date", "market", "commodity_code", "price")
        clean = [tuple(row) for row in rows]
        sheet = self.sheet(style, names, ("text", "day", "text", "text", "money"), rows, "Harga Bahan Pokok")
        made = self._made(
            rng, style, sheet, contract="commodity_price", tag="harga-pangan", constants={"price_level": "konsumen"}
        )
        last = [(i, key) for i, key in enumerate([*series] * len(self.dates)) if clean[i][1] == self.end]
        width = len(sheet.columns)
        self.told = [(*key, int(str(clean[i][-1]))) for i, key in last if tuple(sheet.rows[i]) == clean[i][-width:]]
        return made

    def _stock(self) -> Made:
        rng, place = self.rng("stok"), self.place
        style = choose(rng, formats="cccccxxj", units=("kg", "ton", "ton", "kuintal"))
        factor = float(UNIT_FACTORS[style.unit])
        region = self.region(rng, shown=place.foreign is not None)
        warehouse = f"Gudang Dinas Pangan ({MARK})"
        columns: dict[str, list[float]] = {}
        needs: dict[str, float] = {}
        for code in place.commodities:
            need = round(place.people * PROFILE.get(code, (20_000, 0.02))[1], 1)
            cover, fall = rng.uniform(6, 14), 0.0
            if code == place.story.commodity:
                cover = 45.0 if self._plenty() else 9.0 if place.code == place.story.short else cover
                fall = 0.88 if place.code == place.story.short else 0.0
            columns[code] = stocks(rng, need, self.days, cover, fall)
            needs[code] = need
        words = {c: rng.choice(place.spellings["commodity", c]) for c in place.commodities}
        rows = [
            [region, day, warehouse, words[code], columns[code][i] / factor, needs[code] / factor]
            for i, day in enumerate(self.dates)
            for code in place.commodities
        ]
        names = ("region_code", "date", "warehouse", "commodity_code", "stock", "need")
        kinds = ("text", "day", "text", "text", "number", "number")
        sheet = self.sheet(style, names, kinds, rows, "Stok dan Kebutuhan Pangan")
        if style.file != "json" and rng.random() < 0.6:
            sheet.total = ["JUMLAH", *[None] * (len(sheet.columns) - 3), sum(r[-2] for r in sheet.rows), None]
        return self._made(rng, style, sheet, contract="commodity_stock", tag="stok-pangan", constants={})

    def _rainfall(self) -> Made:
        rng = self.rng("hujan")
        style = choose(rng, formats="ccccxj")
        region = self.region(rng)
        near = any(lag is not None for _, lag in self.place.gauges)
        storm = (self.days - 4, self.days - 3) if near else ()
        stations = {f"Pos Hujan {i} ({MARK})": rain(rng, self.days, storm) for i in (1, 2, 3)}
        rows = [[region, station, day, v[i]] for i, day in enumerate(self.dates) for station, v in stations.items()]
        names = ("region_code", "station", "date", "rain_mm")
        sheet = self.sheet(style, names, ("text", "text", "day", "number"), rows, "Curah Hujan Harian")
        return self._made(rng, style, sheet, contract="rainfall", tag="curah-hujan", constants={})

    def _population(self) -> Made:
        rng, place = self.rng("penduduk"), self.place
        style = choose(rng, formats="cccxxj")
        region = self.region(rng)
        count = max(3, min(33, round(place.people / 60_000)))
        weights = [rng.uniform(0.5, 1.5) for _ in range(2 * count)]
        people = [int(place.people * w / sum(weights)) for w in weights]
        people[0] += place.people - sum(people)
        year = self.end.year - 1
        rows = [
            [region, year, f"Kecamatan {MARK} {i // 2 + 1:02}", "LP"[i % 2], number] for i, number in enumerate(people)
        ]
        names = ("region_code", "year", "district", "sex", "people")
        sheet = self.sheet(style, names, ("text", "whole", "text", "text", "whole"), rows, "Jumlah Penduduk")
        if style.file != "json":
            sheet.total = ["JUMLAH", *[None] * (len(sheet.columns) - 2), place.people]
        return self._made(rng, style, sheet, contract="population", tag="penduduk", constants={})

    def _stages(self) -> Made:
        rng, place = self.rng("tma"), self.place
        style = choose(rng, formats="cccj", units=("m", "cm"))
        minutes = rng.choice((30, 60))
        start = datetime.combine(self.end - timedelta(days=13), datetime.min.time())
        moments = [start + timedelta(minutes=minutes * i) for i in range(14 * 24 * 60 // minutes)]
        region = self.region(rng)
        rows, live = [], []
        for gauge, lag in place.gauges:
            peak = None if lag is None else crest(self.end + timedelta(days=1)) + timedelta(hours=lag)
            levels = stage(rng, rng.uniform(0.4, 1.4), moments, peak, rng.uniform(3.2, 4.4))
            word = rng.choice(place.spellings["gauge", gauge])
            factor = 100 if style.unit == "cm" else 1
            rows += [[word, region, m, round(v * factor, 2)] for m, v in zip(moments, levels, strict=True)]
            newest = start + timedelta(days=14 - LIVE_DAYS)
            live += [f"{gauge},{m:%Y-%m-%d %H:%M},{v}" for m, v in zip(moments, levels, strict=True) if m >= newest]
        names = ("gauge_code", "region_code", "observed_at", "stage")
        sheet = self.sheet(style, names, ("text", "text", "moment", "number"), rows, "Tinggi Muka Air Sungai")
        made = self._made(rng, style, sheet, contract="river_stage", tag="tinggi-muka-air", constants={})
        made.live = "\n".join(["gauge_code,observed_at,stage_m", *live, ""]).encode()
        return made

    # --- those that no contract describes yet ---

    def _complaints(self) -> Made:
        rng = self.rng("aduan")
        style = choose(rng, formats="cccx")
        topics = ("Jalan rusak", "Lampu jalan", "Sampah", "Layanan kependudukan", "Drainase", "Air bersih")
        states = ("Selesai", "Diproses", "Diteruskan")
        rows = [
            [f"ADU-{i:04}", rng.choice(self.dates), rng.choice(topics), f"Laporan rekaan {i}", rng.choice(states)]
            for i in range(1, 121)
        ]
        columns = [("", "Nomor", "text"), ("", "Tanggal", "day"), ("", "Kategori", "text"), ("", "Uraian", "text")]
        sheet = Sheet([*columns, ("", "Status", "text")], rows)
        return self._unmapped(style, sheet, "aduan", "Aduan Masyarakat", "diskominfo")

    def _assets(self) -> Made:
        rng = self.rng("aset")
        style = choose(rng, formats="ccx")
        goods = ("Sepeda motor", "Meja kerja", "Komputer", "Pompa air", "Genset", "Lemari arsip")
        rows: list[list[Any]] = [
            [
                f"02.{rng.randint(1, 9):02}.01.{i + 1:03}",
                rng.choice(goods),
                rng.randint(2005, self.end.year),
                rng.randint(5, 900) * 100_000,
                rng.choice(("Baik", "Rusak ringan", "Rusak berat")),
            ]
            for i in range(80)
        ]
        columns = [("", "Kode Barang", "text"), ("", "Nama Barang", "text"), ("", "Tahun Perolehan", "whole")]
        sheet = Sheet([*columns, ("", "Nilai (Rp)", "money"), ("", "Kondisi", "text")], rows)
        return self._unmapped(style, sheet, "aset", "Daftar Aset Daerah", "bpkad")

    def _visitors(self) -> Made:
        rng = self.rng("wisata-isi")
        style = choose(rng, formats="ccj")
        rows = [
            [self.end.year - 1, month, f"Objek Wisata {MARK} {place}", rng.randint(800, 60_000)]
            for month in range(1, 13)
            for place in "ABC"
        ]
        columns = [("", "Tahun", "whole"), ("", "Bulan", "whole"), ("", "Objek Wisata", "text")]
        sheet = Sheet([*columns, ("", "Pengunjung", "whole")], rows)
        return self._unmapped(style, sheet, "wisata", "Kunjungan Wisata", "disporapar")

    def _profile(self) -> Made:
        lines = [f"{MARK}: Profil {self.place.name}", "Berkas ini hanya rekaan untuk peragaan Lumbung."]
        dataset = DemoDataset("profil-daerah", f"Profil {self.place.name} ({MARK})", f"{MARK}_profil.pdf", 0, "profil")
        return Made(dataset, pdf(lines), "bappeda", "pemerintahan", f"{MARK}. Profil daerah dalam bentuk PDF.")

    # --- shared ---

    def _plenty(self) -> bool:
        return self.place.code in self.place.story.surplus

    def _made(
        self,
        rng: Random,
        style: Style,
        sheet: Sheet,
        *,
        contract: str,
        tag: str,
        constants: dict[str, str],
    ) -> Made:
        """A dataset of a contract, with its broken rows planted and its mapping written down."""
        name = {"harga-pangan": "harga-bahan-pokok", "stok-pangan": "stok-pangan"}.get(tag, tag)
        shown = f"{_TITLES[contract]} {self.place.name} ({MARK})"
        file = self.file(name, style)
        mapping = self.mapping(sheet, style, contract, constants=constants, targets=_TARGET)
        first = 1 if style.file == "json" else sheet.first_row
        planted = self._plant(rng, sheet, first=first, contract=contract, name=name, file=file)
        rows = len(sheet.rows)
        if sheet.total:  # the reader keeps it as a row, and the contract refuses it
            header, value = sheet.header(sheet.columns[0][0]), str(sheet.total[0])
            entry = Planted(
                self.place.code, name, contract, file, first + rows, "total_row", header, value, "quarantined"
            )
            planted += [entry] if contract != "commodity_stock" or self.place.foreign is None else []
            rows += 1
        dataset = DemoDataset(name, shown, file, rows, tag, contract, mapping)
        owner, group = _OWNERS[contract]
        notes = f"{MARK}: {_TITLES[contract]}, data rekaan untuk peragaan."
        if contract == "river_stage":
            notes += " Pos milik balai wilayah sungai atau kota; di sini disalin ulang sebagai rekaan."
        return Made(dataset, written(sheet, style), owner, group, notes, planted)

    def _plant(self, rng: Random, sheet: Sheet, *, first: int, contract: str, name: str, file: str) -> list[Planted]:
        """Break about one row in a hundred, each in one way, in place: no key comes twice."""
        at = {column: i for i, (column, _, _) in enumerate(sheet.columns)}
        code = self.place.code

        def planted(row: int | None, kind: str, column: str, expect: str) -> Planted:
            value = "" if row is None else str(sheet.rows[row][at[column]])
            number = None if row is None else first + row
            return Planted(code, name, contract, file, number, kind, sheet.header(column), value, expect)

        if contract == "commodity_stock" and self.place.foreign is not None:
            other = self.place.spellings["region", self.place.foreign][0]
            for row in rng.sample(range(len(sheet.rows)), 12):
                sheet.rows[row][at["region_code"]] = other
            return [planted(None, "foreign_region", "region_code", "held")]
        kinds = [k for k in _QUARANTINED.get(contract, ()) if k != "empty_region" or "region_code" in at]
        out = []
        if kinds:
            count = max(1, round(len(sheet.rows) * BROKEN_SHARE))
            for i, row in enumerate(sorted(rng.sample(range(len(sheet.rows)), count))):
                kind = kinds[i % len(kinds)]
                column, value = _broken(rng, kind, contract)
                sheet.rows[row][at[column]] = value
                out.append(planted(row, kind, column, "quarantined"))
        return out

    def _unmapped(self, style: Style, sheet: Sheet, name: str, title: str, owner: str) -> Made:
        self.dress(style, sheet, title)
        sheet.groups = None
        file = self.file(name, style)
        dataset = DemoDataset(name, f"{title} {self.place.name} ({MARK})", file, len(sheet.rows), name)
        return Made(dataset, written(sheet, style), owner, "pemerintahan", f"{MARK}: {title}, data rekaan.")


def _broken(rng: Random, kind: str, contract: str) -> tuple[str, Any]:
    """The column that breaks and what stands in it then."""
    if kind == "unknown_commodity":
        return "commodity_code", rng.choice(_NOWHERE)
    if kind == "bad_date":
        return ("observed_at" if contract == "river_stage" else "date"), rng.choice(_BAD_DATES)
    if kind == "empty_region":
        return "region_code", ""
    if kind == "negative_stock":
        return "stock", -float(rng.randint(1, 90))
    return "price", {"price_99": 99, "price_920017": 920_017, "missing_price": "-"}[kind]


_TARGET = {"stock": "stock_kg", "need": "need_kg_per_day", "stage": "stage_m"}
_TITLES = {
    "commodity_price": "Harga Bahan Pokok Harian",
    "commodity_stock": "Stok dan Kebutuhan Pangan",
    "rainfall": "Curah Hujan Harian",
    "population": "Jumlah Penduduk Menurut Kecamatan dan Jenis Kelamin",
    "river_stage": "Tinggi Muka Air Sungai",
}
_OWNERS = {
    "commodity_price": ("disdag", "pangan"),
    "commodity_stock": ("dinas-pangan", "pangan"),
    "rainfall": ("bpbd", "kebencanaan"),
    "population": ("disdukcapil", "kependudukan"),
    "river_stage": ("bpbd", "kebencanaan"),
}
