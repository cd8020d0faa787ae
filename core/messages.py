"""The message catalogue: every sentence a person reads, Indonesian first, English second.

Sentences live in gettext files `core/locale/LANG/PACKAGE.po` under symbolic ids (`error.CODE.what`,
`cli.harvest.done`), read with Babel; a test holds both languages to the same ids and placeholders.
"""

from contextvars import ContextVar
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any

from babel.messages.pofile import read_po

LOCALES = ("id", "en")
DEFAULT_LOCALE = "id"
_FOLDER = Path(__file__).parent / "locale"
_current: ContextVar[str] = ContextVar("lumbung_locale", default=DEFAULT_LOCALE)


class _Shown(Formatter):
    """Formats named values; a value that was not given shows as `?` rather than hiding the sentence.

    `{name:list}` shows what people call the value, by the message `list.VALUE`; the value itself where it has none.
    """

    def __init__(self, locale: str) -> None:
        self.locale = locale

    def format_field(self, value: Any, format_spec: str) -> str:
        if format_spec != "list":
            return str(super().format_field(value, format_spec))
        name = f"{format_spec}.{value}"
        return next((c[name] for c in map(catalogue, (self.locale, DEFAULT_LOCALE)) if name in c), str(value))

    def get_value(self, key: int | str, args: Any, kwargs: Any) -> Any:
        return kwargs.get(key, "?") if isinstance(key, str) else "?"


@cache
def catalogue(locale: str) -> dict[str, str]:
    """All sentences of one language, id to text."""
    out: dict[str, str] = {}
    for path in sorted((_FOLDER / locale).glob("*.po")):
        with path.open("rb") as f:
            for message in read_po(f, locale=locale):
                if isinstance(message.id, str) and message.id and isinstance(message.string, str):
                    out[message.id] = message.string
    return out


def use_locale(locale: str) -> None:
    """Choose the language of this context; an unknown one falls back to Indonesian."""
    _current.set(locale if locale in LOCALES else DEFAULT_LOCALE)


def locale() -> str:
    """The language of this context."""
    return _current.get()


def text(message_id: str, locale: str | None = None, /, **values: object) -> str:
    """The sentence for an id with its `{named}` values filled in; the id itself where no language has it."""
    chosen = locale or _current.get()
    template = catalogue(chosen).get(message_id) or catalogue(DEFAULT_LOCALE).get(message_id)
    return message_id if template is None else _Shown(chosen).vformat(template, (), values)
