"""The simulated province on disk: one folder per regency and city, each in its own formats, the same for one seed.

Everything is marked SIMULASI. The numbers are `story.py`'s, the tables `datasets.py`'s; serving them is left to
`nodes.py`, and telling the home about them to `sources.py`.
"""

import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from random import Random
from typing import Any

import tomlkit

from core.reference import CodeList
from core.reference_files import Gauge, load_code_lists, load_gauges, load_population, load_travel_times
from core.region import RegionKind, Regions
from federation.member import MemberKind
from federation.packs import Pack
from federation.registry import Registry, home_regions
from hub.demo.datasets import Maker
from hub.demo.datasets_province import Told, provincial
from hub.demo.making import MARK, Made, Place, Workshop
from hub.demo.province import FORM, DemoMember, Province
from hub.demo.story import PROFILE, Story

STATE_FILE = ".lumbung-node.json"  # the node's own memory of a folder: kept, so that nothing seems changed
DEFAULT_SEED = 33
LIVE_FOLDER = "langsung"
_ORGANISATIONS = {
    "disdag": "Dinas Perdagangan",
    "dinas-pangan": "Dinas Ketahanan Pangan",
    "bpbd": "Badan Penanggulangan Bencana Daerah",
    "disdukcapil": "Dinas Kependudukan dan Pencatatan Sipil",
    "diskominfo": "Dinas Komunikasi dan Informatika",
    "bpkad": "Badan Pengelola Keuangan dan Aset Daerah",
    "disporapar": "Dinas Pemuda, Olahraga, dan Pariwisata",
    "bappeda": "Badan Perencanaan Pembangunan Daerah",
    "dpmptsp": "Dinas Penanaman Modal dan Pelayanan Terpadu Satu Pintu",
    "bapenda": "Badan Pendapatan Daerah",
    "setda": "Sekretariat Daerah",
    "dinkes": "Dinas Kesehatan",
    "dpu": "Dinas Pekerjaan Umum dan Penataan Ruang",
}
_GROUPS = {
    "pangan": "Pangan & Pertanian",
    "kebencanaan": "Kebencanaan",
    "kependudukan": "Kependudukan",
    "pemerintahan": "Pemerintahan",
    "keuangan": "Keuangan Daerah",
    "kesehatan": "Kesehatan",
}
#: The story of Jawa Tengah: cabai rawit runs short in Kota Semarang; Brebes, Temanggung and Magelang have plenty.
_CHOSEN = {"33": ("33.74", ("33.29", "33.23", "33.08"))}
_CHILLI = "cabai_rawit_merah"


def generate(root: Path, pack: Pack, *, today: date, seed: int = DEFAULT_SEED, days: int = 90) -> Province:
    """Write the simulated province of a pack; what is there already for the same arguments is taken as it is.

    Args:
        today: the last day is the one before it; the demonstration passes the present day.
        days: how far prices, stocks and rain go back; at least 20, so that the shortage has room.
    """
    assert days >= 20
    if (before := _there(root)) and (before.code, before.today, before.seed, before.days) == (
        pack.province,
        today,
        seed,
        days,
    ):
        return before
    places = _places(pack, today, seed)
    members, planted = [], []
    watched: dict[str, tuple[date, Told]] = {}
    for place in (*places, *_whole(pack, today, places)):
        if place.code == pack.province:
            people = {one.code: one.people for one in places}
            made = provincial(Workshop(place, seed, today, days), people, watched)
        else:
            maker = Maker(place, seed, today, days)
            made = maker.all()
            if place.role == "normal" and place.foreign is None:
                watched[place.code] = (maker.end, maker.told)
        _write(root / place.code, place, made, today, pack.timezone)
        live = tuple(m.dataset.contract for m in made if m.live and m.dataset.contract)
        members.append(DemoMember(place.code, place.name, place.role, tuple(m.dataset for m in made), live))
        planted += [p for m in made for p in m.planted]
    story = places[0].story
    told = {"commodity": story.commodity, "short": story.short, "surplus": list(story.surplus)}
    province = Province(
        root=root,
        code=pack.province,
        name=pack.name,
        timezone=pack.timezone,
        today=today,
        seed=seed,
        days=days,
        members=tuple(members),
        planted=tuple(planted),
        story=told | {"wave": [list(step) for step in story.wave]},
    )
    province.save()
    return province


def _there(root: Path) -> Province | None:
    """The province that stands there whole, written by this same form of the generator; None otherwise."""
    try:
        before = Province.load(root)
    except (FileNotFoundError, KeyError, TypeError, ValueError):
        return None
    whole = all((before.folder(m.code) / d.name / d.file).is_file() for m in before.members for d in m.datasets)
    return before if whole and before.form == FORM else None


def _places(pack: Pack, today: date, seed: int) -> list[Place]:
    regions = home_regions(pack.folder)
    reference = pack.folder / "reference"
    governments = [
        m for m in Registry.load(pack.folder, regions).members if m.kind in (MemberKind.REGENCY, MemberKind.CITY)
    ]
    people: dict[str, int] = {}
    for row in load_population(reference, regions):
        people[row.region_code] = row.people
    lists = load_code_lists(reference, regions, at=today)
    codes = [m.code for m in governments]
    gauges = [g for g in load_gauges(reference, regions) if g.region_code in codes]
    commodities = _commodities(lists["commodity"])
    story = _story(pack, codes, people, gauges, commodities)
    roles = _roles(codes, story, {g.region_code for g in gauges}, seed)
    wanted = [("region", m.code, _region_names(regions, m.code)) for m in governments]
    wanted += [("gauge", g.code, [g.code, g.name, *g.aliases]) for g in gauges]
    wanted += [("commodity", code, _commodity_names(lists["commodity"], code)) for code in commodities]
    spellings = {(name, code): _sure(lists[name], code, texts) for name, code, texts in wanted}
    lags = dict(story.wave)
    held = next((code for code, role in roles.items() if role == "foreign"), None)
    return [
        Place(
            code=m.code,
            name=m.name,
            people=people.get(m.code, 500_000),
            role=roles.get(m.code, "normal").replace("foreign", "normal"),
            commodities=commodities,
            gauges=tuple((g.code, lags.get(g.code)) for g in gauges if g.region_code == m.code),
            story=story,
            spellings=spellings,
            foreign=story.short if m.code == held else None,
            at=_centre(regions, m.code),
        )
        for m in governments
    ]


def _whole(pack: Pack, today: date, places: Sequence[Place]) -> list[Place]:
    """The province itself, where it takes part; it publishes figures of all its regencies."""
    regions = home_regions(pack.folder)
    known = load_code_lists(pack.folder / "reference", regions, at=today)["region"]
    own = [m for m in Registry.load(pack.folder, regions).members if m.code == pack.province]
    return [
        replace(
            places[0],
            code=member.code,
            name=member.name,
            people=sum(place.people for place in places),
            role="normal",
            gauges=(),
            spellings={
                **places[0].spellings,
                ("region", member.code): _sure(known, member.code, [regions.region(member.code).name]),
            },
            foreign=None,
            at=None,
        )
        for member in own
        if member.kind is MemberKind.PROVINCE
    ]


def _commodities(known: CodeList) -> list[str]:
    """Ten commodities: those with a profile, filled up from the list."""
    chosen = [c for c in PROFILE if c in known.codes]
    return [*chosen, *(c for c in known.codes if c not in chosen)][:10]


def _story(
    pack: Pack, codes: Sequence[str], people: Mapping[str, int], gauges: Sequence[Gauge], commodities: Sequence[str]
) -> Story:
    """Who is short and who has plenty: written down for Jawa Tengah, elsewhere the largest and the next three."""
    ranked = sorted(codes, key=lambda code: (-people.get(code, 0), code))
    short, surplus = _CHOSEN.get(pack.province, (ranked[0], tuple(ranked[1:4])))
    known = {g.code for g in gauges}
    wave: tuple[tuple[str, float], ...] = ()
    for step in load_travel_times(pack.folder / "reference"):
        if step.from_gauge in known and step.to_gauge in known and step.from_gauge and step.to_gauge:
            wave = ((step.from_gauge, 0.0), (step.to_gauge, (step.hours_low + step.hours_high) / 2))
            break
    if not wave and gauges:
        wave = ((gauges[0].code, 0.0),)
    return Story(_CHILLI if _CHILLI in commodities else commodities[0], short, surplus, wave)


def _roles(codes: Sequence[str], story: Story, with_gauges: set[str | None], seed: int) -> dict[str, str]:
    """Which members are dead, stale, slow, or show another's region: never those that the story needs, if it can."""
    free = [c for c in codes if c not in (story.short, *story.surplus) and c not in with_gauges]
    spare = [c for c in story.surplus if c not in with_gauges]
    Random(f"{seed}:roles").shuffle(free)  # noqa: S311  a story, no secret
    return dict(zip([*free, *spare], ("dead", "stale", "foreign", "slow"), strict=False))


def _centre(regions: Regions, code: str) -> tuple[float, float] | None:
    region = regions.region(code)
    return None if region.lat is None or region.lon is None else (region.lat, region.lon)


def _region_names(regions: Regions, code: str) -> list[str]:
    region = regions.region(code)
    short = region.short_name
    kind, loud = ("Kota", "KOTA") if region.kind is RegionKind.CITY else ("Kab.", "KABUPATEN")
    return [code, code.replace(".", ""), region.name, f"{kind} {short}", f"{loud} {short.upper()}"]


def _commodity_names(known: CodeList, code: str) -> list[str]:
    return [known.codes[code], *sorted(s.title() for s, meant in known.spellings.items() if meant == (code,))]


def _sure(known: CodeList, code: str, texts: Sequence[str]) -> list[str]:
    """Of the ways to write a code those that mean it and nothing else, in a fixed order."""
    return [t for t in dict.fromkeys(texts) if known.resolve(t).code == code] or [code]


def _write(folder: Path, place: Place, made: Sequence[Made], today: date, zone: str) -> None:
    """Write a member's folder whole, with times that follow from its dates; the node's memory stays."""
    state = (folder / STATE_FILE).read_bytes() if (folder / STATE_FILE).is_file() else None
    if folder.exists():
        shutil.rmtree(folder)
    folder.mkdir(parents=True)
    if state is not None:
        (folder / STATE_FILE).write_bytes(state)
    back = 6 if place.role == "stale" else 1
    when = datetime(today.year, today.month, today.day, tzinfo=UTC).timestamp() - back * 86_400 + 3_600
    used = sorted({m.organisation for m in made})
    node = tomlkit.document()
    node["title"] = f"Satu Data {place.name} ({MARK})"
    node["organisations"] = {name: f"{_ORGANISATIONS[name]} {place.name} ({MARK})" for name in used}
    node["groups"] = _GROUPS
    if any(m.live for m in made):
        node["timezone"] = zone
        node["graphql"] = [_offer(m, place) for m in made if m.live]
    _put(folder / "node.toml", tomlkit.dumps(node).encode(), when)
    for m in made:
        about = tomlkit.document()
        about["title"] = m.dataset.title
        about["name"] = m.dataset.name
        about["notes"] = m.notes
        about["organisation"] = m.organisation
        about["groups"] = [m.group]
        about["tags"] = ["simulasi", m.dataset.tag]
        about["license"] = "cc-by"
        about["extras"] = {"kode_wilayah": place.code, "simulasi": "ya"}
        _put(folder / m.dataset.name / "dataset.toml", tomlkit.dumps(about).encode(), when)
        _put(folder / m.dataset.name / m.dataset.file, m.content, when)
        if m.live is not None:  # a folder that is no dataset of the portal
            _put(folder / LIVE_FOLDER / "dataset.toml", b"private = true\n", when)
            _put(folder / LIVE_FOLDER / f"{m.dataset.name}.csv", m.live, when)


def _offer(made: Made, place: Place) -> dict[str, Any]:
    """The `[[graphql]]` table of `node.toml` for what is asked live of a dataset."""
    return {
        "contract": made.dataset.contract,
        "file": f"{LIVE_FOLDER}/{made.dataset.name}.csv",
        "constants": {"region_code": place.code},
        "number_style": "en",
        "date_style": "ymd",
        "open": True,
    }


def _put(path: Path, content: bytes, when: float) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    os.utime(path, (when, when))
