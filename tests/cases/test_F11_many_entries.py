"""F11: an archive of 20,000 files is refused by its table of contents."""

from pathlib import Path

import pytest

from federation.readers import errors
from tests.federation.readers import factories as f


def test_F11_too_many_entries_are_refused_and_counted(tmp_path: Path) -> None:
    with pytest.raises(errors.ArchiveEntries) as caught:
        f.read_bytes(tmp_path, f.zipped({f"{i}.csv": "a" for i in range(20_000)}), "banyak.zip")
    assert caught.value.values["entries"] == 20_000
