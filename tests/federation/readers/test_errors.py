"""Why a file cannot be read is said in a checking process and told in another."""

import pickle

import pytest

from core.errors import LumbungError, all_errors
from core.table import Place
from federation.readers.errors import Unreadable

KINDS = [e for e in all_errors() if issubclass(e, Unreadable)]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)
def test_an_error_of_reading_survives_the_way_between_processes(kind: type[Unreadable]) -> None:
    said = kind(Place("a.csv", sheet="L1", row=3), limit=5)
    said.values["dataset"] = "Harga"
    told = pickle.loads(pickle.dumps(said))
    assert (type(told), told.values, told.place) == (kind, said.values, said.place)
    assert isinstance(told, LumbungError) and str(told) == str(said)
