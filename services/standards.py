"""Data standards as a home has them: where each one's file is, and which codes a member may choose from."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import yaml
from sqlalchemy import select

from catalog.models import Dataset, DatasetState
from core.clock import utc_now
from core.contract import Contract
from core.db import session_scope
from core.reference import CodeList
from core.reference_files import load_code_lists
from core.region import Regions
from core.settings import load
from federation.registry import Registry, home_regions
from quality.errors import StandardUnknown
from services.granary import SHIPPED_CONTRACTS, Granary

if TYPE_CHECKING:
    from quality.metadata_forms import Activity


def files(home: Path | None) -> dict[str, Path]:
    """Every standard's file by name: the shipped ones, and the home's own in their place."""
    found: dict[str, Path] = {}
    for folder in (SHIPPED_CONTRACTS, *((home / "contracts",) if home is not None else ())):
        found |= {file.stem: file for file in sorted((*folder.glob("*.yaml"), *folder.glob("*.yml")))}
    return found


def file_of(home: Path | None, name: str) -> Path:
    """The file of a standard, or a file by its path; `StandardUnknown` where there is neither."""
    known = files(home)
    if name in known:
        return known[name]
    if Path(name).is_file():
        return Path(name)
    raise StandardUnknown(standard=name, known=", ".join(known))


def named(granary: Granary, name: str) -> str:
    """The name of a standard that a home knows; `StandardUnknown` for any other."""
    if name not in granary.contracts:
        raise StandardUnknown(standard=name, known=", ".join(sorted(granary.contracts)))
    return name


def activity(granary: Granary, name: str) -> "Activity":
    """What a home knows of the activity behind a standard: its purpose, its area, and who delivers it now."""
    from quality.metadata_forms import Activity  # openpyxl takes long to import

    raw = yaml.safe_load(file_of(granary.settings.home, name).read_text("utf-8"))
    purpose = str((raw.get("description") or {}).get("purpose", ""))
    with session_scope(granary.sessions) as session:
        state = Dataset.state == DatasetState.ACTIVE.value
        codes = set(session.scalars(select(Dataset.member).where(Dataset.contract == name, state).distinct()))
    members = [member.name for member in granary.registry.members if member.code in codes]
    province = granary.settings.province
    area = granary.regions.region(province).name if granary.regions.known(province) else ""
    return Activity(granary.clock().year, purpose, area, members)


def references(home: Path) -> Mapping[str, CodeList]:
    """The code lists of a home, without its database."""
    return load_code_lists(home / "reference", home_regions(home), utc_now().date())


def choices(home: Path, contract: Contract, member: str | None) -> tuple[dict[str, CodeList], str]:
    """The lists that a template of this home chooses from, and whom it is prepared for (empty: the whole province).

    Raises:
        HomeMissing, MemberUnknown.
    """
    settings, regions = load(home), home_regions(home)
    own, prepared = frozenset(filter(None, [settings.province])), ""
    if member is not None:
        known = Registry.load_sound(home, regions).member(member)
        own, prepared = known.regions, f"{known.name} ({known.code})"
    return narrowed(contract, references(home), regions, own), prepared


def narrowed(
    contract: Contract, references: Mapping[str, CodeList], regions: Regions, own: frozenset[str]
) -> dict[str, CodeList]:
    """The lists of a standard's columns as a member with these regions chooses from them; all of them without any.

    What stands nowhere in particular, such as a commodity, is everybody's.
    """
    out: dict[str, CodeList] = {}
    for name in sorted({c.reference for c in contract.columns if c.reference}):
        if (codes := references.get(name)) is None:
            continue
        if not own:
            out[name] = codes
            continue
        kept = {
            code: official
            for code, official in codes.codes.items()
            if regions.covers(own, code if name == "region" else codes.regions.get(code, "")) or not (
                name == "region" or codes.regions.get(code)
            )
        }  # fmt: skip
        out[name] = CodeList(name, kept, codes.spellings, codes.regions)
    return out
