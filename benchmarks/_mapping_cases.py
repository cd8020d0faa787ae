"""The labelled cases of `benchmarks/mapping.py` and the tables that they are about.

A case is a file of `../shared/data`, a file of the simulated province, or a table made from its description
(`_mapping_variants`); its label is held against an answer by `_mapping_score`.
"""

import json
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks._mapping_variants import made
from core.table import TextTable
from federation.readers import read

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT.parent / "shared" / "data"
LABELS = Path(__file__).with_name("mapping_labels")

Case = Mapping[str, Any]


def cases(name: str) -> list[Case]:
    """The labelled cases of a half."""
    loaded: list[Case] = json.loads((LABELS / f"{name}.json").read_text("utf-8"))
    return loaded


def present(all_cases: Sequence[Case]) -> list[Case]:
    """Those whose file there is."""
    return [c for c in all_cases if c["file"] is None or (DATA / c["file"]).is_file()]


def tables_of(case: Case) -> tuple[str, tuple[TextTable, ...]]:
    """The file name and the tables of a case, as the project's readers give them."""
    if case["file"] is not None:
        path = DATA / case["file"]
        return path.name, read(path, path.name).tables
    name, content = made(case["variant"])
    with tempfile.TemporaryDirectory(prefix="lumbung-mapping-") as folder:
        path = Path(folder) / name
        path.write_bytes(content)
        return name, read(path, name).tables
