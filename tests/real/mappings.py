"""The mappings of the two real portals, as their administrators write them in the members' TOML.

Their datasets' tables differ from file to file (title rows, dates in words, dots in numbers, units in capitals);
the mapping says only what no file says: which column is which, and what is always the same.
"""

from tests.real.portals import Portal

_GRANTED = 'by = "Siti Rahayu, pengelola"\nreason = "Portal pada mesin uji"\nuntil = 2099-12-31\n'
#: The years that the portals' population tables may be of.
YEARS = range(2019, 2026)
NAMES = {"33.22": ("Kabupaten Semarang", "regency"), "33.74": ("Kota Semarang", "city")}


def _population(year: int) -> str:
    """One mapping a year: the tables themselves do not say which year they are of, their titles do."""
    return f"""
[[sources.mappings]]
contract = "population"
match = {{ tag = "penduduk", title = "tahun {year}" }}
columns = {{ region_code = "kabupaten_kota", district = "kecamatan", people = "jumlah" }}
constants = {{ sex = "total", year = "{year}" }}
"""


def portal_member(portal: Portal, *, token_env: str | None = None) -> str:
    """The TOML of a member with its portal, the exceptions for this machine, and its mappings."""
    code, (name, kind) = portal.member, NAMES[portal.member]
    secret = f'token_env = "{token_env}"\n' if token_env else ""
    return f"""
code = "{code}"
name = "{name}"
kind = "{kind}"
regions = ["{code}"]

[[sources]]
id = "{code}-ckan"
kind = "ckan"
url = "{portal.url}"
{secret}
[[sources.allow]]
what = "private_address"
value = "127.0.0.1"
{_GRANTED}
[[sources.allow]]
what = "http"
{_GRANTED}
[[sources.allow]]
what = "port"
value = "{portal.port}"
{_GRANTED}
[[sources.mappings]]
contract = "commodity_price"
match = {{ tag = "harga" }}
columns = {{ date = "tanggal", market = "pasar", commodity_code = "komoditas", price = "harga", unit = "satuan" }}
constants = {{ region_code = "{code}", price_level = "konsumen" }}
date_style = "dmy"

[[sources.mappings]]
contract = "rainfall"
match = {{ tag = "curah hujan" }}
columns = {{ date = "tanggal", station = "kecamatan", rain_mm = "curah_hujan_mm" }}
constants = {{ region_code = "{code}" }}
date_style = "dmy"

[[sources.mappings]]
contract = "commodity_stock"
match = {{ tag = "beras" }}
columns = {{ date = "tanggal", warehouse = "gudang", stock_kg = "stok_ton" }}
constants = {{ region_code = "{code}", commodity_code = "beras_medium" }}
factors = {{ stock_kg = "1000" }}
date_style = "dmy"

[[sources.mappings]]
contract = "river_stage"
match = {{ tag = "tinggi muka air" }}
columns = {{ observed_at = "waktu", gauge_code = "pos", stage_m = "tma_cm", status = "status" }}
constants = {{ region_code = "{code}" }}
factors = {{ stage_m = "0.01" }}
date_style = "dmy"
{"".join(map(_population, YEARS))}"""
