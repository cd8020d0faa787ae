"""Small tables made from a written description, for `benchmarks/mapping.py`: the same bytes every time.

What a table holds is said in `mapping_labels/*.json`, column by column; this module only knows how values of each
kind are written. All values are invented. `simulated` gives a file of the simulated province instead.
"""

import csv
import io
import tempfile
from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from federation.packs import find_pack
from hub.demo.generate import generate
from hub.demo.province import Province
from hub.demo.style import MONTHS, Style
from hub.demo.writing import Sheet, written

Spec = Mapping[str, Any]
_SHORT = ("Jan", "Feb", "Mar", "Apr", "Mei", "Jun", "Jul", "Agu", "Sep", "Okt", "Nov", "Des")
_ENGLISH = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_EPOCH = date(1899, 12, 30)
#: A dozen regencies and cities of Jawa Tengah: Kemendagri code, kind, name.
REGIONS = (
    *(("33.01", "Kabupaten", "Cilacap"), ("33.02", "Kabupaten", "Banyumas"), ("33.05", "Kabupaten", "Kebumen")),
    *(("33.08", "Kabupaten", "Magelang"), ("33.15", "Kabupaten", "Grobogan"), ("33.18", "Kabupaten", "Pati")),
    *(("33.19", "Kabupaten", "Kudus"), ("33.21", "Kabupaten", "Demak"), ("33.29", "Kabupaten", "Brebes")),
    *(("33.71", "Kota", "Magelang"), ("33.72", "Kota", "Surakarta"), ("33.74", "Kota", "Semarang")),
)
_TODAY = date(2026, 10, 1)
_DAYS = 20


def made(spec: Spec) -> tuple[str, bytes]:
    """The file name and bytes of a described table."""
    if "member" in spec:
        return simulated(spec["member"], spec["dataset"])
    if "text" in spec:
        content: bytes = spec["text"].encode(spec["encoding"])
        return spec["name"], content
    rows = [list(cells) for cells in zip(*_columns(spec), strict=True)]
    rows += [list(row) for row in spec.get("tail", ())]
    headers = [c["header"] for c in spec["columns"]]
    name, kind = spec["name"], spec["file"]
    if kind == "csv":
        return f"{name}.csv", _csv(spec, headers, rows)
    style = Style(
        file=kind, delimiter=";", encoding="utf-8", newline="\n", dates="iso", indonesian=False, rupiah="",
        titles=0, footnote=False, merged=bool(spec.get("groups")), unit="", headers={},
    )  # fmt: skip
    sheet = Sheet(
        columns=[(h, h, "text") for h in headers], rows=rows, titles=list(spec.get("titles", ())),
        footnotes=list(spec.get("footnotes", ())), groups=spec.get("groups"),
    )  # fmt: skip
    return f"{name}.{kind}", written(sheet, style)


def simulated(member: str, dataset: str) -> tuple[str, bytes]:
    """A file of the simulated province."""
    shown = province()
    found = next(d for m in shown.members if m.code == member for d in m.datasets if d.name == dataset)
    return found.file, (shown.folder(member) / dataset / found.file).read_bytes()


@cache
def province() -> Province:
    """The simulated province from which files are taken; it lies in a folder that goes when the process ends."""
    return generate(Path(_folder().name) / "p", find_pack("33"), today=_TODAY, days=_DAYS)


@cache
def _folder() -> tempfile.TemporaryDirectory[str]:
    return tempfile.TemporaryDirectory(prefix="lumbung-mapping-")


def _csv(spec: Spec, headers: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=spec.get("delimiter", ","), lineterminator=spec.get("newline", "\n"))
    for title in spec.get("titles", ()):
        writer.writerow([title])
    if groups := spec.get("groups"):
        writer.writerow([g if i == 0 or groups[i - 1] != g else "" for i, g in enumerate(groups)])
    writer.writerow(headers)
    writer.writerows(["" if cell is None else cell for cell in row] for row in rows)
    if notes := spec.get("footnotes", ()):
        writer.writerow([])
        writer.writerows([note] for note in notes)
    encoded: bytes = out.getvalue().encode(spec.get("encoding", "utf-8"))
    return encoded


# --- values ------------------------------------------------------------------------------------------------


def _columns(spec: Spec) -> list[list[Any]]:
    """The cells of every column: `every` repeats, `gaps` leaves out, `plus`, `minus`, `share` reckon with others."""
    plain: dict[str, list[Any]] = {}
    for column in spec["columns"]:
        rng = Random(f"{spec['seed']}:{column['header']}")
        maker, count, every = _MAKERS[column["of"]], spec["rows"], column.get("every", 1)
        made = [maker(column, rng, i) for i in range(-(-count // every))]
        plain[column["header"]] = [made[i // every] for i in range(count)]
    cells = []
    for column in spec["columns"]:
        values = plain[column["header"]]
        for other in column.get("plus", ()):
            values = [v + o for v, o in zip(values, plain[other], strict=True)]
        for other in column.get("minus", ()):
            values = [v - o for v, o in zip(values, plain[other], strict=True)]
        if "share" in column:
            places = column.get("places", 0)
            values = [round(v * o, places) for v, o in zip(values, plain[column["share"]], strict=True)]
        if column["of"] == "number":
            plain[column["header"]] = values
            values = [number_as(v, column.get("places", 0), column.get("style", "plain")) for v in values]
        rng = Random(f"{spec['seed']}:{column['header']}:gaps")
        gaps = column.get("gaps", 0.0)
        cells.append([column.get("blank") if gaps and rng.random() < gaps else v for v in values])
    return cells


def _cycle(column: Spec, rng: Random, i: int) -> Any:
    listed = column["list"]
    return listed[i % len(listed)]


def _pick(column: Spec, rng: Random, i: int) -> Any:
    return rng.choice(column["list"])


def _counted(column: Spec, rng: Random, i: int) -> str:
    text: str = column["text"].format(i + column.get("from", 1))
    return text


def _region(column: Spec, rng: Random, i: int) -> str:
    code, kind, name = REGIONS[(i + column.get("from", 0)) % column.get("among", len(REGIONS))]
    return {
        "code": code,
        "code4": code.replace(".", ""),
        "full": f"{kind} {name}",
        "upper": f"{kind} {name}".upper(),
        "short": f"{'Kab.' if kind == 'Kabupaten' else 'Kota'} {name}",
        "shortest": f"{'KAB' if kind == 'Kabupaten' else 'KOTA'}. {name.upper()}",
    }[column.get("style", "full")]


def _day(column: Spec, rng: Random, i: int) -> Any:
    if "spread" in column:
        i = rng.randrange(column["spread"])
    first = date.fromisoformat(column["from"])
    if column.get("step") == "month":
        month = first.year * 12 + first.month - 1 + i
        day = date(month // 12, month % 12 + 1, 1)
    else:
        day = first + timedelta(days=i * column.get("step", 1))
    return day_as(day, column.get("style", "iso"))


def day_as(day: date, style: str) -> Any:
    """A date as it is written in a style; `real` stays a date of the spreadsheet."""
    if style == "real":
        return day
    if style == "serial":
        return str((day - _EPOCH).days)
    return {
        "iso": day.isoformat(),
        "ymd/": f"{day:%Y/%m/%d}",
        "compact": f"{day:%Y%m%d}",
        "dmy": f"{day:%d/%m/%Y}",
        "d/m": f"{day.day}/{day.month}/{day.year}",
        "dash": f"{day:%d-%m-%Y}",
        "dots": f"{day:%d.%m.%Y}",
        "dmyy": f"{day:%d/%m/%y}",
        "mdy": f"{day:%m/%d/%Y}",
        "long": f"{day.day} {MONTHS[day.month - 1]} {day.year}",
        "LONG": f"{day.day:02} {MONTHS[day.month - 1]} {day.year}".upper(),
        "mid": f"{day.day:02}-{_SHORT[day.month - 1]}-{day.year}",
        "mid_en": f"{day.day:02}-{_ENGLISH[day.month - 1]}-{day:%y}",
        "mon-yy": f"{_ENGLISH[day.month - 1]}-{day:%y}",
        "month": f"{MONTHS[day.month - 1]} {day.year}",
        "monthname": MONTHS[day.month - 1],
        "yyyy-mm": f"{day:%Y-%m}",
        "weekday": f"{('Senin', 'Selasa', 'Rabu', 'Kamis', 'Jumat', 'Sabtu', 'Minggu')[day.weekday()]}, "
        f"{day.day} {MONTHS[day.month - 1]} {day.year}",
        "day": str(day.day),
        "year": str(day.year),
    }[style]


def _moment(column: Spec, rng: Random, i: int) -> str:
    at = datetime.fromisoformat(column["from"]) + timedelta(minutes=i * column.get("minutes", 60))
    if "spread" in column:
        at += timedelta(minutes=rng.randrange(column["spread"]))
    clock = at.strftime({"wib": "%H.%M WIB", "s": "%H:%M:%S"}.get(column.get("clock", ""), "%H:%M"))
    return f"{day_as(at.date(), column.get('style', 'iso'))} {clock}"


def _number(column: Spec, rng: Random, i: int) -> Any:
    low, high, places = column["low"], column["high"], column.get("places", 0)
    if "base" in column:  # near a middle that goes with the row's place in a cycle, as prices go with a commodity
        middle = column["base"][i % len(column["base"])]
        low, high = middle * 0.93, middle * 1.07
    value = rng.uniform(low, high)
    if "share" in column:
        return value
    value = round(value / column["round_to"]) * column["round_to"] if "round_to" in column else round(value, places)
    return 0 if rng.random() < column.get("zero", 0.0) else value


def number_as(value: float, places: int, style: str) -> Any:
    """A number as it is written in a style; `real` stays a number of the spreadsheet."""
    if style == "real":
        return round(value) if places == 0 else value
    english = f"{value:,.{places}f}"
    indonesian = english.translate(str.maketrans(",.", ".,"))
    return {
        "plain": f"{value:.{places}f}",
        "comma": f"{value:.{places}f}".replace(".", ","),
        "id": indonesian,
        "en": english,
        "rp": f"Rp {indonesian}",
        "rp.": f"Rp. {indonesian},-",
        "idr": f"IDR {english}",
        "float": f"{value:.1f}",
        "id2": f"{indonesian},00",
    }[style]


_MAKERS: Mapping[str, Callable[[Spec, Random, int], Any]] = {
    "cycle": _cycle,
    "pick": _pick,
    "counted": _counted,
    "region": _region,
    "day": _day,
    "moment": _moment,
    "number": _number,
}
