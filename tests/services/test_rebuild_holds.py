"""A rebuild gives back what a harvest would publish, and nothing that one would hold, however old the snapshot is."""

from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from catalog import snapshots
from catalog.drafts import Draft
from catalog.models import Snapshot
from core.arrow import ARROW
from core.contract import Contract
from core.verdict import Verdict
from services.intake import replay
from tests.services import factories as make
from tests.services.factories import Home
from tests.services.standard_files_governance import maternal_health

NIKS = ("9971011508900007", "9971014203850002", "9971012709770001")


def committed_before_anybody_looked(
    home: Home, file: Path, rows: pa.Table, sent: bytes, contract: Contract | None = None
) -> Snapshot:
    """A snapshot of the newest snapshot's resource, past the gate: as a version without the check has left it."""
    granary, newest = home.granary, home.snapshots[-1]
    pq.write_table(rows, file)
    draft = Draft(
        resource_id=newest.resource_id,
        contract=contract,
        rows=file,
        verdict=Verdict.PUBLISHED if contract else Verdict.UNMAPPED,
        landed_sha256=granary.landing.put(sent),
        fetched_at=granary.clock(),
        columns=() if contract else tuple(name for name in rows.column_names if name != "_row"),
    )
    snapshots.commit(granary.sessions, granary.store, draft, now=granary.clock())
    return home.snapshots[-1]


def lose(home: Home, *lost: Snapshot) -> None:
    for one in lost:
        home.granary.store.path(one.content_sha256).unlink()


def test_F35_personal_data_that_was_published_once_is_not_made_again(home: Home, tmp_path: Path) -> None:
    make.write(home.drop(), "aduan.csv", "nomor;identitas\n1;anonim\n2;anonim\n")
    home.harvest()
    numbers = {"nomor": ["1", "2", "3"], "identitas": list(NIKS), "_row": [2, 3, 4]}
    sent = "nomor;identitas\n" + "".join(f"{i};{nik}\n" for i, nik in enumerate(NIKS, 1))
    old = committed_before_anybody_looked(home, tmp_path / "rows", pa.table(numbers), sent.encode())
    lose(home, *home.snapshots)
    made = replay.rebuild(home.granary, tmp_path / "bengkel")
    assert (made.rebuilt, made.lost) == ((home.snapshots[0].seq,), (old.seq,))
    kept = [path for path in home.granary.settings.folder("snapshots").rglob("*") if path.is_file()]
    assert len(kept) == 1 and not any(nik.encode() in kept[0].read_bytes() for nik in NIKS)


def test_small_counts_that_two_resources_tell_come_back_of_the_first_alone(home: Home, tmp_path: Path) -> None:
    sent, contract = maternal_health(), home.granary.contracts["maternal_health"]
    drop = home.drop(sent.mapping, code=sent.code)
    make.write(drop, "a.csv", sent.content)
    home.harvest()
    told = home.rows("maternal_health")
    make.write(drop, "b.csv", sent.content.replace(b"2025", b"2024"))
    home.harvest()
    schema = pa.schema([*((c.name, ARROW[c.type]) for c in contract.columns), ("_row", pa.int64())])
    rows = pa.Table.from_pylist([_changed(row) for row in told], schema)
    again = sent.content.replace(b"62", b"63")
    old = committed_before_anybody_looked(home, tmp_path / "rows", rows, again, contract)
    lose(home, *home.snapshots)
    made = replay.rebuild(home.granary, tmp_path / "bengkel")
    assert (len(made.rebuilt), made.lost) == (2, (old.seq,))


def _changed(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "deaths": 63} if row["deaths"] == 62 else row


def test_what_another_resource_tells_only_later_brings_nothing_earlier_down(home: Home, tmp_path: Path) -> None:
    sent = maternal_health()
    drop = home.drop(sent.mapping, code=sent.code)
    make.write(drop, "a.csv", sent.content)
    home.harvest()
    make.write(drop, "a.csv", sent.content.replace(b"2025", b"2024"))
    home.harvest()
    make.write(drop, "b.csv", sent.content.replace(b"62", b"63"))
    home.harvest()
    seqs = tuple(one.seq for one in home.snapshots)
    lose(home, *home.snapshots)
    made = replay.rebuild(home.granary, tmp_path / "bengkel")
    assert (len(seqs), made.rebuilt, made.lost) == (3, seqs, ())
