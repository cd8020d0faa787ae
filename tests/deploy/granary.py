"""A home on disk with the seeded province of the gateway's tests, for servers that are processes of their own."""

from collections.abc import Mapping
from pathlib import Path

from core.db import make_engine
from hub.migrations import upgrade
from tests.gateway import factories, flood_nodes
from tests.gateway.factories import CITY, DEMAK, REGENCY, Province

SECRET = "rahasia-bersama-antara-hub-dan-router"
_MEMBER = """\
code = "{code}"
name = "{name}"
kind = "{kind}"
regions = ["{code}"]

[[sources]]
id = "{source}"
kind = "ckan"
url = "https://data.{code}.contoh.go.id"
title = "Portal {code}"
"""
_GAUGES = (
    "code,name,river,river_system,region_code,unit,level_low,source\n"
    f"garang_hulu,Garang Hulu,Garang,Jratun,{REGENCY},m,2.0,contoh\n"
)
_COMMODITIES = "code,name,unit,source\ncabai_rawit,Cabai rawit,kg,contoh\nberas_medium,Beras medium,kg,contoh\n"


def make_home(folder: Path, nodes: Mapping[str, str]) -> Province:
    """A home that `lumbung serve` opens, with the rows, members and lists of `tests/gateway/factories.py`.

    Args:
        nodes: addresses of members' nodes.
    """
    for name in ("members", "reference"):
        (folder / name).mkdir(parents=True)
    (folder / "lumbung.toml").write_text(f'subgraph_secret = "{SECRET}"\nquery_memory = "300MB"\n', "utf-8")
    (folder / "reference" / "gauge.csv").write_text(_GAUGES, "utf-8")
    (folder / "reference" / "commodity.csv").write_text(_COMMODITIES, "utf-8")
    engine = make_engine(f"sqlite:///{folder / 'lumbung.db'}")
    upgrade(engine)
    province = factories.seed(factories.empty_province(folder, engine))
    for code in (CITY, REGENCY, DEMAK):
        member = province.services.members[code]
        text = _MEMBER.format(code=code, name=member.name, kind=member.kind.value, source=factories.source_id(code))
        if code in nodes:
            text += flood_nodes.toml(code, nodes[code])
        (folder / "members" / f"{code}.toml").write_text(text, "utf-8")
    return province
