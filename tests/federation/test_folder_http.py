"""Folder and HTTP sources: one dataset a file, nothing hidden, half-written or outside of the folder."""

import json
import os
from pathlib import Path

import pytest

from core.settings import Settings
from federation.connectors.ckan import CkanConnector
from federation.connectors.folder import FolderConnector, open_inside
from federation.connectors.http import HttpConnector
from federation.connectors.inbox import InboxConnector
from federation.connectors.registry import connector_for
from federation.connectors.rest import RestConnector
from federation.connectors.sql import SqlConnector
from federation.errors import AddressRefused, FolderMissing, TokenMissing, UrlRefused
from federation.member import SourceConfig, SourceKind


def folder_source(folder: Path) -> SourceConfig:
    return SourceConfig(id="folder", kind=SourceKind.FOLDER, url=str(folder), member="33.74", organisation="disdag")


@pytest.fixture
def drop(tmp_path: Path) -> Path:
    files = {
        "harga.csv": "a;b\n1;2\n",
        "2026/stok.xlsx": "x",
        "2026/.rahasia.csv": "x",
        ".git/config": "x",
        "~$stok.xlsx": "x",
        "unggah.csv.part": "x",
        "setengah.tmp": "x",
        "harga.csv.meta.toml": 'title = "Harga Pangan"\ntags = ["harga"]\norganisation = "dinpangan"\nnotes = "mingguan"\n',
    }
    for name, text in files.items():
        path = tmp_path / "drop" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path / "drop"


async def test_every_whole_file_below_the_folder_is_a_dataset(drop: Path, tmp_path: Path) -> None:
    outside = tmp_path / "luar.csv"
    outside.write_text("rahasia")
    (drop / "link.csv").symlink_to(outside)
    (drop / "linkdir").symlink_to(tmp_path)
    crawl = await FolderConnector(folder_source(drop)).crawl(None)
    assert [d.id for d in crawl.datasets] == ["2026/stok.xlsx", "harga.csv"]
    stock, price = crawl.datasets
    assert (price.title, price.tags, price.organisation, price.notes) == (
        "Harga Pangan",
        ("harga",),
        "dinpangan",
        "mingguan",
    )
    assert (stock.title, stock.organisation, stock.resources[0].format) == ("stok", "disdag", "XLSX")
    assert price.modified is not None and price.modified.utcoffset() is not None
    assert len(price.resources[0].hash) == 64 and crawl.complete


async def test_an_unchanged_folder_says_so_and_any_change_is_seen(drop: Path) -> None:
    connector = FolderConnector(folder_source(drop))
    first = await connector.crawl(None)
    mark = json.loads(json.dumps(first.mark))
    assert (await connector.crawl(mark)).unchanged
    (drop / "harga.csv.meta.toml").write_text('title = "Harga Baru"')
    assert [d.title for d in (await connector.crawl(mark)).datasets] == ["stok", "Harga Baru"]
    (drop / "harga.csv").unlink()
    gone = await connector.crawl(mark)
    assert gone.complete and [d.id for d in gone.datasets] == ["2026/stok.xlsx"]


async def test_F32_files_with_endless_or_unreadable_names_are_found_and_copied(tmp_path: Path) -> None:
    drop = tmp_path / "drop"
    deep = drop / ("x" * 200) / ("y" * 200)
    deep.mkdir(parents=True)
    (deep / "a.csv").write_text("a;b\n")
    (drop / os.fsdecode(b"harga\xff.csv")).write_text("a;b\n")
    crawl = await FolderConnector(folder_source(drop)).crawl(None)
    assert len(crawl.datasets) == 2
    for found in crawl.datasets:
        assert len(found.id) <= 300 and found.id.encode()
        with open_inside(folder_source(drop), found.resources[0].url) as f:
            assert f.read() == b"a;b\n"


async def test_S14_a_folder_that_came_off_is_an_error_and_an_empty_one_says_so(tmp_path: Path) -> None:
    with pytest.raises(FolderMissing):
        await FolderConnector(folder_source(tmp_path / "lepas")).crawl(None)
    empty = tmp_path / "kosong"
    empty.mkdir()
    crawl = await FolderConnector(folder_source(empty)).crawl(None)
    assert crawl.complete and [n.code for n in crawl.remarks] == ["federation.note.empty_source"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
async def test_S14_a_folder_that_cannot_be_read_is_an_error(drop: Path) -> None:
    (drop / "2026").chmod(0)
    with pytest.raises(FolderMissing):
        await FolderConnector(folder_source(drop)).crawl(None)
    (drop / "2026").chmod(0o755)


async def test_a_broken_sidecar_is_a_remark_and_not_a_failure(drop: Path) -> None:
    (drop / "harga.csv.meta.toml").write_text("title = ")
    crawl = await FolderConnector(folder_source(drop)).crawl(None)
    assert [n.code for n in crawl.remarks] == ["federation.note.sidecar_unreadable"]
    assert [d.title for d in crawl.datasets] == ["stok", "harga"]


async def test_an_http_source_is_one_dataset_an_address() -> None:
    url = "https://data.contoh.go.id/unduh/Harga%20Pangan.csv?token=rahasia"
    source = SourceConfig(id="harga", kind=SourceKind.HTTP, url=url, member="33.74", title="Harga Pangan Harian")
    crawl = await HttpConnector(source).crawl(None)
    (only,) = crawl.datasets
    assert only.title == "Harga Pangan Harian" and only.resources[0].name == "Harga Pangan.csv"
    assert only.resources[0].url == url and only.resources[0].format == "CSV"
    assert "rahasia" not in only.name + only.id + json.dumps(crawl.mark)
    two = HttpConnector(source, urls=("https://x.go.id/a.csv", "https://x.go.id/b.csv"))
    assert [d.title for d in (await two.crawl(None)).datasets] == ["a", "b"]


@pytest.mark.parametrize(("url", "error"), [("ftp://x/a.csv", UrlRefused), ("https://10.0.0.1/a.csv", AddressRefused)])
async def test_S19_an_http_source_at_an_odd_address_is_refused(url: str, error: type[Exception]) -> None:
    with pytest.raises(error):
        await HttpConnector(SourceConfig(id="x", kind=SourceKind.HTTP, url=url, member="33")).crawl(None)


def test_each_kind_has_its_connector_and_a_named_token_must_be_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = Settings(home=tmp_path)
    kinds = {
        SourceKind.CKAN: CkanConnector,
        SourceKind.HTTP: HttpConnector,
        SourceKind.FOLDER: FolderConnector,
        SourceKind.REST: RestConnector,
        SourceKind.SQL: SqlConnector,
        SourceKind.INBOX: InboxConnector,
        SourceKind.NODE: CkanConnector,
    }
    for kind in SourceKind:
        source = SourceConfig(id="x", kind=kind, url="https://data.contoh.go.id", member="33")
        assert isinstance(connector_for(source, settings), kinds[kind])
    secret = SourceConfig(id="x", kind=SourceKind.CKAN, url="https://x.go.id", member="33", token_env="TOKEN_X")
    monkeypatch.delenv("TOKEN_X", raising=False)
    with pytest.raises(TokenMissing):
        connector_for(secret, settings)
    monkeypatch.setenv("TOKEN_X", "rahasia")
    assert isinstance(connector_for(secret, settings), CkanConnector)
