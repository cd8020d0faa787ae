"""The skeleton of a data standard: an ODCS file with every part it needs, blanks marked, choices explained.

Whatever the blanks are filled with, the file is a valid contract; `quality/standard/lint.py` says what is still open.
"""

import re
from pathlib import Path

from quality.errors import StandardExists, StandardNameInvalid

#: What stands where somebody has to write.
BLANK = "???"
_NAME = re.compile(r"[a-z][a-z0-9_]{1,59}")
_SKELETON = Path(__file__).with_name("skeleton.yaml")


def skeleton(name: str) -> str:
    """The commented YAML of a new standard.

    Raises:
        StandardNameInvalid: the name is not lower-case ASCII with underscores.
    """
    if _NAME.fullmatch(name) is None:
        raise StandardNameInvalid(standard=name)
    return _SKELETON.read_text("utf-8").replace("NAMA_STANDAR", name)


def create(folder: Path, name: str) -> Path:
    """Write the skeleton into a home's folder of standards; what is there already is never written over.

    Raises:
        StandardNameInvalid, StandardExists.
    """
    content = skeleton(name)
    path = folder / f"{name}.yaml"
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(content)
    except FileExistsError as error:
        raise StandardExists(standard=name, file=path) from error
    return path
