"""A folder as a portal: what becomes a dataset, and that nothing is called changed unless its content is."""

import os
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.ckan import Dataset
from core.contracts import load_contracts
from node.errors import NodeFolderMissing
from node.folder import Folder
from node.metadata import read_dataset, read_node
from node.offers import read_offers
from tests.node import factories

START = datetime(2026, 11, 22, 8, 0, tzinfo=UTC)
OLD = datetime(2026, 11, 1, 0, 0, tzinfo=UTC)


class Clock:
    """A clock that the test moves."""

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now


def write(path: Path, text: str = "a;b\n1;2\n", when: datetime = OLD) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    os.utime(path, (when.timestamp(), when.timestamp()))
    return path


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def opened(tmp_path: Path, clock: Clock) -> Callable[[], Folder]:
    return lambda: Folder(tmp_path, "33.74", "Kota Uji", "http://n", clock=clock, refresh_seconds=0)


def only(folder: Folder) -> Dataset:
    (found,) = folder.shelf().portal.datasets
    return found


def test_a_bare_file_is_a_dataset_named_after_itself(tmp_path: Path, opened: Callable[[], Folder]) -> None:
    write(tmp_path / "Harga Pangan 2026.CSV")
    found = only(opened())
    assert (found.name, found.title) == ("harga-pangan-2026", "Harga Pangan 2026")
    assert (found.resources[0].format, found.resources[0].mimetype) == ("CSV", "text/csv")
    assert found.organisation is not None and found.organisation.title == "Kota Uji"
    assert found.modified == OLD


def test_a_subfolder_with_its_description_is_one_dataset_of_many_files(
    tmp_path: Path, opened: Callable[[], Folder]
) -> None:
    write(tmp_path / "harga" / "2025.csv")
    write(tmp_path / "harga" / "arsip" / "2024.xlsx")
    write(
        tmp_path / "harga" / "dataset.toml",
        'title = "Harga"\ntags = ["pangan"]\norganisation = "Disdag"\ngroups = ["Pangan"]\nlicense = "cc-by"\n'
        '[extras]\nkode = "33.74"\n[[resources]]\nfile = "2025.csv"\nname = "Harga 2025"\n',
    )
    write(tmp_path / "node.toml", 'title = "Satu Data"\n[organisations]\ndisdag = "Dinas Perdagangan"\n')
    found = only(opened())
    assert found.organisation is not None and found.organisation.title == "Dinas Perdagangan"
    assert [r.name for r in found.resources] == ["Harga 2025", "2024.xlsx"]
    assert (found.tags, found.extras, found.license_id) == (("pangan",), (("kode", "33.74"),), "cc-by")
    assert [g.name for g in found.groups] == ["pangan"]
    assert opened().shelf().portal.title == "Satu Data"


def test_a_sidecar_describes_a_file_alone(tmp_path: Path, opened: Callable[[], Folder]) -> None:
    write(tmp_path / "x.csv")
    write(tmp_path / "x.csv.toml", 'title = "Stok"\nname = "stok-beras"')
    assert (only(opened()).name, only(opened()).title) == ("stok-beras", "Stok")


def test_private_hidden_half_copied_and_linked_files_are_not_served(
    tmp_path: Path, opened: Callable[[], Folder]
) -> None:
    outside = write(tmp_path.parent / f"{tmp_path.name}-secret.csv")
    served = tmp_path / "harga"
    write(served / "a.csv")
    for name in (".env", "~$a.xlsx", "b.csv.part", "Thumbs.db"):
        write(served / name)
    (served / "link.csv").symlink_to(outside)
    (tmp_path / "linked").symlink_to(tmp_path.parent)
    write(tmp_path / "rahasia" / "gaji.csv")
    write(tmp_path / "rahasia" / "dataset.toml", "private = true")
    shelf = opened().shelf()
    assert [f.name for f in shelf.files.values()] == ["a.csv"]
    assert [d.name for d in shelf.portal.datasets] == ["harga"]


def test_ids_stay_and_differ_between_members(tmp_path: Path, opened: Callable[[], Folder], clock: Clock) -> None:
    write(tmp_path / "x.csv")
    first = only(opened())
    write(tmp_path / "x.csv", "c\n3\n", START)
    assert only(opened()).id == first.id
    assert only(opened()).resources[0].id == first.resources[0].id
    other = Folder(tmp_path, "33.22", "Lain", "http://m", clock=clock)
    assert only(other).id != first.id


def test_a_restart_or_a_touch_changes_nothing(tmp_path: Path, opened: Callable[[], Folder], clock: Clock) -> None:
    file = write(tmp_path / "x.csv")
    before = only(opened())
    clock.now += timedelta(days=1)
    os.utime(file)
    assert only(opened()) == before
    (tmp_path / ".lumbung-node.json").read_bytes()


def test_changed_content_moves_the_moment_forward_even_when_the_copy_is_old(
    tmp_path: Path, opened: Callable[[], Folder], clock: Clock
) -> None:
    write(tmp_path / "x.csv")
    before = only(opened())
    clock.now += timedelta(hours=1)
    write(tmp_path / "x.csv", "a;b\n9;9\n", OLD - timedelta(days=300))
    after = only(opened())
    assert after.modified == clock.now > before.modified
    assert after.created == before.created
    clock.now -= timedelta(days=700)  # T01: our clock was set back
    write(tmp_path / "x.csv", "a;b\n7;7;7\n")
    assert only(opened()).modified > after.modified


def test_a_dataset_that_arrives_later_is_dated_by_our_clock(
    tmp_path: Path, opened: Callable[[], Folder], clock: Clock
) -> None:
    write(tmp_path / "x.csv")
    opened().shelf()
    clock.now += timedelta(hours=1)
    write(tmp_path / "y.csv")
    newest = max(d.modified for d in opened().shelf().portal.datasets)
    assert newest == clock.now


def test_T07_a_file_from_the_future_is_dated_now(tmp_path: Path, opened: Callable[[], Folder]) -> None:
    write(tmp_path / "x.csv", when=datetime(2099, 1, 1, tzinfo=UTC))
    assert only(opened()).modified == START


def test_new_words_about_a_dataset_are_a_change_of_it(
    tmp_path: Path, opened: Callable[[], Folder], clock: Clock
) -> None:
    write(tmp_path / "x.csv")
    before = only(opened())
    clock.now += timedelta(hours=1)
    write(tmp_path / "x.csv.toml", 'title = "Baru"')
    after = only(opened())
    assert after.modified > before.modified
    assert after.resources[0].modified == before.resources[0].modified


def test_a_broken_description_is_reported_and_the_file_still_served(
    tmp_path: Path, opened: Callable[[], Folder]
) -> None:
    write(tmp_path / "x.csv")
    write(tmp_path / "x.csv.toml", 'tags = "harga"')
    shelf = opened().shelf()
    assert [d.title for d in shelf.portal.datasets] == ["x"]
    assert [p.code for p in shelf.problems] == ["NODE_METADATA_INVALID"]
    assert "tags" in str(shelf.problems[0])


def test_a_damaged_memory_starts_anew(tmp_path: Path, opened: Callable[[], Folder]) -> None:
    write(tmp_path / "x.csv")
    write(tmp_path / ".lumbung-node.json", '{"files": [1]}')
    assert only(opened()).modified == OLD


def test_F32_names_that_collide_or_are_strange_stay_apart(tmp_path: Path, opened: Callable[[], Folder]) -> None:
    for name in ("Harga.csv", "harga.xlsx", "HARGA!.json", "\u202egnip.csv", "a b?#%.csv", "é" * 60 + ".csv"):
        write(tmp_path / name)
    (Path(os.fsdecode(os.fsencode(tmp_path) + b"/bad-\xff.csv"))).write_text("x")
    datasets = opened().shelf().portal.datasets
    assert len({d.name for d in datasets}) == len(datasets) == 6
    assert all(2 <= len(d.name) <= 100 and d.name.isascii() for d in datasets)


def test_a_missing_folder_is_named(tmp_path: Path, clock: Clock) -> None:
    with pytest.raises(NodeFolderMissing, match="tidak ada"):
        Folder(tmp_path / "zz", "33.74", "x", "http://n", clock=clock)


def test_an_unchanged_folder_keeps_the_same_shelf(tmp_path: Path, opened: Callable[[], Folder]) -> None:
    write(tmp_path / "x.csv")
    folder = opened()
    assert folder.shelf() is folder.shelf()


def test_the_tutorials_examples_are_what_the_node_reads(tmp_path: Path) -> None:
    page = Path(__file__).parents[2] / "docs" / "tutorial-node.md"
    dataset, node, offers = re.findall(r"```toml\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    described = read_dataset(write(tmp_path / "dataset.toml", dataset))
    assert (described.name, described.files["2026.xlsx"].name) == ("harga-bahan-pokok", "Harga 2026")
    assert read_node(write(tmp_path / "node.toml", node)).organisations["disdag"].startswith("Dinas")
    write(tmp_path / "node.toml", offers)
    files, table = read_offers(tmp_path, lambda: load_contracts(*factories.CONTRACTS)).offers
    assert (files.file, files.open, files.mapping.factors["stage_m"]) == ("tma/*.csv", True, "0.01")
    assert (table.database, table.mapping.table, table.open) == ("ALAMAT_BASIS_DATA", "curah_hujan", False)
