"""Every question that a page of the documentation shows can be asked as it stands there."""

import re
from pathlib import Path

import pytest

from tests.gateway.factories import Province

PAGES = sorted((Path(__file__).parents[2] / "docs").glob("*.md"))
QUESTIONS = [
    pytest.param(question, id=f"{page.stem}-{number}")
    for page in PAGES
    for number, question in enumerate(re.findall(r"```graphql\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL))
]


@pytest.mark.parametrize("question", QUESTIONS)
async def test_the_question_is_answered(province: Province, question: str) -> None:
    assert await province.data(question.replace("2026-11-16", "2026-02-01"))  # the seeded province ends in March


def test_the_pages_show_questions() -> None:
    assert len(QUESTIONS) >= 3
