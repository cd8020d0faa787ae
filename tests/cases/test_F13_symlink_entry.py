"""F13: an entry that is a link is refused."""

import io
import stat
import zipfile
from pathlib import Path

import pytest

from federation.readers import errors
from tests.federation.readers import factories as f


def test_F13_a_link_in_an_archive_is_refused(tmp_path: Path) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        link = zipfile.ZipInfo("data.csv")
        link.create_system = 3
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(link, "/etc/passwd")
    with pytest.raises(errors.ArchiveLink) as caught:
        f.read_bytes(tmp_path, out.getvalue(), "tautan.zip")
    assert caught.value.place.member == "data.csv"
