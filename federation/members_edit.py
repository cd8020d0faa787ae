"""Adding a member, and a source to a member's TOML and taking one away, keeping what people wrote there.

A file is replaced in one step and only by one that can be read again, so that a crash, a full disk or a wrong
value leaves the old one.
"""

import os
import tempfile
from collections.abc import Sequence
from pathlib import Path

import tomlkit
from tomlkit.exceptions import TOMLKitError
from tomlkit.items import AoT, Array

from core.files import sync
from core.storage_errors import storage_errors
from federation.member import Member, MemberKind, SourceConfig, SourceKind
from federation.member_errors import MemberDuplicate, MemberFileSyntax, MemberIncomplete, MemberUnknown
from federation.members_file import FOLDER, check_url
from federation.registry import Registry, home_regions
from federation.sheets import csv_address


def add_member(
    home: Path, code: str, *, name: str | None = None, kind: MemberKind | None = None, regions: Sequence[str] = ()
) -> Member:
    """Write the file of a further member, `members/CODE.toml`.

    Args:
        name, kind, regions: of a region's own government they follow from its code.

    Raises:
        LumbungError: there is such a member, or it would not be sound (a region that does not exist, a code that is
            none and has no name, kind and regions); nothing was written.
    """
    file = home / FOLDER / f"{code}.toml"
    own = next((region for region in home_regions(home) if region.code == code), None)
    if own is not None:
        name, kind, regions = name or own.name, kind or MemberKind(own.kind.value), regions or (code,)
    if name is None or kind is None or not regions:
        raise MemberIncomplete(member=code)
    if file.exists():
        raise MemberDuplicate(member=code, file=file, other=file)
    document = tomlkit.document()
    for key, value in (("code", code), ("name", name), ("kind", kind.value), ("regions", [*regions])):
        document[key] = value
    text = tomlkit.dumps(document)
    Registry.check_replaced(home, file, text)
    file.parent.mkdir(exist_ok=True)
    with storage_errors(file.parent):
        file.write_text(text, encoding="utf-8")
        sync(file.parent)
    return Registry.load_sound(home).member(code)


def add_source(
    home: Path,
    member_code: str,
    *,
    source_id: str,
    kind: SourceKind,
    location: str,
    title: str | None = None,
    organisation: str | None = None,
    token_env: str | None = None,
    schedule: str | None = None,
    query: str | None = None,
) -> SourceConfig:
    """Write a further source into a member's file.

    Args:
        location: the address, or for a folder its path (relative paths are the home's). The link of a shared
            Google sheet becomes the address of its CSV form. For a database the name of the environment variable
            that holds its address.
        query: what a database is asked.

    Raises:
        LumbungError: the member is unknown, or the entry would not be sound; nothing was written.
    """
    file = member_file(home, member_code)
    if kind is SourceKind.HTTP:
        location = csv_address(location)
    if kind not in (SourceKind.FOLDER, SourceKind.SQL, SourceKind.INBOX):
        check_url(location, file=file, key="url")
    entry = tomlkit.table()
    entry["id"] = source_id
    entry["kind"] = kind.value
    if kind not in (SourceKind.SQL, SourceKind.INBOX):
        entry["path" if kind is SourceKind.FOLDER else "url"] = location
    for key, value in (
        ("title", title),
        ("organisation", organisation),
        ("token_env", token_env),
        ("schedule", schedule),
    ):
        if value is not None:
            entry[key] = value
    if kind is SourceKind.SQL:
        asked = tomlkit.table()
        asked["url_env"] = location
        asked["query"] = query or ""
        entry["sql"] = asked
    document = parse_file(file)
    sources = document.get("sources")
    if isinstance(sources, AoT):
        sources.append(entry)
    elif isinstance(sources, Array) and len(sources) > 0:
        inline = tomlkit.inline_table()
        inline.update(entry)
        sources.append(inline)
    else:  # none yet, or an empty list
        document.pop("sources", None)
        document.append("sources", AoT([entry]))
    replace_file(home, file, document)
    return Registry.load_sound(home).source(source_id)


def remove_source(home: Path, source_id: str) -> SourceConfig:
    """Take a source out of its member's file; gives back what it was. Its datasets in the catalogue stay."""
    source = Registry.load_sound(home).source(source_id)
    file = member_file(home, source.member)
    document = parse_file(file)
    sources = document["sources"]
    assert isinstance(sources, AoT | Array)
    del sources[[str(entry["id"]) for entry in sources].index(source_id)]
    if len(sources) == 0:
        document.remove("sources")
    replace_file(home, file, document)
    return source


def member_file(home: Path, member_code: str) -> Path:
    """The file that describes a member; usually `members/CODE.toml`, but its name is free."""
    usual = home / FOLDER / f"{member_code}.toml"
    for file in (usual, *sorted((home / FOLDER).glob("*.toml"))):
        if not file.is_file():
            continue
        try:
            found = parse_file(file).get("code")
        except MemberFileSyntax:
            if file == usual:
                raise
            continue  # another member's slip
        if found == member_code:
            return file
    raise MemberUnknown(member=member_code)


def parse_file(file: Path) -> tomlkit.TOMLDocument:
    """A member's file as it is written, comments and all; `MemberFileSyntax` where it is no TOML."""
    try:
        return tomlkit.parse(file.read_text("utf-8"))
    except (TOMLKitError, UnicodeDecodeError) as error:
        raise MemberFileSyntax(file=file, detail=error) from error


def replace_file(home: Path, file: Path, document: tomlkit.TOMLDocument) -> None:
    """Put the changed text in the file's place, in one step, once it is known to be sound among the other members."""
    text = tomlkit.dumps(document)
    Registry.check_replaced(home, file, text)
    descriptor, name = tempfile.mkstemp(prefix=f".{file.stem}.", suffix=".new", dir=file.parent)
    new = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        new.chmod(file.stat().st_mode)
        new.replace(file)
    finally:
        new.unlink(missing_ok=True)
    sync(file.parent)  # the rename itself must survive a power cut
