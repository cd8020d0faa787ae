"""F03: a document type that lives at another address is refused; nothing is called."""

from pathlib import Path

import pytest

from federation.readers import errors
from tests.federation.readers import factories as f


def test_F03_a_remote_document_type_is_refused(tmp_path: Path) -> None:
    declared = '<!DOCTYPE worksheet SYSTEM "http://127.0.0.1:9/evil.dtd">'
    with pytest.raises(errors.MarkupRefused):
        f.read_bytes(tmp_path, f.raw_xlsx(f.worksheet("", declared)), "dtd.xlsx")


def test_F03_a_remote_document_type_in_an_xml_file_is_refused(tmp_path: Path) -> None:
    text = '<?xml version="1.0"?><!DOCTYPE data SYSTEM "http://127.0.0.1:9/evil.dtd"><data><a/></data>'
    with pytest.raises(errors.MarkupRefused):
        f.read_bytes(tmp_path, text, "dtd.xml")
