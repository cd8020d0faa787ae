"""Homes and member files for tests of the registry."""

from pathlib import Path

MEMBER = """\
# Kota Semarang, ditulis oleh walidata
code = "33.74"
name = "Kota Semarang"
kind = "city"
regions = ["33.74"]
schedule = "30 1 * * *"

[contact]
name = "Walidata Kota Semarang"
email = "walidata@semarangkota.example"

[[organisations]]
name = "disdag-kota"
title = "Dinas Perdagangan"

[[organisations]]
name = "dpu-kota"
title = "Dinas Pekerjaan Umum"

[[sources]]
id = "portal-kota-semarang"  # portal utama
kind = "ckan"
url = "https://data.semarangkota.example/"
token_env = "TOKEN_KOTA_SEMARANG"

[[sources.allow]]
what = "private_address"
by = "Sri Admin"
reason = "portal di intranet kota"
until = 2027-01-31
value = "10.1.2.3"

[[sources.mappings]]
contract = "commodity_price"
match = {tag = "harga", title = '^Harga Pangan'}
columns = {date = "tanggal", commodity_code = "komoditas", price = "harga"}
constants = {region_code = "33.74"}
number_style = "id"
date_style = "dmy"

[[sources.mappings]]
contract = "commodity_stock"
match = {title = 'stok beras', resource = '\\.csv$'}
columns = {date = "tanggal", stock_kg = "stok_ton"}
factors = {stock_kg = "1000"}
zone = "WIB"

[[sources]]
id = "folder-dpu"
kind = "folder"
path = "titip/dpu"
organisation = "dpu-kota"
schedule = "*/15 * * * *"
"""

PLAIN = 'code = "33.22"\nname = "Kabupaten Semarang"\nkind = "regency"\nregions = ["33.22"]\n'


def home(tmp_path: Path, **files: str) -> Path:
    """A home with these member files (name without suffix to text)."""
    folder = tmp_path / "home"
    (folder / "members").mkdir(parents=True)
    for name, text in files.items():
        (folder / "members" / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder
