"""Names of persons: only where a header or a form of address says so, for a place may be called like a person."""

import re

_NAME = re.compile(r"\s*(?:[A-Za-z][A-Za-z.'`,\-]*)(?:\s+[A-Za-z][A-Za-z.'`,\-]*){0,6}\s*")
#: What stands in the same columns and is nobody: firms, offices, groups, and words for nothing.
_NOBODY = re.compile(
    r"\b(?:pt|cv|ud|pd|tbk|koperasi|kud|yayasan|toko|dinas|badan|kantor|desa|kelurahan|kecamatan|kota|kabupaten|pasar|"
    r"kelompok|poktan|gapoktan|rt|rw|sd|sdn|smp|sma|smk|puskesmas|rsud|bpbd|pemerintah|pemkot|pemkab|masyarakat|warga|"
    r"umum|anonim|anonymous|tidak|ada|nihil|lainnya|laki|perempuan|polsek|polres|satpol|pp|petugas|posko|pos|universitas|"
    r"jalan|jl|swasta|negeri|perorangan|perseorangan|badan usaha|ya|belum|baru|lama|total|jumlah)\b",
    re.IGNORECASE,
)
#: A form of address before a capital letter, in a sentence.
ADDRESSED = re.compile(r"\b(?:Sdr|Sdri|Ny|Tn|Nn|Bpk|Alm|Almh)\.\s*(?:[A-Z][a-z'`]+\b ?){1,3}")


def person(cell: str) -> bool:
    """Whether a cell under a header that says so is the name of a person, not of a firm, an office or nobody."""
    return len(cell.strip()) > 2 and _NAME.fullmatch(cell) is not None and _NOBODY.search(cell) is None
