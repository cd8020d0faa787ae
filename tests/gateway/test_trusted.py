"""Documents known by their SHA-256: asked for by id, or alone allowed to run."""

import hashlib
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from core.db import make_engine
from gateway.trusted import SHIPPED, digest
from tests.gateway import factories
from tests.gateway.factories import Province

OWN = "# Anggota\nquery Anggota($kode: String!) { member(code: $kode) { name } }\n"
SECRET = "s" * 32


@pytest.fixture(scope="module")
def strict(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Province]:
    """A province that runs nothing but trusted documents."""
    home = tmp_path_factory.mktemp("strict")
    shutil.copyfile(sqlite_template, home / "lumbung.db")
    engine = make_engine(f"sqlite:///{home / 'lumbung.db'}")
    made = factories.empty_province(home, engine, documents="trusted", subgraph_secret=SECRET)
    folder = made.services.settings.folder("queries")
    (folder / "anggota.graphql").write_text(OWN)
    (folder / "rusak.graphql").write_bytes(b"\xff\xfe")
    yield made
    made.services.duck.close()
    engine.dispose()


async def post(province: Province, **body: Any) -> httpx.Response:
    async with province.client() as client:
        return await client.post("/graphql", json=body)


def code(answer: httpx.Response) -> str:
    [error] = answer.json()["errors"]
    return str(error["extensions"]["code"])


@pytest.mark.parametrize(
    "named",
    [
        {"documentId": digest(OWN)},
        {"documentId": f"sha256:{digest(OWN)}"},
        {"documentId": hashlib.sha256(OWN.encode()).hexdigest()},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest(OWN)}}},
        {"extensions": {"persistedQuery": {"version": 1, "sha256Hash": digest(OWN)}}, "query": OWN},
        {"query": f"\n{OWN}\n"},
    ],
    ids=str,
)
async def test_a_trusted_document_runs_by_its_id_or_its_text(strict: Province, named: dict[str, Any]) -> None:
    answer = await post(strict, variables={"kode": "33.74"}, **named)
    assert answer.json()["data"] == {"member": {"name": "Kota Semarang"}}


async def test_a_trusted_document_runs_by_get(strict: Province) -> None:
    async with strict.client() as client:
        answer = await client.get("/graphql", params={"documentId": digest(OWN), "variables": '{"kode": "33.22"}'})
    assert answer.json()["data"] == {"member": {"name": "Kabupaten Semarang"}}


async def test_what_is_not_trusted_is_not_run_where_only_trusted_documents_are(strict: Province) -> None:
    answer = await post(strict, query="{ members { code } }")
    assert (answer.status_code, code(answer)) == (400, "DOCUMENT_NOT_TRUSTED")
    assert "data" not in answer.json()


@pytest.mark.parametrize("name", [digest("{ members { code } }"), "0" * 64])
async def test_an_unknown_id_says_so_as_apollos_clients_know_it(strict: Province, name: str) -> None:
    answer = await post(strict, extensions={"persistedQuery": {"version": 1, "sha256Hash": name}})
    assert (answer.status_code, code(answer)) == (400, "PERSISTED_QUERY_NOT_FOUND")


@pytest.mark.parametrize(
    "named",
    [
        {"documentId": "../../etc/passwd"},
        {"documentId": 7},
        {"documentId": "a" * 63},
        {"documentId": digest(OWN), "query": "{ members { code } }"},  # the id of another text
        {"extensions": {"persistedQuery": {}}},
    ],
    ids=str,
)
async def test_an_id_that_is_none_is_refused(strict: Province, named: dict[str, Any]) -> None:
    assert code(await post(strict, **named)) == "REQUEST_INVALID"


async def test_ids_are_served_where_everything_runs_and_nothing_is_registered_by_asking(province: Province) -> None:
    [example] = SHIPPED.glob("dataset_baru.graphql")
    answer = await post(province, documentId=digest(example.read_text(encoding="utf-8")))
    assert "datasets" in answer.json()["data"]
    text = "{ members { code } }"
    apollo = {"persistedQuery": {"version": 1, "sha256Hash": digest(text)}}
    assert (await post(province, query=text, extensions=apollo)).json()["data"]["members"]
    assert code(await post(province, extensions=apollo)) == "PERSISTED_QUERY_NOT_FOUND"


async def test_a_routers_own_documents_run_at_the_subgraphs(strict: Province) -> None:
    async with strict.client(**{"X-Subgraph-Secret": SECRET}) as client:
        answer = await client.post("/subgraphs/catalog", json={"query": "{ members { code } }"})
    assert answer.json()["data"]["members"]
