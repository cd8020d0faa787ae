"""The weekly review as Prefect runs it: on Monday morning the report of the week that has ended, in both languages."""

from pathlib import Path
from typing import Any

from prefect import flow
from prefect.artifacts import create_table_artifact

from core.messages import LOCALES
from flows.harvest import artifact_key
from quality.report.words import Words
from services.intake.opened import opened
from services.review.documents import Written, write_report


@flow(name="weekly-report", log_prints=False)
def write_weekly_report(home: str) -> str:
    """Write and issue the report of the last week that has ended; its week. Running it again changes nothing."""
    granary = opened(Path(home)).granary
    made, *_ = [write_report(granary, locale=locale) for locale in LOCALES]
    week = str(made.report.week)
    create_table_artifact(_rows(made), key=artifact_key("report", week), description=week)
    return week


def _rows(made: Written) -> list[dict[str, Any]]:
    """What stands on page one."""
    words = Words.of(made.report, LOCALES[0])
    return [
        {"id": item.id, "member": words.member(item.member), "decision": words.asks(item)}
        for item in made.report.decisions
    ] or [{"id": "-", "member": "-", "decision": words.say("report.decisions.none")}]
