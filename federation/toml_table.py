"""Typed access to one TOML table, where every refusal names the file and the key."""

from collections.abc import Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import TypeVar

from federation.member_errors import MemberKeyMissing, MemberKeyUnknown, MemberValueInvalid

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Table:
    """One table of a file; `place` is its dotted path from the top, with list positions counted from 1."""

    file: Path
    place: str
    data: Mapping[str, object]

    def key(self, name: str) -> str:
        """The full name of one of its keys, as errors show it."""
        return f"{self.place}.{name}" if self.place else name

    def refuse(self, name: str, value: object, expected: str) -> MemberValueInvalid:
        """The error for a value that cannot be used; `expected` is an example or the possible values."""
        return MemberValueInvalid(file=self.file, key=self.key(name), value=value, expected=expected)

    def only(self, *names: str) -> None:
        """Refuse keys that are not among these, naming the nearest one that is."""
        for name in self.data:
            if name not in names:
                near = get_close_matches(name, names, n=1)
                raise MemberKeyUnknown(file=self.file, key=self.key(name), near=near[0] if near else " | ".join(names))

    def absent(self, name: str, instead: str) -> None:
        """Refuse a key that belongs to another kind of entry."""
        if name in self.data:
            raise MemberKeyUnknown(file=self.file, key=self.key(name), near=instead)

    def get(self, name: str) -> object:
        """The value of a key that must be there."""
        if name not in self.data:
            raise MemberKeyMissing(file=self.file, key=self.key(name))
        return self.data[name]

    def text(self, name: str) -> str:
        """A text that must be there and not be empty."""
        value = self.get(name)
        if not isinstance(value, str) or not value.strip():
            raise self.refuse(name, value, '"..."')
        return value

    def maybe(self, name: str) -> str | None:
        """A text that may be missing but, where it is given, is not empty."""
        return self.text(name) if name in self.data else None

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts that must be there."""
        value = self.get(name)
        if not isinstance(value, list) or not all(isinstance(v, str) and v for v in value):
            raise self.refuse(name, value, '["...", "..."]')
        return tuple(str(v) for v in value)

    def strings(self, name: str) -> dict[str, str]:
        """A table of texts, empty where it is missing."""
        value = self.data.get(name, {})
        if not isinstance(value, dict):
            raise self.refuse(name, value, '{kolom = "..."}')
        for key, text in value.items():
            if not isinstance(text, str):
                raise self.refuse(f"{name}.{key}", text, '"..."')
        return dict(value)

    def whole(self, name: str, default: int, *, least: int = 0, most: int = 2**53) -> int:
        """A whole number between the two, the default where the key is missing."""
        value = self.data.get(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or not least <= value <= most:
            raise self.refuse(name, value, f"{least} … {most}")
        return value

    def flag(self, name: str) -> bool:
        """Yes or no, no where the key is missing."""
        value = self.data.get(name, False)
        if not isinstance(value, bool):
            raise self.refuse(name, value, "true | false")
        return value

    def table(self, name: str, *, required: bool = False) -> "Table":
        """A table within this one, empty where it is missing and need not be there."""
        value = self.get(name) if required else self.data.get(name, {})
        if not isinstance(value, dict):
            raise self.refuse(name, value, f"[{self.key(name)}]")
        return Table(self.file, self.key(name), value)

    def tables(self, name: str) -> tuple["Table", ...]:
        """A list of tables, empty where it is missing."""
        value = self.data.get(name, [])
        if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
            raise self.refuse(name, value, f"[[{self.key(name)}]]")
        return tuple(Table(self.file, f"{self.key(name)}[{i}]", v) for i, v in enumerate(value, start=1))

    def choice(self, name: str, options: Mapping[str, T], *, default: str | None = None) -> T:
        """One of the named options; the default where the key is missing and there is one."""
        value = default if default is not None and name not in self.data else self.text(name)
        if value not in options:
            raise self.refuse(name, value, " | ".join(options))
        return options[value]
