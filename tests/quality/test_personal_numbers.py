"""Personal data is told by structure and context: a NIK from the code of an RT, a person's telephone from an office's."""

from calendar import monthrange
from collections.abc import Sequence
from datetime import UTC, datetime

import pyarrow as pa
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from core.region import RegionKind, Regions
from quality.personal import nik
from quality.personal.found import Found, Kind
from quality.personal.scan import LARGE, scan

NOW = datetime(2026, 11, 22, 4, 0, tzinfo=UTC)
REGENCIES = tuple(r.code.replace(".", "") for r in Regions.load() if r.kind is not RegionKind.PROVINCE)


def look(**columns: Sequence[str | None]) -> tuple[Found, ...]:
    table = pa.table({name: pa.array(list(cells), pa.string()) for name, cells in columns.items()})
    return scan(table, frozenset({"99.71"}), NOW)


def certain(**columns: Sequence[str | None]) -> list[tuple[str, Kind]]:
    return [(f.column, f.kind) for f in look(**columns) if f.certain]


@st.composite
def niks(draw: st.DrawFn) -> str:
    """A number as it is issued: region, day of birth (a woman's plus 40), serial."""
    year, month = draw(st.integers(0, 99)), draw(st.integers(1, 12))
    day = draw(st.integers(1, monthrange(2000 + year, month)[1])) + draw(st.sampled_from((0, 40)))
    district, serial = draw(st.integers(1, 40)), draw(st.integers(1, 60))
    return f"{draw(st.sampled_from(REGENCIES))}{district:02}{day:02}{month:02}{year:02}{serial:04}"


@st.composite
def rts(draw: st.DrawFn) -> str:
    """The code of an RT: village of ten digits (Kemendagri's or BPS's), RW, RT."""
    regency = draw(st.sampled_from(REGENCIES))
    if draw(st.booleans()):
        village = f"{regency}{draw(st.integers(1, 40)):02}{draw(st.sampled_from((1, 2)))}{draw(st.integers(1, 60)):03}"
    else:
        village = f"{regency}{draw(st.integers(1, 400)):03}{draw(st.integers(1, 60)):03}"
    return f"{village}{draw(st.integers(1, 40)):03}{draw(st.integers(1, 40)):03}"


@settings(max_examples=60, deadline=None)
@given(st.lists(niks(), min_size=3, max_size=30, unique=True), st.sampled_from((str, "'{}".format, "{} ".format)))
def test_F35_three_niks_are_found_whatever_their_header_says(numbers: list[str], written: object) -> None:
    assume(sum(not nik.like_rt(n) for n in numbers) >= max(3, (len(numbers) + 1) // 2))
    (one,) = look(kolom_7=[written(n) for n in numbers])  # type: ignore[operator]  # the ways of writing are callables
    assert one.kind in (Kind.NIK, Kind.KK) and one.certain and one.rows == len(numbers)
    assert numbers[0][6:12] not in one.example


@settings(max_examples=60, deadline=None)
@given(st.lists(niks(), min_size=1, max_size=8))
def test_F35_under_a_header_that_says_so_every_nik_is_found(numbers: list[str]) -> None:
    assert [(f.kind, f.rows) for f in look(**{"No. KTP": [*numbers, "-", None]})] == [(Kind.NIK, len(numbers))]


@settings(max_examples=150, deadline=None)
@given(st.lists(rts(), min_size=1, max_size=60))
def test_F35_a_column_of_rt_codes_is_never_taken_for_niks(codes: list[str]) -> None:
    assert look(kode_rt=codes, kode=codes) == ()


@settings(max_examples=60, deadline=None)
@given(niks(), st.sampled_from(("Warga {} mengadu jalan rusak", "an. Siti ({}), RT 3", "NIK:{}", "sudah lapor {}.")))
def test_F35_one_nik_within_a_sentence_is_enough(number: str, sentence: str) -> None:
    cells = ["lampu jalan mati sejak Senin"] * 40 + [sentence.format(number)]
    (one,) = (f for f in look(keterangan=cells) if f.kind is Kind.NIK)
    assert (one.certain, one.rows, one.first) == (True, 1, (40,))


@pytest.mark.parametrize(
    "cells",
    [
        ["110.4203125512345", "110.4210129512345", "-6.966667"],  # coordinates
        ["5221840012345678", "4511230098761234", "1234567890123456"] * 5,  # cards and accounts
        ["3374010000000001", "3374014513010001", "3374013002990001"],  # the day, or month, is none
        ["3374010101900000"] * 3,  # no serial
        ["https://contoh.go.id/?id=3374010101900001"],
    ],
)
def test_F35_other_long_numbers_are_no_nik(cells: list[str]) -> None:
    assert look(kolom=cells) == ()


@pytest.mark.parametrize(
    "spaced", ["3374 0115 0890 0007", "337401.150890.0007", "33.74.01.150890.0007", "'3374011508900007"]
)
def test_F35_a_nik_may_be_spaced_and_keeps_no_secret_in_the_example(spaced: str) -> None:
    (one,) = look(nik=[spaced])
    assert (one.kind, one.example) == (Kind.NIK, "3374••••••••0007")


def test_F35_a_family_card_is_told_by_its_header_and_may_stand_on_many_rows() -> None:
    cards = ["3374011508120007"] * 4
    assert [f.kind for f in look(**{"Nomor KK": cards})] == [Kind.KK]
    assert look(**{"Jumlah KK": ["120", "3374", "88"]}) == ()


def test_F35_a_members_own_region_counts_beside_the_nations() -> None:
    assert certain(x=["9971011508900007", "9971014203850002", "9971012709770001"]) == [("x", Kind.NIK)]


def test_F35_mobile_numbers_of_persons_hold_and_what_belongs_to_an_office_does_not() -> None:
    mobile = ["0812-3456-7890", "+62 857 1234 5678", "08991234567"]
    assert certain(no_hp=mobile) == certain(no_hp=["81234567890", "85712345678"]) == [("no_hp", Kind.PHONE)]
    assert certain(kolom=mobile) == [("kolom", Kind.PHONE)]
    assert [f.certain for f in look(telepon_kantor=["(024) 3547091", "024-8311174"])] == [False]
    assert [f.certain for f in look(nama_rsu=["Tarakan"], telepon=["081234567890"])] == [False]
    assert certain(catatan=["aman", "hubungi Sari 081234567890"]) == [("catatan", Kind.PHONE)]


def test_F35_prices_codes_moments_and_stages_are_no_telephones() -> None:
    columns = {
        "harga": ["081234567890"], "kode": ["08123456789", "08123456780", "08123456781"], "tma": ["0812", "0857"],
        "waktu": ["2026-11-01 08:12:34"], "lat": ["0.8123456789"], "nip": ["198508122010011008"],
    }  # fmt: skip
    assert [look(**{header: cells}) for header, cells in columns.items()] == [()] * len(columns)


def test_F35_addresses_of_private_providers_hold_and_official_ones_are_remarked() -> None:
    assert certain(surel=["budi@gmail.com"]) == [("surel", Kind.EMAIL)]
    assert [(f.certain, f.example) for f in look(surel=["bpbd@jatengprov.go.id"])] == [(False, "b•••@jatengprov.go.id")]
    assert [f.certain for f in look(nama_sekolah=["SDN 1"], email=["sdn1pati@gmail.com"])] == [False]


def test_F35_names_are_told_by_a_header_that_names_a_private_person() -> None:
    people = ["Budi Santoso", "SITI AMINAH", "Ny. Sri Wahyuni, S.Pd."]
    assert certain(nama_pemohon=people) == [("nama_pemohon", Kind.NAME)]
    for header in ("nama", "nama_pasar", "kepala_dinas", "nama kepala sekolah", "nama ibu kota", "jumlah_pasien"):
        assert certain(**{header: people}) == [], header
    assert certain(nama_pemohon=["PT Maju Jaya", "CV Sumber Rejeki", "Koperasi Tani"]) == []
    assert [f.certain for f in look(uraian=["rumah Sdr. Budi Santoso tergenang"])] == [False]


def test_F35_a_long_table_is_read_whole_where_its_header_or_a_sample_says_so() -> None:
    rows = LARGE + 10
    hidden: list[str | None] = [None] * rows
    hidden[777] = "3374011508900007"
    (one,) = look(nik=hidden)
    assert (one.rows, one.first) == (1, (777,))
    (one,) = look(x=["3374011508900007", "3374014203850002"] * (rows // 2))
    assert one.rows == rows
