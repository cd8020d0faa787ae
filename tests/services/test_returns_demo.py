"""The simulated province sent back: every planted fault has its comment at its own cell, in every style of writing."""

from collections import Counter
from datetime import date

import openpyxl

from federation.packs import find_pack
from hub.demo import generate, register, source_id
from hub.demo.province import DemoMember, Planted, Province
from services.returns.build import Built
from tests.services.factories import PACKS, Home, portal
from tests.services.stewards import build

_HEAD = 14  # no table of the province begins below


def unmarked(built: Built, planted: list[Planted]) -> list[Planted]:
    """The planted faults without a comment at their row and, where they are about one cell, their column."""
    page = openpyxl.load_workbook(built.path).worksheets[1]
    comments = {(c.row, c.column): c.comment.text for row in page.iter_rows() for c in row if c.comment}
    heads = [(c.column, " ".join(str(c.value).split())) for r in page.iter_rows(max_row=_HEAD) for c in r if c.value]
    out = []
    for one in planted:
        moved = {at for (at, _), said in comments.items() if f"Pada berkas asal: baris {one.row}." in said}
        columns = {at for at, name in heads if one.header == name or one.header.endswith(f" {name}")}
        mine = {column for row, column in comments if row in (moved or {one.row})}
        if not (mine & columns if one.kind != "total_row" else mine):
            out.append(one)
    return out


def test_every_planted_fault_of_the_invented_province_has_its_comment(home: Home) -> None:
    root = home.folder.parent / "provinsi"
    province: Province = generate(root, find_pack("99", [PACKS]), today=date(2026, 11, 22), days=20)
    seen = Counter[str]()
    for member in province.members:
        if member.role != "dead":
            seen += sent_back(home, province, member)
    living = {m.code for m in province.members if m.role != "dead"}
    assert seen == Counter(p.kind for p in province.planted if p.expect == "quarantined" and p.member in living)
    assert {"bad_date", "unknown_commodity", "total_row"} <= set(seen)


def sent_back(home: Home, province: Province, member: DemoMember) -> Counter[str]:
    with portal(province.folder(member.code), member.code) as node:
        register(home.folder, province, {m.code: node.url for m in province.members})
        home.close()
        home.harvest(source_id(member.code))
    report = build(home, member.code)
    assert report.failed == [] and all(built.faithful for built in report.built)
    made = {built.title: built for built in report.built}
    seen = Counter[str]()
    for dataset in member.datasets:
        planted = [
            p for p in province.planted
            if (p.member, p.dataset, p.expect) == (member.code, dataset.name, "quarantined")
        ]  # fmt: skip
        if planted:
            assert unmarked(made[dataset.title], planted) == []
            seen.update(p.kind for p in planted)
    return seen
