"""Answers of a real CKAN 2.12, and odd entries, are read as they are."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from aiohttp import web

from federation.connectors.ckan_dicts import dataset_from
from federation.errors import (
    CkanRefused,
    SourceNotCkan,
)
from tests.federation.ckan_factories import connector
from tests.federation.fetch_factories import (
    SAMPLES,
    FakeCkan,
    dataset,
    serving,
)


def sample(name: str) -> Any:
    file = SAMPLES / f"{name}.json"
    if not file.is_file():
        pytest.skip("no recorded CKAN answers here")
    return json.loads(file.read_text("utf-8"))


def test_the_fake_portal_answers_in_the_shape_of_a_real_one() -> None:
    real = sample("package_search")["body"]
    assert set(real) == {"help", "success", "result"}
    assert {"count", "facets", "results", "sort", "search_facets"} == set(real["result"])
    assert set(dataset("x")) == set(real["result"]["results"][0])
    assert set(dataset("x")["organization"]) == set(real["result"]["results"][0]["organization"])


@pytest.mark.parametrize("name", ["err_bad_fq_syntax", "err_bad_sort", "err_rows_negative", "err_403_private"])
async def test_a_real_refusal_is_told_by_its_type(name: str) -> None:
    recorded = sample(name)
    portal = FakeCkan(bend=lambda answer, n: web.json_response(recorded["body"], status=recorded["status"]))
    async with serving(portal) as base:
        with pytest.raises(CkanRefused) as failed:
            await connector(base).crawl(None)
    assert failed.value.values["type"] == recorded["body"]["error"]["__type"]


@pytest.mark.parametrize("name", ["err_404_page", "err_400_unknown_action", "site_read"])
async def test_a_real_page_or_plain_text_is_no_ckan_answer(name: str) -> None:
    recorded = sample(name)
    portal = FakeCkan(bend=lambda answer, n: web.Response(status=recorded["status"], text=recorded["body"]))
    async with serving(portal) as base:
        with pytest.raises(SourceNotCkan):
            await connector(base).crawl(None)


def test_a_real_dataset_keeps_organisation_tags_groups_extras_and_times() -> None:
    raw = sample("package_show_extras_groups")["body"]["result"]
    remarks: list[Any] = []
    found = dataset_from(raw, "http://127.0.0.1:5001", remarks)
    assert found.organisation == "disdag-kab" and found.organisation_title == "Dinas Perdagangan Kabupaten Semarang"
    assert found.tags == ("harga", "pangan", "pasar") and found.groups == ("pangan",)
    assert found.extras["kode_wilayah"] == "33.22"
    assert found.modified == datetime.fromisoformat(raw["metadata_modified"]).replace(tzinfo=UTC)
    assert [r.id for r in found.resources] == [r["id"] for r in raw["resources"]]
    assert remarks == [] and found.raw is raw


def test_T06_odd_entries_are_read_as_far_as_they_go() -> None:
    remarks: list[Any] = []
    raw = {
        "id": "x",
        "title": None,
        "organization": "disdag",
        "tags": ["harga", {"display_name": "Pangan"}, 7, None],
        "extras": {"a": 1},
        "private": "True",
        "metadata_modified": "kemarin",
        "resources": [{"url": "/unduh/a.csv", "size": "12", "format": ".csv"}, "rusak", {"state": "deleted"}],
    }
    found = dataset_from(raw, "https://data.contoh.go.id/portal", remarks)
    assert (found.name, found.title, found.organisation) == ("x", "x", "")
    assert found.tags == ("harga", "Pangan", "7") and found.extras == {"a": "1"} and found.private
    (only,) = found.resources
    assert (only.url, only.size, only.format) == ("https://data.contoh.go.id/unduh/a.csv", 12, "CSV")
    assert found.modified is None and [n.code for n in remarks] == ["federation.note.date_unreadable"]
