"""Who looks at priority data once more: the pembina data, by kind of data and level of government.

Which office that is at each level was not found in a text, so it is a table: `pembina.csv` here, or a home's own
`reference/pembina.csv` in its place.
"""

from pathlib import Path

from core.contract_metadata import DataKind
from core.reference_check import PEMBINA
from core.reference_rows import read_rows
from federation.member import Member, MemberKind

_SHIPPED = Path(__file__).with_name(PEMBINA)
_LEVELS = {
    MemberKind.REGENCY: "kabupaten/kota", MemberKind.CITY: "kabupaten/kota", MemberKind.NATIONAL: "pusat",
}  # fmt: skip
_ANY = "*"


def pembina_of(folder: Path, member: Member, kind: DataKind) -> str:
    """The name of the pembina for one kind of data of a member; the kind's own word where the table has no line.

    Args:
        folder: the home's reference folder.

    Raises:
        ReferenceFileInvalid: a line lacks what it must have.
    """
    own = folder / PEMBINA
    level = _LEVELS.get(member.kind, "provinsi")
    for row in read_rows(own if own.is_file() else _SHIPPED):
        if row.text("kind") == kind.value and row.text("level") in (level, _ANY):
            return row.text("name")
    return kind.value
