"""CKAN's wire format: the shapes of recorded answers, the meaning of searches, the limits of every parameter."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.ckan import (
    Answer,
    BadRequest,
    Collection,
    Dataset,
    Portal,
    Resource,
    SearchBroken,
    answer,
    body_parameters,
    query_parameters,
    stamp,
    uuid_of,
)
from core.ckan.filter import compile_filter
from core.ckan.index import Document

SAMPLES = Path(__file__).parents[3] / "shared" / "ckan" / "samples"
NOW = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
DISDAG = Collection("o1", "disdag", "Dinas Perdagangan", NOW - timedelta(days=400))
DLH = Collection("o2", "dlh", "Dinas Lingkungan Hidup", NOW - timedelta(days=400))
PANGAN = Collection("g1", "pangan", "Pangan & Pertanian", NOW - timedelta(days=400))


def dataset(name: str, **changes: Any) -> Dataset:
    base = Dataset(
        id=uuid_of("t", name),
        name=name,
        title=f"Harga Pangan {name}",
        created=NOW - timedelta(days=10),
        modified=NOW - timedelta(days=5),
        notes="Harga eceran.",
        organisation=DISDAG,
        groups=(PANGAN,),
        tags=("harga", "curah hujan"),
        license_id="cc-by-sa",
        extras=(("kode_wilayah", "33.74"),),
        resources=(
            Resource(uuid_of("r", name), "Tabel", f"http://x/{name}.csv", "CSV", NOW, NOW, "text/csv", 12, "ab"),
        ),
    )
    return replace(base, **changes)


def portal(*datasets: Dataset) -> Portal:
    return Portal("Uji", "http://x", datasets, (DLH, DISDAG), (PANGAN,), clock=lambda: NOW)


def call(p: Portal, action: str, **parameters: Any) -> Any:
    found = answer(p, action, parameters)
    assert found.status == 200, found.body
    return json.loads(found.body)["result"]


def refusal(p: Portal, action: str, **parameters: Any) -> tuple[int, Any]:
    found = answer(p, action, parameters)
    body = json.loads(found.body)
    return found.status, body["error"] if isinstance(body, dict) else body


def names(p: Portal, **parameters: Any) -> set[str]:
    return {d["name"] for d in call(p, "package_search", rows=1000, **parameters)["results"]}


THREE = portal(
    dataset("harga-2024", tags=("harga", "2024")),
    dataset("harga-2025", tags=("harga", "2025"), modified=NOW - timedelta(hours=2)),
    dataset("sampah-2025", title="Timbulan Sampah", notes="", organisation=DLH, tags=("sampah", "2025"), groups=()),
)

# --- the shapes that a real CKAN 2.12.0 wrote -------------------------------------------------------------


def sample(name: str) -> tuple[dict[str, Any], Any]:
    path = SAMPLES / f"{name}.json"
    if not path.is_file():
        pytest.skip("../shared/ckan/samples is not on this machine")
    whole = json.loads(path.read_text("utf-8"))
    return whole, whole["body"]


def same_shape(ours: Any, theirs: Any, path: str = "") -> None:
    if isinstance(theirs, dict):
        assert isinstance(ours, dict), path
        assert set(theirs) == set(ours), f"{path}: {set(theirs) ^ set(ours)}"
        for key in theirs:
            same_shape(ours[key], theirs[key], f"{path}.{key}")
    elif isinstance(theirs, list):
        assert isinstance(ours, list), path
        if ours and theirs:
            same_shape(ours[0], theirs[0], f"{path}[0]")
    elif theirs is not None and ours is not None:
        assert isinstance(ours, type(theirs)), f"{path}: {ours!r} for {theirs!r}"


ANSWERED = {
    "package_show_extras_groups": ("package_show", {"id": "harga-2024"}),
    "package_search_fq": ("package_search", {"fq": "metadata_modified:[2020-01-01T00:00:00Z TO *]", "rows": 1}),
    "package_search_empty": ("package_search", {"q": "zzzz"}),
    "package_search_fl": ("package_search", {"fl": "id,name,metadata_modified", "rows": "2"}),
    "rows_5000": ("package_search", {"fl": "name", "rows": "5000"}),
    "package_list": ("package_list", {"limit": "5"}),
    "resource_show": ("resource_show", {"id": uuid_of("r", "harga-2024")}),
    "organization_list": ("organization_list", {}),
    "organization_list_all_fields": ("organization_list", {"all_fields": "true", "limit": "2"}),
    "organization_show": ("organization_show", {"id": "disdag", "include_datasets": "false"}),
    "group_list": ("group_list", {}),
    "group_show": ("group_show", {"id": "pangan"}),
    "tag_list": ("tag_list", {}),
    "license_list": ("license_list", {}),
    "status_show": ("status_show", {}),
}


@pytest.mark.parametrize("name", ANSWERED)
def test_an_answer_has_the_shape_that_ckan_recorded(name: str) -> None:
    whole, theirs = sample(name)
    action, parameters = ANSWERED[name]
    ours = answer(THREE, action, parameters)
    assert ours.status == whole["status"]
    assert ours.mime == whole["headers"]["Content-Type"]
    same_shape(json.loads(ours.body), theirs)


def test_facets_have_the_shape_that_ckan_recorded() -> None:
    _, theirs = sample("package_search")
    fields = '["organization","tags","res_format"]'
    ours = call(THREE, "package_search", **{"q": "*:*", "facet.field": fields})
    theirs = theirs["result"]
    assert set(ours["facets"]) == set(theirs["facets"])
    same_shape(ours["search_facets"]["organization"], theirs["search_facets"]["organization"])
    assert ours["facets"]["organization"] == {"disdag": 2, "dlh": 1}
    assert ours["search_facets"]["organization"]["items"][0]["display_name"] == "Dinas Perdagangan"


REFUSED = {
    "err_404_package_show": ("package_show", {"id": "tidak-ada"}),
    "err_409_missing_id": ("package_show", {}),
    "err_rows_negative": ("package_search", {"rows": "-1"}),
    "err_bad_fq_date": ("package_search", {"fq": "metadata_modified:[2024-01-01 TO *]"}),
    "err_bad_fq_syntax": ("package_search", {"fq": "title:(x"}),
    "err_bad_sort": ("package_search", {"sort": "title_string sideways"}),
    "err_403_create_anon": ("package_create", {"name": "xx"}),
}


@pytest.mark.parametrize("name", REFUSED)
def test_a_refusal_has_the_status_and_type_that_ckan_recorded(name: str) -> None:
    whole, theirs = sample(name)
    ours = answer(THREE, *REFUSED[name])
    body = json.loads(ours.body)
    assert ours.status == whole["status"]
    assert body["error"]["__type"] == theirs["error"]["__type"]
    assert set(body["error"]) == set(theirs["error"])
    assert body["success"] is False


@pytest.mark.parametrize("name", ["err_400_unknown_action", "site_read"])
def test_R04_an_unknown_action_is_the_json_string_that_ckan_recorded(name: str) -> None:
    whole, theirs = sample(name)
    action = whole["request"]["path"].rsplit("/", 1)[-1]
    ours = answer(THREE, action, {})
    assert ours.status == whole["status"]
    assert json.loads(ours.body).startswith(theirs)


# --- what a search means ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fq", "expected"),
    [
        ("organization:disdag", {"harga-2024", "harga-2025"}),
        ('organization:"dlh"', {"sampah-2025"}),
        ("organization:(disdag OR dlh)", {"harga-2024", "harga-2025", "sampah-2025"}),
        ("-organization:disdag", {"sampah-2025"}),
        ("NOT organization:disdag", {"sampah-2025"}),
        ("+organization:disdag -tags:2024", {"harga-2025"}),
        ('(organization:disdag OR organization:dlh) AND NOT tags:"2024"', {"harga-2025", "sampah-2025"}),
        ("organization:disdag organization:dlh", set()),
        ("organization:disdag && tags:2025 || tags:sampah", {"harga-2025", "sampah-2025"}),
        ("organization:disdag OR organization:dlh metadata_modified:[2026-11-22T00:00:00Z TO *]", {"harga-2025"}),
        ("metadata_modified:[* TO 2026-11-20T00:00:00Z]", {"harga-2024", "sampah-2025"}),
        ("metadata_modified:[NOW-1DAY TO NOW]", {"harga-2025"}),
        ("metadata_modified:{2026-11-22T06:00:00Z TO *]", set()),
        ("name:harga*", {"harga-2024", "harga-2025"}),
        ("title:sampah", {"sampah-2025"}),
        ('title:"harga pangan"', {"harga-2024", "harga-2025"}),
        ("res_format:CSV", {"harga-2024", "harga-2025", "sampah-2025"}),
        ("res_format:csv", set()),
        ("kode_wilayah:33.74", {"harga-2024", "harga-2025", "sampah-2025"}),
        ("groups:*", {"harga-2024", "harga-2025"}),
        ("*:*", {"harga-2024", "harga-2025", "sampah-2025"}),
        ("state:deleted", set()),
        ("nosuchfield:abc", set()),
        ("", {"harga-2024", "harga-2025", "sampah-2025"}),
        (f"id:{uuid_of('t', 'harga-2024')}", {"harga-2024"}),
        (r"res_url:http\://x/harga-2024.csv", {"harga-2024"}),
        ("res_url:http://x/harga-2024.csv", {"harga-2024"}),
    ],
)
def test_a_filter_means_what_a_harvester_means(fq: str, expected: set[str]) -> None:
    assert names(THREE, fq=fq) == expected


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("harga", {"harga-2024", "harga-2025"}),
        ("HARGA pangan!", {"harga-2024", "harga-2025"}),
        ("harga -2024", {"harga-2025"}),
        ('"timbulan sampah"', {"sampah-2025"}),
        ("harg", set()),
        ("organization:disdag AND -tags:2024", {"harga-2025"}),
        ("*:*", {"harga-2024", "harga-2025", "sampah-2025"}),
        ("(", set()),
    ],
)
def test_free_words_are_whole_words_without_case(q: str, expected: set[str]) -> None:
    assert names(THREE, q=q) == expected


def test_several_filters_all_hold() -> None:
    assert names(THREE, fq=["organization:disdag", "tags:2025"]) == {"harga-2025"}
    assert names(THREE, fq_list=["organization:disdag"], fq="tags:2024") == {"harga-2024"}


def test_order_is_by_the_steps_and_then_by_id_so_pages_never_overlap() -> None:
    many = portal(*(dataset(f"d{i:03}") for i in range(250)))
    seen: list[str] = []
    while page := call(many, "package_search", rows=100, start=len(seen), sort="metadata_modified desc")["results"]:
        seen += [d["id"] for d in page]
    assert seen == sorted(seen) and len(set(seen)) == 250
    assert call(THREE, "package_search", sort="metadata_modified desc")["results"][0]["name"] == "harga-2025"
    by_id = [d["id"] for d in call(THREE, "package_search", sort="id asc")["results"]]
    assert by_id == sorted(by_id)


def test_a_dataset_named_in_its_title_scores_before_one_that_mentions_it() -> None:
    p = portal(
        dataset("a", title="Lain", notes="tentang bawang"),
        dataset("b", title="Bawang", notes="", modified=NOW - timedelta(days=99)),
    )
    assert [d["name"] for d in call(p, "package_search", q="bawang")["results"]] == ["b", "a"]


# --- limits -----------------------------------------------------------------------------------------------


def test_R01_rows_zero_counts_only_and_a_huge_number_is_capped() -> None:
    many = portal(*(dataset(f"d{i:04}") for i in range(1100)))
    assert call(many, "package_search", rows=0)["results"] == []
    found = call(many, "package_search", rows="1000000000", fl="id")
    assert found["count"] == 1100 and len(found["results"]) == 1000


@pytest.mark.parametrize("rows", ["-1", "abc", "1e9", "١", True, 1.5, [1], "9" * 40])
def test_R01_rows_that_are_no_natural_number_are_refused(rows: Any) -> None:
    status, error = refusal(THREE, "package_search", rows=rows)
    assert status == 409 and error["__type"] == "Validation Error" and "rows" in error


def test_R02_a_start_past_the_end_is_an_empty_page_with_the_true_count() -> None:
    found = call(THREE, "package_search", start=9999)
    assert (found["count"], found["results"]) == (3, [])


@pytest.mark.parametrize("sort", ["title_string sideways", "name asc, foo", "name;drop table x asc", "(select 1) asc"])
def test_R03_an_ordering_that_is_none_is_refused(sort: str) -> None:
    assert refusal(THREE, "package_search", sort=sort)[0] == 400


@pytest.mark.parametrize("fq", ["title:(x", '"', "(" * 5000, "a:[1 TO", "a:" + "*" * 50 + "x", ")", "OR", "AND a"])
def test_R03_a_filter_that_is_none_is_refused(fq: str) -> None:
    status, error = refusal(THREE, "package_search", fq=fq)
    assert (status, error["__type"]) == (409, "Search Error")


@given(st.text(alphabet='abz:()"[]{}+-!*?^~\\ .0ANDORTO&|é\x00', max_size=60))
def test_R03_any_text_is_a_filter_or_a_refusal_and_never_a_crash(text: str) -> None:
    try:
        matches = compile_filter(text, NOW) if text.strip() else None
    except SearchBroken:
        return
    if matches is not None:
        assert matches(Document(dataset("x"))) in (True, False)


WORDS = st.sampled_from(["tags:harga", "tags:zzz", "organization:disdag", "name:d*"])


@given(st.lists(WORDS, min_size=1, max_size=4), st.lists(WORDS, min_size=1, max_size=4))
def test_juxtaposed_groups_are_a_conjunction_of_disjunctions(first: list[str], second: list[str]) -> None:
    doc = Document(dataset("d1"))

    def holds(text: str) -> bool:
        return compile_filter(text, NOW)(doc)

    joined = f"({' OR '.join(first)}) ({' OR '.join(second)})"
    assert holds(joined) == (any(map(holds, first)) and any(map(holds, second)))
    assert holds(f"NOT ({joined})") != holds(joined)


def test_an_unknown_search_parameter_is_refused_as_ckan_refuses_it() -> None:
    assert refusal(THREE, "package_search", foo="bar")[1]["__type"] == "Search Query Error"


def test_R06_a_repeated_parameter_is_refused_unless_it_is_a_list_of_filters() -> None:
    assert query_parameters([("id", "a"), ("id", "b")]) == {"id": ["a", "b"]}
    assert refusal(THREE, "package_show", id=["a", "b"])[0] == 409
    assert refusal(THREE, "package_search", rows=["1", "2"])[0] == 409


def test_R07_a_null_byte_finds_nothing() -> None:
    assert refusal(THREE, "package_show", id="harga-2024\x00")[0] == 404
    assert names(THREE, q="harga\x00") <= {"harga-2024", "harga-2025"}
    assert names(THREE, fq="tags:harga\x00") == set()


@pytest.mark.parametrize("body", [b"[1]", b'"x"', b"limit=1", b"\xff\xfe", b"{", b"NaN", b"[" * 100_000])
def test_a_body_that_is_no_object_is_a_bad_request(body: bytes) -> None:
    with pytest.raises(BadRequest):
        body_parameters(body)


def test_an_empty_body_has_no_parameters() -> None:
    assert body_parameters(b" ") == {} == body_parameters(b"{}")


def test_lists_page_until_they_end() -> None:
    for action in ("organization_list", "package_list", "group_list", "current_package_list_with_resources"):
        seen, offset = [], 0
        while page := call(THREE, action, limit=1, offset=offset, all_fields=True):
            seen += page
            offset += 1
        assert len(seen) == len(call(THREE, action)), action
    assert call(THREE, "package_list", limit=0) == []


def test_a_dataset_answers_to_its_id_and_to_its_name() -> None:
    by_name = call(THREE, "package_show", id="harga-2024")
    assert (
        by_name == call(THREE, "package_show", id=by_name["id"]) == call(THREE, "package_show", name_or_id="harga-2024")
    )


def test_timestamps_are_naive_utc_with_microseconds() -> None:
    jakarta = datetime.fromisoformat("2026-01-02T03:04:05+07:00")
    assert stamp(jakarta) == "2026-01-01T20:04:05.000000"


def test_an_answer_is_a_value() -> None:
    assert answer(THREE, "tag_list", {}) == answer(THREE, "tag_list", {})
    assert isinstance(answer(THREE, "tag_list", {}), Answer)
