"""Floods are events: what a day without any must say, and what silence is not."""

from core.verdict import Verdict
from tests.services import factories as make
from tests.services.factories import Home
from tests.services.standard_files import flood_report


def test_a_day_without_floods_is_reported_as_nihil_and_takes_no_flood_away(home: Home) -> None:
    sent = flood_report()
    drop = home.drop(sent.mapping, code=sent.code)
    make.write(drop, sent.file, sent.content)
    home.harvest()
    header, _, _ = sent.content.partition(b"\r\n")
    make.write(drop, sent.file, header + b"\r\nNIHIL;;;;;;;;;;;\r\n")
    report = home.harvest()
    assert (report.state, dict(report.holds)) == ("ok", {})
    assert home.checks[-1].verdict == Verdict.PUBLISHED.value
    assert len(home.rows("flood_report")) == sent.published
    make.write(drop, sent.file, header + b"\r\n")
    assert sum(home.harvest().holds.values()) == 1  # silence is no report
