"""Typed errors: a stable code, the values that name the place, and sentences from the message catalogue.

A package declares its own errors beside its interface (`federation/errors.py`, `quality/errors.py`, ...);
this module leaves to them what went wrong and keeps only the shape. Each code has a page `docs/errors/CODE.md`
and the messages `error.CODE.what` and `error.CODE.fix` in every language.
"""

from collections.abc import Iterator
from typing import ClassVar

from core import messages


class LumbungError(Exception):
    """Something a person can act on: `code`, `values` (source, dataset, file, sheet, cell ...), what, and fix.

    Args:
        values: named facts, shown in the sentences and kept for machines; secrets never belong here.
    """

    code: ClassVar[str] = "INTERNAL"
    http_status: ClassVar[int] = 500
    #: True where trying the same thing again later may succeed without anybody changing anything.
    transient: ClassVar[bool] = False

    def __init__(self, **values: object) -> None:
        super().__init__(values)
        self.values = values

    def __reduce__(self) -> tuple[object, ...]:
        """Survives the way between processes with its values."""
        return _rebuilt, (type(self), self.values)

    def what(self, locale: str | None = None) -> str:
        """What happened and where, as one sentence in the given language."""
        return messages.text(f"error.{self.code}.what", locale, **self.values)

    def fix(self, locale: str | None = None) -> str:
        """What to do about it, as one sentence in the given language."""
        return messages.text(f"error.{self.code}.fix", locale, **self.values)

    def as_dict(self, locale: str | None = None) -> dict[str, object]:
        """The machine form: code, values as text, what, fix, page."""
        return {
            "code": self.code,
            "what": self.what(locale),
            "fix": self.fix(locale),
            "page": f"docs/errors/{self.code}.md",
            "values": {
                k: v if isinstance(v, int | float | bool) or v is None else str(v) for k, v in self.values.items()
            },
        }

    def __str__(self) -> str:
        return f"[{self.code}] {self.what()} {self.fix()}"


def _rebuilt(cls: type[LumbungError], values: dict[str, object]) -> LumbungError:
    return cls(**values)


def all_errors() -> Iterator[type[LumbungError]]:
    """Every error class that has been imported, for the test that wants a page and sentences for each."""
    todo = [LumbungError]
    while todo:
        cls = todo.pop()
        yield cls
        todo.extend(cls.__subclasses__())


class SettingsInvalid(LumbungError):
    """A setting has a value the system cannot use."""

    code = "SETTINGS_INVALID"
    http_status = 422


class HomeMissing(LumbungError):
    """The home folder has not been made yet."""

    code = "HOME_MISSING"
    http_status = 404


class ContractInvalid(LumbungError):
    """A contract file is not ODCS, or lacks something a data standard must have."""

    code = "CONTRACT_INVALID"
    http_status = 422


class ContractRuleUnknown(LumbungError):
    """A contract holds a quality rule that the gate cannot evaluate."""

    code = "CONTRACT_RULE_UNKNOWN"
    http_status = 422


class FactorInvalid(LumbungError):
    """A mapping's unit factor is not a positive decimal that can be computed exactly."""

    code = "FACTOR_INVALID"
    http_status = 422
