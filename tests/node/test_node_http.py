"""The node over real HTTP: ckanapi and the national harvesters' request sequences, downloads, and abuse."""

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import ckanapi
import httpx
import pytest

from node.errors import NodePortTaken
from node.serve import NodeSpec, bind, running

CSV = "Tanggal;Harga (Rp)\n01/02/2026;45.000\n" * 40


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("node")
    for i in range(7):
        sub = root / f"harga-{i}"
        sub.mkdir()
        (sub / f"harga {i}.csv").write_bytes(CSV.encode("cp1252"))
        (sub / "dataset.toml").write_text(
            f'title = "Harga {i}"\norganisation = "dinas-{i % 3}"\ntags = ["harga"]\n[extras]\nidentifier = "x{i}"\n'
        )
        os.utime(sub / f"harga {i}.csv", (1_780_000_000 + i * 86_400,) * 2)
        os.utime(sub / "dataset.toml", (1_780_000_000,) * 2)
    (root / "gaji").mkdir()
    (root / "gaji" / "gaji.csv").write_text("x")
    (root / "gaji" / "dataset.toml").write_text("private = true")
    return root


@pytest.fixture(scope="module")
def url(folder: Path) -> Iterator[str]:
    with running([NodeSpec(folder, "33.74", "Kota Uji")]) as urls:
        yield urls[0]


@pytest.fixture(scope="module")
def client(url: str) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=url, timeout=10) as client:
        yield client


def found(client: httpx.Client, action: str, **parameters: object) -> Any:
    answer = client.get(f"/api/3/action/{action}", params={k: str(v) for k, v in parameters.items()})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json;charset=utf-8"
    return answer.json()["result"]


# --- whoever harvests -------------------------------------------------------------------------------------


def test_ckanapi_works_unmodified(url: str) -> None:
    with ckanapi.RemoteCKAN(url, apikey="kunci-apa-saja") as remote:
        names = remote.action.package_list()
        assert len(names) == 7
        package = remote.action.package_show(id=names[0])
        assert package["resources"][0]["url"].startswith(url)
        assert remote.action.package_search(fq="tags:harga", rows=2)["count"] == 7
        with pytest.raises(ckanapi.NotFound):
            remote.action.package_show(id="gaji")  # private data answers like absent data
        with pytest.raises(ckanapi.ValidationError):
            remote.action.package_show()
        with pytest.raises(ckanapi.NotAuthorized):
            remote.action.package_create(name="x")
        with pytest.raises(ckanapi.SearchError):
            remote.action.package_search(fq="title:(")
    get_only = ckanapi.RemoteCKAN(url, get_only=True)
    assert get_only.action.status_show()["ckan_version"].startswith("2.")


def test_ckanext_harvest_pages_by_id_until_an_empty_page_and_compares_moments_as_text(client: httpx.Client) -> None:
    seen: list[dict[str, str]] = []
    while page := found(client, "package_search", rows=3, start=len(seen), sort="id asc", fq="")["results"]:
        seen += page
    assert len({d["id"] for d in seen}) == len(seen) == 7
    moments = sorted(d["metadata_modified"] for d in seen)
    since = moments[3] + "Z"
    fq = f"organization:dinas-0 OR organization:dinas-1 metadata_modified:[{since} TO *]"
    expected = {
        d["id"]
        for d in seen
        if d["metadata_modified"] >= moments[3] and d["organization"]["name"] in ("dinas-0", "dinas-1")
    }
    answer = found(client, "package_search", rows=100, start=0, sort="id asc", fq=fq)
    assert {d["id"] for d in answer["results"]} == expected
    assert 0 < len(expected) < 5


def test_udata_lists_everything_and_shows_each(client: httpx.Client) -> None:
    names = found(client, "package_list")
    for name in names:
        assert found(client, "package_show", id=name)["name"] == name
    filtered = found(client, "package_search", q="organization:dinas-0 AND -tags:lain", rows=1000)
    assert filtered["count"] == 3


def test_magda_pages_organisations_until_they_end(client: httpx.Client) -> None:
    seen: list[str] = []
    for _ in range(10):
        page = found(client, "organization_list", all_fields="true", limit=2, offset=len(seen))
        if not page:
            break
        seen += [o["name"] for o in page]
    assert sorted(seen) == ["dinas-0", "dinas-1", "dinas-2"]
    answer = found(client, "package_search", rows=1000, fq='(organization:"dinas-0" OR organization:"dinas-2")')
    assert answer["count"] == 5


# --- files ------------------------------------------------------------------------------------------------


@pytest.fixture
def download(client: httpx.Client) -> str:
    answer = found(client, "package_show", id="harga-3")
    return str(answer["resources"][0]["url"])


def test_a_download_carries_everything_a_polite_harvester_needs(client: httpx.Client, download: str) -> None:
    answer = client.get(download)
    assert answer.content == CSV.encode("cp1252")
    assert answer.headers["content-type"] == "text/csv"  # no charset is claimed: nobody has checked it
    assert int(answer.headers["content-length"]) == len(answer.content)
    assert answer.headers["last-modified"].endswith("GMT")
    head = client.head(download)
    assert head.content == b"" and head.headers["etag"] == answer.headers["etag"]
    assert head.headers["content-length"] == answer.headers["content-length"]


def test_an_unchanged_file_is_not_sent_again(client: httpx.Client, download: str) -> None:
    first = client.get(download)
    for headers in (
        {"If-None-Match": first.headers["etag"]},
        {"If-None-Match": f'"x", W/{first.headers["etag"]}'},
        {"If-Modified-Since": first.headers["last-modified"]},
    ):
        again = client.get(download, headers=headers)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == first.headers["etag"]
    stale = {"If-None-Match": '"x"', "If-Modified-Since": first.headers["last-modified"]}
    assert client.get(download, headers=stale).status_code == 200
    assert client.get(download, headers={"If-Modified-Since": "kemarin"}).status_code == 200


def test_a_broken_download_can_be_resumed(client: httpx.Client, download: str) -> None:
    whole = client.get(download)
    part = client.get(download, headers={"Range": "bytes=10-19", "If-Range": whole.headers["etag"]})
    assert (part.status_code, part.content) == (206, whole.content[10:20])
    assert part.headers["content-range"] == f"bytes 10-19/{len(whole.content)}"
    assert client.get(download, headers={"Range": "bytes=999999-"}).status_code == 416
    other = client.get(download, headers={"Range": "bytes=10-19", "If-Range": '"other"'})
    assert other.status_code == 200


def test_a_file_replaced_since_the_scan_is_sent_with_its_own_hash(folder: Path, tmp_path: Path) -> None:
    (tmp_path / "harga.csv").write_text("lama")
    with running([NodeSpec(tmp_path, "33.74", "Uji")]) as (url,), httpx.Client(base_url=url) as client:
        address = found(client, "package_show", id="harga")["resources"][0]["url"]
        before = client.get(address)
        (tmp_path / "harga.csv").write_text("baru sekali")
        after = client.get(address)
        assert after.text == "baru sekali"
        assert after.headers["etag"] != before.headers["etag"]
        (tmp_path / "harga.csv").unlink()
        (tmp_path / "harga.csv").symlink_to("/etc/hostname")
        assert client.get(address).status_code == 404


# --- abuse ------------------------------------------------------------------------------------------------


def test_R04_an_unknown_action_or_path_is_json(client: httpx.Client) -> None:
    answer = client.get("/api/3/action/tidak_ada")
    assert answer.status_code == 400
    assert answer.json().startswith("Bad request: Action name not known: tidak_ada")
    assert client.get("/api/3/lain").json() == {"success": False, "status": 404}


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_R05_other_methods_are_refused(client: httpx.Client, method: str) -> None:
    assert client.request(method, "/api/3/action/package_list").status_code == 405


def test_R06_a_repeated_parameter_is_a_validation_error(client: httpx.Client) -> None:
    answer = client.get("/api/3/action/package_show?id=harga-1&id=harga-2")
    assert answer.status_code == 409
    assert answer.json()["error"]["__type"] == "Validation Error"


@pytest.mark.parametrize(
    "path",
    [
        "/api/3/action/package_show?id=harga-1%00",
        "/api/3/action/package%00_show",
        "/dataset/%00/resource/%00/download/%00",
    ],
)
def test_R07_null_bytes_find_nothing(client: httpx.Client, path: str) -> None:
    assert client.get(path).status_code in (400, 404)


def test_R08_no_path_leads_out_of_the_folder(client: httpx.Client, download: str) -> None:
    base, _, _ = download.rpartition("/")
    for name in (
        "..%2f..%2fdataset.toml",
        "%2e%2e",
        "..%5c..%5cx",
        "%2fetc%2fpasswd",
        "dataset.toml",
        ".lumbung-node.json",
    ):
        assert client.get(f"{base}/{name}").status_code == 404
    for address in ("../..", "..%2f..%2f", "%2e%2e%2fgaji"):
        assert client.get(f"/dataset/{address}/resource/x/download/gaji.csv").status_code == 404
        assert client.get("/api/3/action/package_show", params={"id": address}).status_code == 404
    other = found(client, "package_show", id="harga-1")
    swapped = download.replace(download.split("/")[4], str(other["id"]))
    assert client.get(swapped).status_code == 404


def test_R13_every_answer_carries_the_protective_headers(client: httpx.Client, download: str) -> None:
    for path in ("/", "/api/3/action/package_list", "/zzz", "/health/ready", download):
        headers = client.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "default-src 'none'" in headers["content-security-policy"]
        assert headers["x-frame-options"] == "DENY"
    assert client.get(download).headers["content-disposition"].startswith("attachment")


def test_R15_addresses_never_come_from_the_callers_host_header(client: httpx.Client, url: str) -> None:
    answer = client.get("/api/3/action/package_show?id=harga-1", headers={"Host": "jahat.example"})
    assert answer.json()["result"]["resources"][0]["url"].startswith(url)
    assert "jahat" not in answer.text
    slash = client.get("/api/3/action/package_list/", headers={"Host": "jahat.example"})
    assert (slash.status_code, slash.headers.get("location")) == (404, None)


def test_G11_G12_a_large_or_packed_body_is_refused(client: httpx.Client) -> None:
    path = "/api/3/action/package_list"
    assert client.post(path, content=b" " * (2 * 1024 * 1024)).status_code == 413
    assert client.post(path, content=b"{}", headers={"Content-Encoding": "gzip"}).status_code == 415
    assert client.post(path, content=b"[1]").status_code == 400
    assert client.post(path, content=b"").status_code == 200


def test_jsonp_is_answered_as_plain_json(client: httpx.Client) -> None:
    answer = client.get("/api/3/action/package_list?callback=alert")
    assert answer.headers["content-type"].startswith("application/json")
    assert json.loads(answer.text)["success"] is True


# --- running ----------------------------------------------------------------------------------------------


def test_health_names_what_is_wrong_with_the_folder(client: httpx.Client) -> None:
    assert client.get("/health/live").json() == {"status": "live"}
    ready = client.get("/health/ready").json()
    assert (ready["datasets"], ready["files"], ready["problems"]) == (7, 7, [])
    assert client.get("/api/3").json() == {"version": 3}


def test_many_nodes_share_one_loop_and_answer_at_once(folder: Path) -> None:
    specs = [NodeSpec(folder, f"33.{i:02}", f"Uji {i}") for i in range(1, 13)]
    with running(specs) as urls, ThreadPoolExecutor(12) as pool:
        assert len(set(urls)) == 12
        counts = pool.map(
            lambda u: httpx.get(f"{u}/api/3/action/package_search?rows=0").json()["result"]["count"], urls
        )
        assert set(counts) == {7}


def test_a_taken_port_is_named_and_nothing_is_left_open(folder: Path) -> None:
    taken = bind("127.0.0.1", 0)
    try:
        port = taken.getsockname()[1]
        with pytest.raises(NodePortTaken, match=str(port)), running([NodeSpec(folder, "a", "a", port=port)]):
            pass
    finally:
        taken.close()


def test_the_node_imports_only_core_and_nothing_heavy() -> None:
    code = "import sys, node.serve; print(*sorted({m.split('.')[0] for m in sys.modules}))"
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = set(out.stdout.split())
    assert not loaded & {"federation", "quality", "catalog", "services", "flows", "gateway", "hub"}
    assert not loaded & {"pandas", "duckdb", "prefect", "great_expectations", "sqlalchemy", "pyarrow", "pydantic"}


def test_P04_a_served_node_reports_its_address_and_ends_cleanly_on_sigterm(folder: Path) -> None:
    code = "import sys, pathlib; from node.serve import serve; serve(pathlib.Path(sys.argv[1]), '33.74', 'Uji', on_ready=lambda u: print(u, flush=True))"
    process = subprocess.Popen([sys.executable, "-c", code, str(folder)], stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        assert httpx.get(f"{url}/health/ready", timeout=10).json()["status"] == "ready"
        process.terminate()
        assert process.wait(timeout=20) == 0
    finally:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


async def test_an_answer_in_two_parts_is_not_held_back_until_the_first_is_acknowledged(tmp_path: Path) -> None:
    without_delay: list[int] = []

    class Looks(asyncio.Protocol):
        def connection_made(self, transport: asyncio.BaseTransport) -> None:
            accepted = transport.get_extra_info("socket")
            without_delay.append(accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
            transport.close()

    with bind("127.0.0.1", 0) as sock:
        server = await asyncio.get_running_loop().create_server(Looks, sock=sock)
        reader, writer = await asyncio.open_connection(*sock.getsockname())
        assert await reader.read() == b""
        writer.close()
        server.close()
    assert without_delay == [1]
