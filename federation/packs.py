"""A home from a pack: the province as data, so that another province needs another folder and no other code.

A pack is a folder with `pack.toml`, `members/*.toml` and `reference/*.csv`. The pack of Jawa Tengah ships beside
this module; any other is named by its path.
"""

import shutil
import tempfile
import tomllib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfoNotFoundError

import tomlkit

from core import settings
from core.clock import zone
from core.reference_files import load_code_lists, load_population, load_travel_times
from federation.member_errors import HomeExists, HomeNotEmpty, PackInvalid, PackUnknown
from federation.members_file import FOLDER
from federation.registry import Registry, home_regions

SHIPPED = Path(__file__).with_name("packs")
_FILE = "pack.toml"
_FOLDERS = (FOLDER, "reference")


@dataclass(frozen=True, slots=True)
class Pack:
    """A province ready to be made into a home."""

    folder: Path
    province: str
    name: str
    timezone: str
    service_name: str


def read_pack(folder: Path) -> Pack:
    """The pack in a folder; `PackInvalid` names what is wrong in its `pack.toml`."""
    file = folder / _FILE
    try:
        data = tomllib.loads(file.read_text("utf-8"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise PackInvalid(file=file, key=_FILE, value=error) from error
    values: dict[str, str] = {}
    for key in ("province", "name", "timezone", "service_name"):
        value = data.get(key)
        if not isinstance(value, str) or not value.strip():
            raise PackInvalid(file=file, key=key, value="" if value is None else value)
        values[key] = value
    for key in data.keys() - values.keys():
        raise PackInvalid(file=file, key=key, value=data[key])
    try:
        zone(values["timezone"])
    except (KeyError, ValueError, ZoneInfoNotFoundError) as error:
        raise PackInvalid(file=file, key="timezone", value=values["timezone"]) from error
    return Pack(folder=folder, **values)


def find_pack(province: str, pack_folders: Sequence[Path] = ()) -> Pack:
    """The pack of a province: from these folders first (a pack, or a folder of packs), then from those that ship."""
    known: dict[str, Pack] = {}
    for pack in _packs((*pack_folders, SHIPPED)):
        known.setdefault(pack.province, pack)
    if province not in known:
        raise PackUnknown(province=province, known=", ".join(f"{p.province} {p.name}" for p in known.values()) or "-")
    return known[province]


def _packs(folders: Sequence[Path]) -> Iterator[Pack]:
    for folder in folders:
        if (folder / _FILE).is_file():
            yield read_pack(folder)
        else:
            yield from (read_pack(file.parent) for file in sorted(folder.glob(f"*/{_FILE}")))


def init_home(home: Path, province: str | None, pack_folders: Sequence[Path] = ()) -> Path:
    """Make a home: from the pack of a province, or an empty one; gives back its path.

    The home appears whole or not at all, and only where its members and reference files can be read.

    Raises:
        HomeExists, HomeNotEmpty: something is there already; nothing is ever overwritten.
        PackUnknown, PackInvalid: no such pack, or one that cannot be used.
    """
    home = home.resolve()
    _must_be_free(home)
    pack = None if province is None else find_pack(province, pack_folders)
    home.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=f".{home.name}.", dir=home.parent) as temporary:
        made = Path(temporary) / "home"
        made.mkdir()
        for name in _FOLDERS:
            if pack is not None and (pack.folder / name).is_dir():
                shutil.copytree(pack.folder / name, made / name, copy_function=shutil.copyfile)
            (made / name).mkdir(exist_ok=True)
        (made / settings.FILE).write_text(_settings(pack), encoding="utf-8")
        _check(made)
        _must_be_free(home)
        made.rename(home)  # onto an empty folder or nothing: POSIX does it in one step
    return home


def _must_be_free(home: Path) -> None:
    if (home / settings.FILE).exists():
        raise HomeExists(home=home)
    if home.exists() and (not home.is_dir() or any(home.iterdir())):
        raise HomeNotEmpty(home=home)


def _settings(pack: Pack | None) -> str:
    document = tomlkit.document()
    if pack is not None:
        document.add(tomlkit.comment(pack.name))
        document["province"] = pack.province
        document["service_name"] = pack.service_name
    document["timezone"] = "WIB" if pack is None else pack.timezone
    return tomlkit.dumps(document)


def _check(home: Path) -> None:
    regions = home_regions(home)
    Registry.load(home, regions)
    load_code_lists(home / "reference", regions, at=date.max)
    load_population(home / "reference", regions)
    load_travel_times(home / "reference")
