"""Building returns: for every file with something wrong one workbook in its own layout, for the member's own steward.

What goes back is `gather.py`'s, what is said of it `faults.py`'s and `summary.py`'s. A workbook is read again before it
is handed out: what a steward changes in it, and nothing else, is what the next check sees changed.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory

from catalog import return_acts, returns
from catalog.writing import reading
from core.access import Actor, Role
from core.errors import LumbungError
from core.reference import fold
from core.table import TextTable
from federation.member import Member
from federation.readers import ReadLimits, read
from services.granary import Granary
from services.intake.choose import mapped_table
from services.intake.take_in import read_limits
from services.returns import layout, summary
from services.returns.errors import ReturnRefused, ReturnUnreadable
from services.returns.faults import Guide
from services.returns.follow import follow, policy
from services.returns.gather import Returned, WrongRow, gather, wrong_rows
from services.returns.layout import Page
from services.returns.summary import Facts
from services.returns.workbook import MOST_COMMENTS, Line, Mark, write

FOLDER = "returns"
SHEET = "Ringkasan"
_ISO = re.compile(r"\d{4}-\d\d")  # times that sort as they are written; newest first is turned around
_MOST_MARKED = 60_000  # returned rows that are marked; a table of so many is repaired at its source


@dataclass(frozen=True, slots=True)
class Built:
    """One workbook that was written.

    Attributes:
        reasons: rule, or code of a hold, to how many rows (a hold counts one).
        rows: returned rows; of a held delivery those that are marked.
        part: it holds only some rows of a large table.
        faithful: read again it gave exactly the tables that were delivered.
    """

    path: Path
    member: str
    dataset: str
    title: str
    resource: str
    table: str
    file: str
    case: str
    held: bool
    rows: int
    reasons: dict[str, int]
    part: bool
    faithful: bool
    due: date


@dataclass(slots=True)
class Report:
    """What a build made, and what could not be sent back."""

    built: list[Built] = field(default_factory=list)
    failed: list[LumbungError] = field(default_factory=list)


def may_have(actor: Actor, member: str) -> bool:
    """Whether a return may be handed to somebody: the member's own people, and whoever runs the machine for them."""
    own = actor.member == member and bool(actor.roles & {Role.STEWARD, Role.PRODUCER})
    return own or Role.ADMIN in actor.roles


def build(
    granary: Granary,
    member: str,
    *,
    actor: Actor,
    out: Path | None = None,
    datasets: Collection[str] = (),
) -> Report:
    """Write a workbook for every table of a member that goes back, and put on record that it does.

    One that fails is reported and stops no other. The same findings give the same bytes and the same day again.

    Args:
        out: the folder to write to, `HOME/returns/MEMBER` where None.
        datasets: beginnings of ids, or names, of the only datasets that are wanted.

    Raises:
        MemberUnknown: no such member. ReturnRefused: it is not the actor's.
    """
    chosen = granary.registry.member(member)
    if not may_have(actor, member):
        raise ReturnRefused(member=member, actor=actor.name)
    folder = out if out is not None else granary.settings.folder(FOLDER) / member
    folder.mkdir(parents=True, exist_ok=True)
    report = Report()
    follow(granary)
    chosen_policy, now = policy(granary), granary.clock()
    with reading(granary.sessions) as session:
        wanted = [
            (one, case, return_acts.due_of(case, chosen_policy, now))
            for one in gather(session, granary, member, datasets=datasets)
            if (case := returns.case_of(session, one.resource.id, one.found.table)) is not None
        ]
    for one, case, due in wanted:
        try:
            report.built.append(_Building(granary, one, chosen, case.number, due).write(folder))
            through = " → ".join(dict.fromkeys([chosen.name, summary.producer_of(one, chosen) or chosen.name]))
            return_acts.returned(
                granary.sessions, case.id, one.found.sha256, due=due, actor=actor, through=through, now=granary.clock()
            )
        except LumbungError as error:
            error.values.setdefault("dataset", one.dataset.title)
            error.values.setdefault("file", one.resource.name)
            report.failed.append(error)
    return report


class _Building:
    """One workbook on its way."""

    def __init__(self, granary: Granary, one: Returned, member: Member, case: str, due: date) -> None:
        self.granary, self.one, self.member, self.case, self.due = granary, one, member, case, due
        self.limits: ReadLimits = read_limits(granary)
        self.first: dict[str, tuple[str, str]] = {}
        self.doubted: list[tuple[int, str, str]] = []

    def write(self, folder: Path) -> Built:
        """The workbook in a folder, under a name of the server's own making (F32), for its owner's eyes (0600)."""
        one = self.one
        path = self.granary.landing.open(one.found.sha256)
        result = read(path, one.resource.name, mime=one.resource.mime, limits=self.limits)
        tables = list(result.tables)
        judged = self._judged(tables)
        wrong = self._wrong()
        pages, faithful, content = self._faithful(path, result.kind, tables, judged, wrong)
        file = folder / self._name()
        file.unlink(missing_ok=True)
        file.touch(mode=0o600)
        file.write_bytes(content)
        reasons = dict(one.found.reasons)
        return Built(
            path=file, member=self.member.code, dataset=one.dataset.id, title=one.dataset.title,
            resource=one.resource.id, table=one.found.table, file=one.resource.name, case=self.case,
            held=one.found.held, rows=one.batch.rows if one.batch is not None else 0, reasons=reasons,
            part=any(p.part for p in pages), faithful=faithful, due=self.due,
        )  # fmt: skip

    def _name(self) -> str:
        one = self.one
        slug = re.sub(r"[^a-z0-9]+", "-", fold(f"{one.dataset.name} {one.found.table}")).strip("-")[:60] or "data"
        return f"{self.member.code}_{slug}_{one.resource.id[:8]}.xlsx"

    def _judged(self, tables: Sequence[TextTable]) -> TextTable | None:
        """The table of the file that was judged."""
        if self.one.found.table:
            return next((t for t in tables if t.name == self.one.found.table), None)
        if self.one.mapping is not None:
            return mapped_table(tables, self.one.mapping)
        return tables[0] if tables else None

    def _wrong(self) -> list[WrongRow]:
        rows: list[WrongRow] = []
        for row in wrong_rows(self.granary, self.one.batch):
            for reason in row.reasons:
                self.first.setdefault(reason["rule"], (reason["message"] or "", reason["column"] or ""))
            if row.doubtful:
                self.doubted.append((row.row, row.marks, " ".join(str(r["message"]) for r in row.reasons)))
            if len(rows) < _MOST_MARKED:
                rows.append(row)
        return rows

    def _faithful(
        self, path: Path, kind: str, tables: list[TextTable], judged: TextTable | None, wrong: Sequence[WrongRow]
    ) -> tuple[list[Page], bool, bytes]:
        """The first of three layouts that is read again as what was delivered; the plainest where none is."""
        wanted = {judged.name: [row.row for row in wrong]} if judged is not None else {}
        pages: list[Page] = []
        content = b""
        for made in self._layouts(path, kind, tables, wanted):
            pages = made
            content = self._content(pages, judged, wrong)
            again = self._read_again(content)
            part = any(page.part for page in pages)
            if layout.same_headers(tables, again) if part else layout.same_tables(tables, again):
                return pages, True, content
        if not pages:
            raise ReturnUnreadable(sha256=self.one.found.sha256[:12])
        return pages, False, content

    def _layouts(
        self, path: Path, kind: str, tables: list[TextTable], wanted: Mapping[str, Sequence[int]]
    ) -> Iterator[list[Page]]:
        own = layout.own_pages(path, kind, tables, self.limits)
        if own is not None:
            yield own
        yield layout.read_pages(tables, wanted)
        yield layout.read_pages(tables, wanted, bare=True)

    def _read_again(self, content: bytes) -> Sequence[TextTable]:
        with TemporaryDirectory(dir=self.granary.staging) as folder:
            file = Path(folder) / "kembali.xlsx"
            file.write_bytes(content)
            return read(file, "kembali.xlsx", limits=self.limits).tables

    def _content(self, pages: Sequence[Page], judged: TextTable | None, wrong: Sequence[WrongRow]) -> bytes:
        marks = _Marks(pages, judged)
        period: tuple[str, str] | None = None
        if judged is not None:
            guide = Guide(
                judged, self.one.contract, self.one.mapping, self.granary.references, self.member.regions,
                frozenset(row.row for row in wrong), marks.shown,
            )  # fmt: skip
            for fault in guide.faults(wrong):
                marks.add(fault.row, fault.header, fault.text)
            self._holds(marks, guide)
            period = self._period(guide)
        texts = marks.joined()
        facts = Facts(
            case=self.case, due=self.due, first=self.first,
            rows=marks.rows, part=any(page.part for page in pages), period=period,
            uncommented=max(0, len(texts) - MOST_COMMENTS),
            doubted=[(marks.shown.get(row, row), mark, said) for row, mark, said in self.doubted],
            tables={p.name: name for p in pages if len(p.columns) == 1 for name in p.columns if name != p.name},
            sheet=marks.page.name if marks.page is not None and len(pages) > 1 else "",
        )  # fmt: skip
        lines: list[Line] = summary.summary(self.granary, self.one, self.member, facts)
        return write(pages, texts, lines, title=SHEET, at=self.one.checked_at)

    def _holds(self, marks: "_Marks", guide: Guide) -> None:
        """What holds a delivery because of one column stands at that column's header."""
        for why in self.one.found.whys:
            named = str(why.values.get("column", ""))  # the standard's column, or the file's own where none applies
            header = guide.headers.get(named, named)
            if header:
                marks.header(header, f"{why.text('id')}\n{summary.hold_advice(why)}")

    def _period(self, guide: Guide) -> tuple[str, str] | None:
        contract = self.one.contract
        header = guide.headers.get(contract.time_column or "") if contract is not None else None
        if header is None:
            return None
        numbers = guide.table.row_numbers.to_pylist()
        cells = zip(guide.table.data[header].to_pylist(), numbers, strict=True)
        sound = [cell for cell, row in cells if cell and row not in guide.wrong]
        if not sound:
            return None
        ends = (sound[0], sound[-1])
        return ends if not all(_ISO.match(cell) for cell in ends) else (min(ends), max(ends))


class _Marks:
    """Marked cells of the pages, by the judged table's rows and columns; several things at one cell stand together."""

    def __init__(self, pages: Sequence[Page], judged: TextTable | None) -> None:
        name = judged.name if judged is not None else ""
        self.number = next((i for i, page in enumerate(pages) if name in page.columns), None)
        self.page = pages[self.number] if self.number is not None else None
        self.columns = self.page.columns[name] if self.page is not None else {}
        self.found: dict[tuple[int, int], tuple[list[str], bool]] = {}
        numbers = judged.row_numbers.to_pylist() if judged is not None and self.page is not None else []
        lines = [self.page.at[n] for n in numbers if n in self.page.at] if self.page is not None else []
        self.rows, self.top = len(lines), min(lines, default=1)

    @property
    def shown(self) -> dict[int, int]:
        """Source row to row of the workbook, both from 1."""
        return {row: line + 1 for row, line in self.page.at.items()} if self.page is not None else {}

    def add(self, row: int, header: str | None, text: str) -> None:
        """Mark a cell of a source row, or the first of the row; rows beyond those of the page are left out."""
        if self.page is None or (line := self.page.at.get(row)) is None:
            return
        whole = header is None or header not in self.columns
        column = min(self.columns.values(), default=0) if whole else self.columns[header or ""]
        self._put(line, column, text, whole=whole)

    def header(self, header: str, text: str) -> None:
        """Mark a column's header."""
        if self.page is not None and header in self.columns:
            self._put(max(0, self.top - 1), self.columns[header], text, whole=False)

    def _put(self, line: int, column: int, text: str, *, whole: bool) -> None:
        for top, left, bottom, right in self.page.merges if self.page is not None else ():
            if top <= line + 1 <= bottom and left <= column <= right:
                line, column = top - 1, left  # what stands in a merged range stands in its first cell
        texts, rowwise = self.found.get((line, column), ([], True))
        if text not in texts:
            texts.append(text)
        self.found[line, column] = (texts, rowwise and whole)

    def joined(self) -> dict[tuple[int, int, int], Mark]:
        """The marks by page, line and column."""
        number = self.number or 0
        return {
            (number, line, column): Mark("\n\n".join(texts), whole)
            for (line, column), (texts, whole) in sorted(self.found.items())
        }
