"""Every sentence a person reads exists in Indonesian and English, with the same values in it."""

import ast
import re
from pathlib import Path
from string import Formatter

import pytest

from core import messages

ROOT = Path(__file__).parent.parent
PACKAGES = ("core", "federation", "quality", "catalog", "services", "flows", "graphql/gateway", "node", "hub")


def placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def used_ids() -> dict[str, str]:
    """Literal ids given to `text(...)` or `messages.text(...)`, with the place that uses each."""
    out: dict[str, str] = {}
    for package in PACKAGES:
        for path in (ROOT / package).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if not (isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant)):
                    continue
                name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                value = node.args[0].value
                if name in {"text", "t", "msg"} and isinstance(value, str) and re.fullmatch(r"[a-z]+(\.\w+)+", value):
                    out[value] = f"{path.relative_to(ROOT)}:{node.lineno}"
    return out


def test_both_languages_hold_the_same_sentences() -> None:
    indonesian, english = messages.catalogue("id"), messages.catalogue("en")
    assert set(indonesian) == set(english)
    for key, sentence in indonesian.items():
        assert placeholders(sentence) == placeholders(english[key]), key


def test_no_sentence_is_empty_or_defined_twice() -> None:
    for locale in messages.LOCALES:
        seen: dict[str, Path] = {}
        for path in sorted((ROOT / "core" / "locale" / locale).glob("*.po")):
            for key in re.findall(r'^msgid "(.+)"$', path.read_text(encoding="utf-8"), re.MULTILINE):
                assert key not in seen, f"{key} stands in {seen[key].name} and {path.name}"
                seen[key] = path
        assert all(sentence.strip() for sentence in messages.catalogue(locale).values())


def test_every_id_used_in_code_has_a_sentence() -> None:
    missing = {key: place for key, place in used_ids().items() if key not in messages.catalogue("id")}
    assert not missing


@pytest.mark.parametrize("locale", messages.LOCALES)
def test_a_missing_value_shows_and_does_not_hide_the_sentence(locale: str) -> None:
    assert "?" in messages.text("error.HOME_MISSING.what", locale)
