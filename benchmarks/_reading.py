"""One tool reading files, run as a program of its own, so that a tool from another environment can be measured too.

`python benchmarks/_reading.py TOOL VARIANT records FILE...` prints a line a file: `{"tables": [[record, ...], ...]}`;
a record is a list of stripped cells, the header being the first where the tool says that there is one. Where the tool
raises, the program ends with its error, and whoever called it goes on with the next file.
`python benchmarks/_reading.py TOOL VARIANT time FILE` prints `{"seconds", "peak_mb", "rows"}` of one reading.

It imports nothing but the tool that it is asked for. No tool is told anything about a file: the variants are the ways
in which each tool's documentation lets it find out by itself.
"""

import json
import resource
import sys
import time
from collections.abc import Callable, Iterable
from importlib import import_module
from pathlib import Path
from typing import Any

Tables = list[list[list[str]]]

#: The automatic modes of each tool, by its own documentation; the best on average counts.
VARIANTS: dict[str, tuple[str, ...]] = {
    "lumbung": ("read",),
    "pandas": ("default", "sniff", "sniff_skip", "sniff_headless"),
    "duckdb": ("auto", "auto_lenient", "auto_padded", "auto_all"),
    "frictionless": ("cells", "rows", "rows_as_text"),
}


def _stripped(rows: Iterable[Iterable[Any]]) -> list[list[str]]:
    return [["" if cell is None else str(cell).strip() for cell in row] for row in rows]


def _lumbung(path: str, _variant: str) -> Tables:
    from federation.readers import read

    out: Tables = []
    for table in read(Path(path), Path(path).name).tables:
        named = all(note.code != "reader.no_header" for note in table.notes)
        rows = zip(*(column.to_pylist() for column in table.data.columns), strict=True)
        out.append(_stripped([*([table.columns] if named else []), *rows]))
    return out


def _pandas(path: str, variant: str) -> Any:
    import pandas as pd

    options: dict[str, Any] = {"dtype": str, "keep_default_na": False}
    if variant != "default":
        options |= {"sep": None, "engine": "python"}
    if variant in ("sniff_skip", "sniff_headless"):
        options["on_bad_lines"] = "skip"
    if variant == "sniff_headless":
        options["header"] = None
    return pd.read_csv(path, **options)


def _pandas_records(path: str, variant: str) -> Tables:
    frame = _pandas(path, variant)
    head = [] if variant == "sniff_headless" else [list(frame.columns)]
    return [_stripped([*head, *frame.itertuples(index=False, name=None)])]


_DUCK = {
    "auto": "all_varchar = true",
    "auto_lenient": "all_varchar = true, ignore_errors = true",
    "auto_padded": "all_varchar = true, null_padding = true, strict_mode = false",
    "auto_all": "all_varchar = true, sample_size = -1, null_padding = true, strict_mode = false, ignore_errors = true",
}


def _duckdb(path: str, variant: str) -> Any:
    import duckdb

    return duckdb.connect().execute(f"SELECT * FROM read_csv(?, {_DUCK[variant]})", [path]).to_arrow_table()


def _duckdb_records(path: str, variant: str) -> Tables:
    import duckdb

    table = _duckdb(path, variant)
    sniffed = duckdb.connect().execute(f"SELECT HasHeader FROM sniff_csv(?, {_DUCK[variant]})", [path]).fetchone()
    head = [table.column_names] if sniffed and sniffed[0] else []
    return [_stripped([*head, *zip(*(column.to_pylist() for column in table.columns), strict=True)])]


def _frictionless(path: str, variant: str) -> Tables:
    tool = import_module("frictionless")  # no part of our environment, see benchmarks/readers.py
    with tool.system.use_context(trusted=True):
        text = variant == "rows_as_text"
        detector = tool.Detector(field_type="string", sample_size=10_000) if text else tool.Detector()
        with tool.Resource(path=path, detector=detector) as source:
            if variant == "cells":
                return [_stripped(source.read_cells())]
            head = [source.header.to_list()] if source.header.labels else []
            return [_stripped([*head, *(row.cells for row in source.row_stream)])]


RECORDS: dict[str, Callable[[str, str], Tables]] = {
    "lumbung": _lumbung,
    "pandas": _pandas_records,
    "duckdb": _duckdb_records,
    "frictionless": _frictionless,
}


def _read_whole(tool: str, variant: str, path: str) -> int:
    """Read a file into the tool's own table, every cell as text, and count its rows."""
    if tool == "lumbung":
        from federation.readers import read

        return sum(len(table) for table in read(Path(path), Path(path).name).tables)
    if tool == "pandas":
        return len(_pandas(path, variant))
    if tool == "duckdb":
        return int(_duckdb(path, variant).num_rows)
    return len(_frictionless(path, variant)[0]) - 1


def _warm(tool: str, folder: Path) -> None:
    """Read a small file first, so that imports and first use are not counted."""
    small = folder / "warm.csv"
    small.write_text("nama,angka\n" + "".join(f"pasar {i},{i}\n" for i in range(200)), encoding="utf-8")
    _read_whole(tool, VARIANTS[tool][0], str(small))


def main() -> None:
    """Answer one request, see the module's first lines."""
    tool, variant, what, *files = sys.argv[1:]
    if what == "time":
        _warm(tool, Path(files[0]).parent)
        start = time.perf_counter()
        rows = _read_whole(tool, variant, files[0])
        seconds = time.perf_counter() - start
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        print(json.dumps({"seconds": seconds, "peak_mb": round(peak), "rows": rows}))
        return
    for path in files:
        print(json.dumps({"tables": RECORDS[tool](path, variant)}), flush=True)


if __name__ == "__main__":
    main()
