"""Makes a week's report, writes it down as HTML, XLSX and JSON, and puts it on record."""

from dataclasses import dataclass
from pathlib import Path

from catalog.resolutions import Issued
from core.ids import new_id
from core.storage_errors import storage_errors
from quality.report.html import as_html
from quality.report.model import Report
from quality.report.plain import as_json, digest
from quality.report.xlsx import as_xlsx
from quality.score import Week
from services.granary import Granary
from services.review.issuing import issue
from services.review.weekly import weekly

_STEM = {"id": "laporan", "en": "report"}


@dataclass(frozen=True, slots=True)
class Written:
    """A report, its files, and the edition that is on record."""

    report: Report
    issued: Issued
    html: Path
    xlsx: Path
    json: Path


def write_report(
    granary: Granary, week: Week | None = None, *, folder: Path | None = None, locale: str = "id"
) -> Written:
    """Make a week's report and write its files; the same catalogue and week give the same bytes and the same edition.

    Args:
        week: see `weekly`.
        folder: where the files go; `HOME/reports/WEEK` unless given.
    """
    report = weekly(granary, week)
    document = as_json(report)
    mark = digest(document)
    target = folder or granary.settings.folder("reports") / str(report.week)
    stem = f"{_STEM.get(locale, 'laporan')}-{report.week}"
    files = {
        "html": as_html(report, mark, locale),
        "xlsx": as_xlsx(report, mark, locale),
        "json": document,
    }
    paths: dict[str, Path] = {}
    with storage_errors(target):
        target.mkdir(parents=True, exist_ok=True)
        for kind, content in files.items():
            paths[kind] = target / f"{stem}.{kind}"
            half = target / f".{new_id()}"
            half.write_bytes(content)
            half.replace(paths[kind])  # nobody ever opens half a report
    return Written(report, issue(granary, report, mark), **paths)
