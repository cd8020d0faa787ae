"""Links of shared Google sheets: the address of the same tab as CSV; every other address stays as it is."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from federation.connectors.http import HttpConnector
from federation.members_edit import add_source
from federation.registry import Registry, SourceKind
from federation.sheets import csv_address
from tests.federation.registry_factories import PLAIN, home

ID = "1BxiMVs0XRA5nFMdKvBdBZjgmUUqptlbs74OgvE2upms"
SHEET = f"https://docs.google.com/spreadsheets/d/{ID}"
CSV = f"{SHEET}/export?format=csv"
PUBLISHED = "https://docs.google.com/spreadsheets/d/e/2PACX-1vQ_abcDEF-123"


@pytest.mark.parametrize(
    ("shared", "csv"),
    [
        (f"{SHEET}/edit?usp=sharing", CSV),
        (f"{SHEET}/edit#gid=1935", f"{CSV}&gid=1935"),
        (f"{SHEET}/edit?gid=0#gid=1935", f"{CSV}&gid=1935"),
        (f"{SHEET}/edit?gid=77", f"{CSV}&gid=77"),
        (f"{SHEET}/edit#gid=5&range=A1:C9", f"{CSV}&gid=5"),
        (f"{SHEET}/view?usp=drivesdk", CSV),
        (SHEET, CSV),
        (f"http://docs.google.com/spreadsheets/u/1/d/{ID}/htmlview#gid=4", f"{CSV}&gid=4"),
        (f"https://docs.google.com/a/semarangkota.go.id/spreadsheets/d/{ID}/edit", CSV),
        (f"{SHEET}/edit?resourcekey=0-abc&usp=sharing#gid=2", f"{CSV}&gid=2&resourcekey=0-abc"),
        (f"{PUBLISHED}/pubhtml", f"{PUBLISHED}/pub?output=csv"),
        (f"{PUBLISHED}/pubhtml?gid=9&single=true", f"{PUBLISHED}/pub?output=csv&gid=9&single=true"),
    ],
)
def test_a_sharing_link_becomes_its_csv_address_with_the_tab_that_was_open(shared: str, csv: str) -> None:
    assert csv_address(shared) == csv
    assert csv_address(csv) == csv


@pytest.mark.parametrize(
    "url",
    [
        f"{SHEET}/export?format=xlsx",
        f"{SHEET}/gviz/tq?tqx=out:csv&sheet=Harga",
        f"https://docs.google.com/document/d/{ID}/edit",
        f"https://docs.google.com.penipu.example/spreadsheets/d/{ID}/edit",
        f"https://user:pass@docs.google.com/spreadsheets/d/{ID}/edit",
        "https://drive.google.com/open?id=" + ID,
        "https://data.semarangkota.go.id/harga.csv",
        "ftp://docs.google.com/spreadsheets/d/" + ID,
    ],
)
def test_another_address_stays_as_it_is(url: str) -> None:
    assert csv_address(url) == url


@given(
    st.text(max_size=80), st.sampled_from(["", "https://docs.google.com/", "https://docs.google.com/spreadsheets/d/"])
)
def test_nothing_is_too_odd_to_be_looked_at(rest: str, before: str) -> None:
    first = csv_address(before + rest)
    assert csv_address(first) == first


async def test_a_link_that_is_added_is_kept_as_its_csv_address(tmp_path: Path) -> None:
    folder = home(tmp_path, kab=PLAIN)
    link = f"{SHEET}/edit?usp=sharing#gid=12"
    added = add_source(folder, "33.22", source_id="stok", kind=SourceKind.HTTP, location=link)
    assert added.url == Registry.load(folder).source("stok").url == f"{CSV}&gid=12"
    (dataset,) = (await HttpConnector(added).crawl(None)).datasets
    assert (dataset.resources[0].name, dataset.resources[0].format) == ("lembar 12.csv", "CSV")
