"""Making ready what a commit will record: identities, differences and files, outside any transaction.

The tables of one contract are prepared together and share a file (`catalog/packing.py`); a table of text has a file of
its own (`catalog/tables.py`).
"""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from catalog import row_files
from catalog.digest import SCHEME
from catalog.drafts import Draft
from catalog.entry import Entry
from catalog.errors import ResourceUnknown, SnapshotDamaged, SnapshotMissing
from catalog.models import Dataset, Resource, Snapshot, Stream
from catalog.packing import NOW, Packing, Written
from catalog.row_files import Active, Standard
from catalog.store import SnapshotStore, Stored
from catalog.tables import Difference, Shape, Workbench
from catalog.writing import batched
from core.contract import ColumnType, Contract, Mode
from core.ids import derived_id


@dataclass(frozen=True, slots=True)
class Head:
    """Where a stream stood when a commit was prepared, and the file of its newest snapshot."""

    seq: int = 0
    identity: str = ""
    live_rows: int = 0
    file: str = ""
    member: str | None = None  # as the rows of the stream name it
    left: bool = False  # its table went on under another standard, or none, and comes back now


@dataclass(frozen=True, slots=True)
class Place:
    """The dataset that a resource belongs to."""

    dataset: str
    source: str
    member: str


@dataclass(frozen=True, slots=True)
class Known:
    """What preparing needs of the catalogue, read in one transaction."""

    heads: Mapping[str, Head]
    places: Mapping[str, Place]
    files: Mapping[Standard, Sequence[Active]]


@dataclass(frozen=True, slots=True)
class Again:
    """What was decided when snapshots were first made, for making their file a second time.

    Attributes:
        seq: the commit that they were compared with.
        offsets: of each stream the place of its snapshot among the commit's.
        removing: the streams in which rows were removed.
        identities: of each stream; where a draft's is another, no file is written.
    """

    seq: int
    offsets: Mapping[str, int]
    removing: frozenset[str]
    identities: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Prepared:
    """A draft with what it will change; `file` is there where it makes a snapshot."""

    draft: Draft
    stream: str
    head: Head
    rows: int = 0
    identity: str = ""
    file: Stored | None = None
    share: int = 0  # of the file's bytes
    difference: Difference = Difference(0, 0, 0)  # noqa: RUF009  # it is frozen
    live_rows: int = 0
    member: str = ""


@dataclass(frozen=True, slots=True)
class Pack:
    """A file that holds the rows of several of a commit's snapshots, by their places among them."""

    standard: Standard
    shape: Shape
    file: Stored
    written: Written
    offsets: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Round:
    """Everything that one commit will record."""

    prepared: tuple[Prepared, ...]
    packs: tuple[Pack, ...]


def shape_of(contract: Contract | None, columns: Sequence[str]) -> Shape:
    """The columns, key, time and mode of a table; without a contract every column is text and each file replaces."""
    if contract is None:
        return Shape(tuple((name, ColumnType.TEXT) for name in columns), (), Mode.REPLACE)
    mode = contract.mode if contract.key else Mode.REPLACE
    return Shape(tuple((c.name, c.type) for c in contract.columns), contract.key, mode, contract.time_column)


def stream_id(resource_id: str, table: str, contract: Contract | None) -> str:
    """The id of the succession of snapshots that a draft continues."""
    standard = (contract.name, str(contract.major)) if contract else ("", "0")
    return derived_id("stream", resource_id, table, *standard)


def known(session: Session, drafts: Sequence[Draft], streams: Sequence[str]) -> Known:
    """What the catalogue has of some drafts' streams, resources and contracts."""
    heads: dict[str, Head] = {}
    for some in batched(streams):
        query = (
            select(
                *(Stream.id, Stream.head_seq, Stream.identity, Stream.live_rows, Stream.member),
                *(Snapshot.content_sha256, Stream.superseded_seq),
            )
            .join(Snapshot, Snapshot.seq == Stream.head_seq)
            .where(Stream.id.in_(some))
        )
        for id_, seq, identity, live, member, file, superseded in session.execute(query):
            heads[id_] = Head(seq, identity, live, file, member, superseded is not None)
    standards = {(d.contract.name, d.contract.major) for d in drafts if d.contract is not None}
    return Known(heads, places(session, drafts), {s: row_files.active(session, s, NOW) for s in standards})


def places(session: Session, drafts: Sequence[Draft]) -> dict[str, Place]:
    """The datasets that some drafts' resources belong to; `ResourceUnknown` where there is none."""
    found: dict[str, Place] = {}
    for some in batched({d.resource_id for d in drafts}):
        query = (
            select(Resource.id, Dataset.id, Dataset.source, Dataset.member)
            .join(Dataset, Dataset.id == Resource.dataset_id)
            .where(Resource.id.in_(some))
        )
        found |= {id_: Place(dataset, source, member) for id_, dataset, source, member in session.execute(query)}
    if unknown := {d.resource_id for d in drafts} - found.keys():
        raise ResourceUnknown(resource=min(unknown))
    return found


def prepare(
    store: SnapshotStore, drafts: Sequence[Draft], streams: Sequence[str], known: Known, again: Again | None = None
) -> Round:
    """Compare the drafts with what is known and write the files of those that make a snapshot."""
    prepared = [
        Prepared(d, s, head := known.heads.get(s, Head()), live_rows=head.live_rows)
        for d, s in zip(drafts, streams, strict=True)
    ]
    texts = [i for i, d in enumerate(drafts) if not d.held and d.contract is None]
    with ExitStack() as stack:
        groups = [
            stack.enter_context(_Group.begun(store, known, prepared, members, again))
            for members in _by_contract(drafts)
        ]
        if texts:
            with Workbench(store.folder) as bench:
                for i in texts:
                    prepared[i] = _text(bench, store, prepared[i], again)
        if again and any(again.identities[p.stream] != p.identity for p in prepared):
            return Round(tuple(prepared), ())
        fresh = {*(i for i in texts if prepared[i].file is not None), *(i for g in groups for i in g.changed)}
        offsets = {i: again.offsets[streams[i]] if again else n for n, i in enumerate(sorted(fresh))}
        packs = [g.finish(offsets) for g in groups if g.changed]
    return Round(tuple(prepared), tuple(packs))


def _by_contract(drafts: Sequence[Draft]) -> list[list[int]]:
    groups: dict[tuple[str, str, str], list[int]] = {}
    for i, draft in enumerate(drafts):
        if not draft.held and draft.contract is not None:
            standard = (draft.contract.name, draft.contract.version, draft.contract.sha256)
            groups.setdefault(standard, []).append(i)
    return list(groups.values())


def mark_of(prepared: Sequence[tuple[str, int]]) -> str:
    """What tells a file from every other: the streams it continues and the snapshots it continues them from."""
    text = "\n".join(f"{stream}/{before}" for stream, before in prepared)
    return text if len(prepared) == 1 else hashlib.sha256(text.encode()).hexdigest()


def _text(bench: Workbench, store: SnapshotStore, same: Prepared, again: Again | None) -> Prepared:
    """A table without a contract: every delivery that differs replaces the one before."""
    draft, head = same.draft, same.head
    assert draft.rows is not None
    shape = shape_of(None, draft.columns)
    rows = bench.load(draft.rows, shape, resource=draft.resource_id, table=draft.table)
    identity = bench.identity(shape, None, None, None)
    same = replace(same, rows=rows, identity=identity)
    if (head.identity == identity and not head.left) or (again and again.identities[same.stream] != identity):
        return same
    difference = Difference(rows, 0, head.live_rows)  # where the file before is damaged, only the counts suffer
    with suppress(SnapshotMissing, SnapshotDamaged):
        difference = bench.compare(shape, store.verify(head.file) if head.seq else None)
    with store.draft() as path:
        bench.write(shape, path, mark=mark_of([(same.stream, head.seq)]))
        file = store.put(path, consume=True)
    return replace(same, file=file, share=file.size, difference=difference, live_rows=rows)


class _Group:
    """The drafts of one contract version in a commit, from their rows to their file."""

    def __init__(
        self,
        store: SnapshotStore,
        bench: Packing,
        prepared: list[Prepared],
        members: Sequence[int],
        again: Again | None,
    ) -> None:
        self._store, self._bench, self._prepared, self._members = store, bench, prepared, members
        self._again = again
        contract = prepared[members[0]].draft.contract
        assert contract is not None
        self._contract = contract
        self._shape = shape_of(contract, ())
        self._standard: Standard = (contract.name, contract.major)
        self.changed: list[int] = []

    @classmethod
    @contextmanager
    def begun(
        cls, store: SnapshotStore, known: Known, prepared: list[Prepared], members: Sequence[int], again: Again | None
    ) -> Iterator["_Group"]:
        """The group with its rows read in and compared."""
        with Packing(store.folder) as bench:
            group = cls(store, bench, prepared, members, again)
            group._compare(known)
            yield group

    def _compare(self, known: Known) -> None:
        shape, contract, bench = self._shape, self._contract, self._bench
        counts = bench.load_all([self._entry(i, known) for i in self._members], shape)
        identities = self._identities(contract.name, contract.version, contract.sha256)
        todo: list[int] = []
        for n, i in enumerate(self._members):
            p = self._prepared[i]
            self._prepared[i] = replace(p, rows=counts[n], identity=identities[n])
            nothing = p.head.seq and p.draft.closing is not None and not p.draft.closing.windows
            if (p.head.identity != identities[n] or p.head.left) and not nothing:
                todo.append(n)
        if not todo:
            return
        differences = self._differences(todo, known)
        for n in todo:
            i, difference = self._members[n], differences[n]
            p = self._prepared[i]
            if shape.mode is Mode.UPSERT:
                if p.head.seq and difference.empty and not p.head.left:
                    continue
                live = p.head.live_rows + difference.added - difference.removed
            else:
                live = p.rows
            self._prepared[i] = replace(p, difference=difference, live_rows=live)
            self.changed.append(i)

    def _identities(self, *standard: str | None) -> Sequence[str]:
        """The tables' identities; one that is as it was before keeps the identity that it had then (docs/adr/0009)."""
        new = self._bench.identities(*standard)
        kept = [self._kept(self._prepared[i]) for i in self._members]
        if all(not k or k.startswith(SCHEME) for k in kept):
            return new
        first = self._bench.first_identities(*standard)
        return [k if k == f else n for k, f, n in zip(kept, first, new, strict=True)]

    def _kept(self, p: Prepared) -> str:
        return self._again.identities[p.stream] if self._again else p.head.identity

    def _entry(self, i: int, known: Known) -> Entry:
        p = self._prepared[i]
        draft, place = p.draft, known.places[p.draft.resource_id]
        assert draft.rows is not None
        member = p.head.member or place.member
        self._prepared[i] = replace(p, member=member)
        return Entry(
            rows=draft.rows,
            stream=p.stream,
            before=p.head.seq,
            resource=draft.resource_id,
            dataset=place.dataset,
            source=place.source,
            member=member,
            fetched_at=draft.fetched_at,
            verdict=draft.verdict.value,
            # a row that was returned, or cut off, has not been removed at the source, and its key may be unreadable
            may_remove=p.stream in self._again.removing
            if self._again
            else draft.quarantine is None and not draft.partial,
            windows=draft.closing.windows if draft.closing is not None else None,
            place={"resource": draft.resource_id, "table": draft.table},
        )

    def _differences(self, todo: Sequence[int], known: Known) -> Mapping[int, Difference]:
        if not any(self._prepared[self._members[n]].head.seq for n in todo):
            return self._bench.nothing_before(todo)
        span = self._bench.span(todo)
        needed = [f for f in known.files[self._standard] if f.reaches(span)]
        try:
            seq = self._again.seq if self._again else NOW
            return self._bench.compare_all(todo, row_files.packed(self._store, needed, self._shape), span, seq)
        except (SnapshotMissing, SnapshotDamaged):
            if self._shape.mode is Mode.UPSERT:
                raise
            found = self._bench.nothing_before(todo)  # a whole new table heals a damaged one; only the counts suffer
            heads = {n: self._prepared[self._members[n]].head for n in todo}
            return {n: Difference(d.added, 0, heads[n].live_rows) for n, d in found.items()}

    def finish(self, offsets: Mapping[int, int]) -> Pack:
        """Write the rows of the drafts that make snapshots, in one file."""
        own = {n: offsets[i] for n, i in enumerate(self._members) if i in set(self.changed)}
        mark = mark_of([(self._prepared[i].stream, self._prepared[i].head.seq) for i in sorted(self.changed)])
        with self._store.draft() as path:
            written = self._bench.write_all(own, path, mark=mark)
            file = self._store.put(path, consume=True)
        for i in self.changed:
            self._prepared[i] = replace(self._prepared[i], file=file, share=file.size // len(self.changed))
        return Pack(self._standard, self._shape, file, written, tuple(sorted(own.values())))
