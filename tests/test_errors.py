"""Every error code has a page, a sentence for what happened, and a sentence for what to do."""

import importlib
import pkgutil
from pathlib import Path

from core import messages
from core.errors import LumbungError, all_errors

ROOT = Path(__file__).parent.parent
PACKAGES = ("core", "federation", "quality", "catalog", "services", "flows", "gateway", "node", "hub")


def every_error() -> list[type[LumbungError]]:
    for name in PACKAGES:
        package = importlib.import_module(name)
        for module in pkgutil.walk_packages(package.__path__, f"{name}."):
            if module.name.endswith("errors"):
                importlib.import_module(module.name)
    return list(all_errors())


def test_codes_are_unique_except_along_one_family() -> None:
    seen: dict[str, type[LumbungError]] = {}
    for cls in every_error():
        other = seen.setdefault(cls.code, cls)
        assert other is cls or issubclass(cls, other) or issubclass(other, cls), f"{cls} and {other}: {cls.code}"


def test_every_code_has_its_page_and_its_sentences() -> None:
    for cls in every_error():
        page = ROOT / "docs" / "errors" / f"{cls.code}.md"
        assert page.is_file(), f"{cls.__module__}.{cls.__name__}: docs/errors/{cls.code}.md is missing"
        assert cls.code in page.read_text(encoding="utf-8").splitlines()[0]
        for part in ("what", "fix"):
            assert f"error.{cls.code}.{part}" in messages.catalogue("id"), f"{cls.code}.{part}"


def test_every_page_belongs_to_a_code() -> None:
    codes = {cls.code for cls in every_error()}
    pages = {path.stem for path in (ROOT / "docs" / "errors").glob("*.md")} - {"README"}
    assert pages <= codes
