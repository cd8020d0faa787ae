"""The rows that a node answers with: its files and tables as typed Parquet, one version after the other.

Whatever a source is, its rows are copied into the node's own store as soon as they change, and asked there through
`core.rows` alone. A version is never changed: pages that began in one go on in it. What the rows mean is `typed.py`,
what may be asked of them `schema.py`.
"""

import hashlib
import tempfile
import threading
from collections import OrderedDict
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from pathlib import Path
from time import monotonic

import orjson
import pyarrow as pa
import pyarrow.parquet as pq

from core import cursors
from core.ckan import uuid_of
from core.clock import Clock, utc_now
from core.contract import Contract
from core.duck import Duck
from core.errors import LumbungError
from core.files import sha256_of
from core.rows import Part, Relation
from node.errors import NodeRowsLeftOut, NodeSourceUnfit
from node.folder import shown
from node.offers import Offer
from node.sources import ROW, read_file, read_sql
from node.typed import typed

CACHE = ".lumbung-node-rows"
_VERSIONS = "versions.json"
_FORMAT = "1"  # of the files in the store; another reading of the same source is another file
_KEPT = 4
_ADDED = 10_000
#: A database's table is read again after so many times as long as reading it took.
_REST = 20
VERDICT = "unchecked"


@dataclass(frozen=True)
class Version:
    """A standard's rows as they are, or were: the relation to ask, and another of those that came with it."""

    contract: Contract
    relation: Relation
    added: Relation | None = None


@dataclass(slots=True)
class _Source:
    """One file or table: what it looked like when it was read, and what came of it."""

    state: object = None
    path: Path | None = None
    fetched: datetime | None = None
    seq: int = 0
    problems: tuple[LumbungError, ...] = ()
    due: float = 0.0


@dataclass(slots=True)
class _Standard:
    versions: OrderedDict[int, Version] = field(default_factory=OrderedDict)
    paths: tuple[Path, ...] | None = None

    @property
    def seq(self) -> int:
        """The number of the newest version, 0 before the first."""
        return next(reversed(self.versions), 0)


class Rows:
    """The rows of one folder's offers; safe to ask from many threads.

    Args:
        offers: what `node.toml` names; at least one.
        store: where typed rows are kept; None is a hidden folder beside the files, or a temporary one.
        zone: where moments without a zone are read.
        environ: where the addresses of databases stand.
        refresh_seconds: sources are looked at again when asked after so long.
    """

    def __init__(
        self,
        folder: Path,
        member: str,
        offers: Sequence[Offer],
        *,
        store: Path | None = None,
        zone: str = "WIB",
        environ: Mapping[str, str],
        clock: Clock = utc_now,
        refresh_seconds: float = 2.0,
        ticks: Callable[[], float] = monotonic,
    ) -> None:
        self.folder, self.member, self.offers = folder.resolve(), member, tuple(offers)
        self.contracts = {o.contract.name: o.contract for o in offers}
        self.zone, self._environ, self._clock = zone, environ, clock
        self._refresh, self._ticks = refresh_seconds, ticks
        self.store = _writable(store or self.folder / CACHE)
        self.duck = Duck([self.store], size=2, threads=2, memory="512MB")
        self._lock = threading.Lock()
        self._sources: dict[tuple[int, str], _Source] = {}
        self._standards = {name: _Standard() for name in self.contracts}
        self._remembered: dict[str, list[object]] = self._load()
        self._looked = -1.0

    @property
    def fresh(self) -> bool:
        """Whether the sources were looked at recently enough; never touches the disk."""
        return self._looked >= 0 and self._ticks() - self._looked < self._refresh

    @property
    def ready(self) -> bool:
        """Whether there is something to answer with already."""
        return self._looked >= 0

    @property
    def problems(self) -> tuple[LumbungError, ...]:
        """What could not be used at the last look."""
        return self.problems_of(frozenset(self.contracts))

    def problems_of(self, names: Collection[str]) -> tuple[LumbungError, ...]:
        """What of some standards' sources could not be used at the last look."""
        found = list(self._sources.items())
        return tuple(p for (n, _), s in found if self.offers[n].contract.name in names for p in s.problems)

    def since(self, name: str, seq: int) -> list[Version]:
        """The versions of a standard that came after a number, the oldest first."""
        return [version for number, version in list(self._standards[name].versions.items()) if number > seq]

    def newest(self, name: str) -> Version:
        """A standard's rows as they were at the last look."""
        return next(reversed(self._standards[name].versions.values()))

    def version(self, name: str, after: str | None = None) -> Version:
        """The version that a cursor belongs to; the newest under its number where that one is gone by now."""
        newest = self.newest(name)
        if after is None:
            return newest
        seq = cursors.seq_of(after)
        kept = self._standards[name].versions.get(seq)
        return kept or replace(newest, relation=replace(newest.relation, seq=seq), added=None)

    def look(self, *, again: bool = False) -> None:
        """Read what has changed since the last look; where another thread is at it, what is there is enough."""
        first = self._looked < 0
        if not self._lock.acquire(blocking=first or again):
            return
        try:
            if again or not self.fresh:
                self._look()
                self._looked = self._ticks()
        finally:
            self._lock.release()

    def close(self) -> None:
        """Close the database."""
        self.duck.close()

    # --- what has changed --------------------------------------------------------------------------------

    def _look(self) -> None:
        found: dict[str, list[tuple[str, _Source]]] = {name: [] for name in self.contracts}
        seen: set[tuple[int, str]] = set()
        for number, offer in enumerate(self.offers):
            for key, read in self._members(offer):
                seen.add((number, key))
                source = self._sources.setdefault((number, key), _Source())
                self._update(offer, key, source, read)
                if source.path is not None:
                    found[offer.contract.name].append((key, source))
        for gone in self._sources.keys() - seen:
            del self._sources[gone]
        for name, sources in found.items():
            self._standard(name, sources)
        self._forget()

    def _members(self, offer: Offer) -> list[tuple[str, Path | None]]:
        """The sources of an offer: the files that its pattern means now, or its table."""
        if offer.file is None:
            return [(offer.name, None)]
        paths = sorted(p for p in self.folder.glob(offer.file) if p.is_file() and self._served(p))
        return [(p.relative_to(self.folder).as_posix(), p) for p in paths]

    def _served(self, path: Path) -> bool:
        below = path.relative_to(self.folder).parts
        return all(shown(self.folder.joinpath(*below[: i + 1])) for i in range(len(below)))

    def _update(self, offer: Offer, key: str, source: _Source, path: Path | None) -> None:
        """Read a source again where it has changed; what cannot be read keeps its last rows and says why."""
        try:
            if path is not None:
                stat = path.stat()
                state: object = (stat.st_size, stat.st_mtime_ns)
                if state == source.state:
                    return
                source.state = state
                digest = sha256_of(path)
                self._take(offer, key, source, digest, lambda: read_file(path, offer.mapping.table))
                return
            began = self._ticks()
            if began < source.due:
                return
            table = read_sql(self._environ.get(offer.database or "", ""), offer.mapping.table or "")
            self._take(offer, key, source, _digest(table), lambda: table)
            source.due = self._ticks() + _REST * (self._ticks() - began)
        except LumbungError as error:
            error.values |= {"source": offer.name} | ({"file": key} if path is not None else {})
            source.problems = (error,)
        except (OSError, pa.ArrowException) as error:
            source.state = None  # it may have been in the middle of being replaced
            source.problems = (NodeSourceUnfit(source=offer.name, file=key, detail=type(error).__name__),)

    def _take(self, offer: Offer, key: str, source: _Source, digest: str, read: Callable[[], pa.Table]) -> None:
        contract = offer.contract
        name = hashlib.sha256(
            "\x1f".join((_FORMAT, key, digest, repr(offer.mapping), contract.sha256, self.zone)).encode()
        ).hexdigest()
        path = self.store / f"{name}.parquet"
        if not path.is_file():
            made = typed(read(), contract, offer.mapping, zone=self.zone, year=self._clock().year)
            facts = {"left_out": made.left_out, "unread": made.unread}
            _write(path, made.table, [c.name for c in contract.columns if c.key], facts)
        facts = orjson.loads((pq.read_schema(path).metadata or {}).get(b"lumbung", b"{}"))
        problem = _left_out(offer, key, facts)
        source.problems = (problem,) if problem else ()
        if path != source.path:
            source.path, source.fetched, source.seq = path, self._clock(), 0

    def _standard(self, name: str, sources: list[tuple[str, _Source]]) -> None:
        """A new version of a standard where its files are others than before."""
        standard, contract = self._standards[name], self.contracts[name]
        paths = tuple(source.path for _, source in sources if source.path is not None)
        if paths == standard.paths:
            return
        seq = self._number(name, paths)
        parts = []
        for key, source in sources:
            assert source.path is not None
            assert source.fetched is not None
            source.seq = source.seq or seq
            parts.append(self._part(key, source.path, source.seq, source.fetched))
        relation = Relation(
            name=name,
            columns=tuple((c.name, c.type) for c in contract.columns),
            key=tuple(c.name for c in contract.columns if c.key),
            mode=contract.mode,
            parts=tuple(parts),
            seq=seq,
        )
        before = standard.paths
        came = None if before is None else replace(relation, parts=tuple(self._added(contract, before, relation.parts)))
        standard.versions[seq] = Version(contract, relation, came)
        standard.paths = paths
        while len(standard.versions) > _KEPT:
            standard.versions.popitem(last=False)

    def _part(self, key: str, path: Path, seq: int, fetched: datetime) -> Part:
        return Part(
            path=path,
            snapshot=seq,
            member=self.member,
            source="node",
            dataset=uuid_of("node", "dataset", self.member, key.partition("/")[0]),
            resource=uuid_of("node", "resource", self.member, key),
            fetched_at=fetched,
            verdict=VERDICT,
        )

    def _added(self, contract: Contract, before: Sequence[Path], now: Sequence[Part]) -> Iterator[Part]:
        """The rows whose key no file had before, the latest of each file where they are very many."""
        key = [c.name for c in contract.columns if c.key]
        old = [pq.read_table(path, columns=key).replace_schema_metadata(None) for path in before]
        for part in now:
            if part.path in before:
                continue
            rows = pq.read_table(part.path).replace_schema_metadata(None)
            if old:
                rows = rows.join(pa.concat_tables(old), key, join_type="left anti")
            if len(rows):
                rows = rows.sort_by([(contract.time_column or ROW, "ascending")])
                path = self.store / f"{part.path.stem}-{self._standards[contract.name].seq}.parquet"
                _write(path, rows.slice(max(0, len(rows) - _ADDED)), key, {})
                yield replace(part, path=path)

    # --- the store ---------------------------------------------------------------------------------------

    def _number(self, name: str, paths: Sequence[Path]) -> int:
        """The version's number: the one it had before a restart, else later than any before."""
        mark = hashlib.sha256("\n".join(p.name for p in paths).encode()).hexdigest()
        before = self._remembered.get(name)
        if before is not None and before[1] == mark and not self._standards[name].versions:
            return int(str(before[0]))
        last = int(str(before[0])) if before is not None else 0
        seq = max(last + 1, int(self._clock().timestamp() * 1000))
        self._remembered[name] = [seq, mark]
        half = self.store / f"{_VERSIONS}.half"
        half.write_bytes(orjson.dumps(self._remembered))
        half.replace(self.store / _VERSIONS)
        return seq

    def _load(self) -> dict[str, list[object]]:
        try:
            found = orjson.loads((self.store / _VERSIONS).read_bytes())
            return {str(name): [int(seq), str(mark)] for name, (seq, mark) in found.items()}
        except (OSError, ValueError, TypeError, AttributeError):
            return {}

    def _forget(self) -> None:
        """Delete the files that no version has any more."""
        versions = (v for s in self._standards.values() for v in s.versions.values())
        relations = (r for v in versions for r in (v.relation, v.added) if r is not None)
        needed = {part.path for relation in relations for part in relation.parts}
        needed |= {source.path for source in self._sources.values() if source.path is not None}
        for path in self.store.glob("*.parquet"):
            if path not in needed:
                path.unlink(missing_ok=True)


def _writable(wanted: Path) -> Path:
    """The folder where rows are kept; a temporary one where that cannot be written."""
    try:
        wanted.mkdir(mode=0o700, parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=wanted):
            return wanted.resolve()
    except OSError:
        return Path(tempfile.mkdtemp(prefix="lumbung-node-"))


def _digest(table: pa.Table) -> str:
    sink = hashlib.sha256()
    for batch in table.combine_chunks().to_batches():
        sink.update(batch.serialize())
    return sink.hexdigest()


def _write(path: Path, table: pa.Table, key: Sequence[str], facts: Mapping[str, object]) -> None:
    table = table.sort_by([(name, "ascending") for name in key])
    table = table.replace_schema_metadata({b"lumbung": orjson.dumps(facts)})
    half = path.with_suffix(".half")
    pq.write_table(table, half, row_group_size=8_192, compression="zstd")
    half.replace(path)


def _left_out(offer: Offer, key: str, facts: Mapping[str, object]) -> LumbungError | None:
    if not facts.get("left_out") and not facts.get("unread"):
        return None
    unread = facts.get("unread")
    columns = ", ".join(f"{c}: {n}" for c, n in unread.items()) if isinstance(unread, dict) else ""
    return NodeRowsLeftOut(source=offer.name, file=key, rows=facts.get("left_out"), cells=columns or "0")
