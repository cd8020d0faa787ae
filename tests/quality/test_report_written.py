"""A report on paper: the same bytes for the same report, nothing loaded, nothing run, every sentence in both languages."""

import io
import re
import zipfile
from html.parser import HTMLParser

import openpyxl
import pytest

from core.messages import LOCALES
from quality.report.html import as_html
from quality.report.model import Kind
from quality.report.plain import as_json, digest
from quality.report.words import Words
from quality.report.xlsx import as_xlsx
from quality.score import Cell, Dimension, Measure, Week
from tests.quality.report_factories import HOSTILE, empty, full, item

MARK = "d" * 64


class _Tags(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def tags(document: bytes) -> list[tuple[str, dict[str, str | None]]]:
    parser = _Tags()
    parser.feed(document.decode())
    return parser.found


@pytest.mark.parametrize("locale", LOCALES)
def test_the_same_report_gives_the_same_bytes_in_every_form(locale: str) -> None:
    first, second = full(), full()
    assert as_json(first) == as_json(second)
    assert as_html(first, MARK, locale) == as_html(second, MARK, locale)
    assert as_xlsx(first, MARK, locale) == as_xlsx(second, MARK, locale)


def test_the_workbook_carries_no_time_of_its_making() -> None:
    with zipfile.ZipFile(io.BytesIO(as_xlsx(full(), MARK))) as book:
        assert {entry.date_time for entry in book.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        core = book.read("docProps/core.xml").decode()
    assert set(re.findall(r"T[\d:]+Z", core)) == {"T17:00:00Z"}


@pytest.mark.parametrize("locale", LOCALES)
@pytest.mark.parametrize("report", [empty(), full(), full(items=tuple(item(kind) for kind in Kind))], ids=str)
def test_the_page_needs_nothing_beside_itself(locale: str, report: object) -> None:
    document = as_html(report, MARK, locale)  # type: ignore[arg-type]  # a report, as the ids want an object
    found = tags(document)
    assert not {tag for tag, _ in found} & {"script", "link", "img", "iframe", "object", "form", "base"}
    for _, attributes in found:
        assert not any(name.startswith("on") or name in ("src", "style") for name in attributes)
        assert (attributes.get("href") or "#").startswith("#")
    assert "url(" not in document.decode() and "@import" not in document.decode()
    (policy,) = [a["content"] for _, a in found if a.get("http-equiv") == "Content-Security-Policy"]
    assert policy is not None and policy.startswith("default-src 'none'; style-src 'sha256-")


def test_R11_a_title_with_markup_stays_text() -> None:
    document = as_html(full(HOSTILE), MARK).decode()
    assert "<script" not in document and "&lt;script&gt;" in document


def test_F28_a_title_like_a_formula_is_never_live() -> None:
    book = openpyxl.load_workbook(io.BytesIO(as_xlsx(full(HOSTILE), MARK)))
    cells = [cell for sheet in book for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert any(str(cell.value).startswith("=HYPERLINK") for cell in cells)
    assert {cell.data_type for cell in cells} <= {"s", "n"}


@pytest.mark.parametrize("locale", LOCALES)
def test_no_sentence_is_missing(locale: str) -> None:
    report = full(items=tuple(item(kind, name=kind) for kind in Kind))
    shown = as_html(report, MARK, locale).decode() + "".join(
        str(cell.value)
        for sheet in openpyxl.load_workbook(io.BytesIO(as_xlsx(report, MARK, locale)))
        for row in sheet.iter_rows()
        for cell in row
    )
    assert re.findall(r"\b(?:report|quality|error)\.[a-zA-Z_.]+", shown.replace("report.html", "")) == []


def test_the_numbers_are_the_same_in_all_three_forms() -> None:
    report = full()
    book = openpyxl.load_workbook(io.BytesIO(as_xlsx(report, MARK)))
    numbers = {row[0].value: row[1].value for row in book["Ringkasan"].iter_rows(min_row=2)}
    assert numbers["baris tersaji"] == 12_345
    assert b'"rows": 12345' in as_json(report)
    assert "12.345" in as_html(report, MARK).decode() and "12,345" in as_html(report, MARK, "en").decode()


def test_at_most_ten_decisions_stand_on_page_one_and_the_rest_are_counted() -> None:
    report = full(items=tuple(item(name=str(n)) for n in range(13)))
    document = as_html(report, MARK).decode()
    front = document.split("</section>")[0]
    assert front.count('<li id="held-') == 10 and "Masih ada 3 hal lain" in front


def test_a_share_is_never_rounded_up_to_all_and_unmeasured_is_no_number() -> None:
    words = Words.of(empty(), "id")
    assert words.percent(Measure(9_999, 10_000)) == "99,9%"
    assert words.percent(Measure(10, 10)) == "100%"
    assert words.percent(Measure(0, 0)) == words.percent(None) == "belum diukur"


def test_T08_week_53_has_its_own_days() -> None:
    report = empty(Week(2026, 53))
    assert "28 Desember 2026–3 Januari 2027" in as_html(report, MARK).decode()


def test_an_empty_week_says_so_and_is_whole() -> None:
    document = as_html(empty(), MARK).decode()
    assert "tidak ada panen" in document and document.rstrip().endswith("</html>")


def test_the_digest_is_that_of_the_json_file() -> None:
    document = as_json(full())
    assert digest(document) in as_html(full(), digest(document)).decode()


def test_every_cell_and_dimension_has_a_name() -> None:
    for locale in LOCALES:
        words = Words.of(empty(), locale)
        assert all(words.has(f"report.cell.{cell.value}") for cell in Cell)
        assert all(words.has(f"report.dimension.{one.value}") for one in Dimension)
