"""What is mistyped in published food prices, found by reading each value against the days around it.

Source of all: `siskaperbapo_produsen.json` (SISKAPERBAPO Jawa Timur, producer prices, 2016-08-02 to 2026-08-19) and
`pihps_pasar_jabar_cabe_rawit.csv` (PIHPS, markets of Jawa Barat). Each is four times or more the price of the days on
both sides or a quarter of it, and back again: nearly all ten times too much or too little (99,000 where rice is 9,900;
13,000 where beef is 105,000 and other slaughterhouses have 115,000 and 130,000). The source carries some of them on
over days without a price (its `imputed` flags): those are as wrong.
"""

from collections.abc import Mapping
from datetime import date, timedelta

Series = tuple[str, str]
Day = str


def _days(first: str, last: str, value: int) -> dict[Day, int]:
    start = date.fromisoformat(first)
    return {str(start + timedelta(days=i)): value for i in range((date.fromisoformat(last) - start).days + 1)}


#: Commodity and market to the days whose price is grossly mistyped, and what is written there.
GROSS: Mapping[Series, Mapping[Day, int]] = {
    ("Ayam Potong", "Pasar Gringging Kabupaten Kediri"): {"2025-04-02": 2_000},
    ("Bawang Merah", "Pasar Dlinggu Kabupaten Probolinggo"): {
        **_days("2017-03-02", "2017-03-04", 290_000), "2025-08-19": 3_000,
    },
    ("Bawang Merah", "Pasar Sukomoro Kabupaten Nganjuk"): {
        "2017-01-02": 98_000, "2017-03-20": 2_400, "2017-09-19": 1_350, "2017-11-19": 1_800, "2019-08-29": 75_000,
        "2023-10-19": 90_000,
    },
    ("Beras", "PS Bendul Mrisi Kota Surabaya"): {
        "2016-09-01": 1_000, "2017-04-30": 99_000, "2017-05-01": 99_000, "2017-08-03": 99_000, "2017-08-16": 99_000,
        "2017-12-13": 920, "2018-01-03": 92_500, "2018-05-13": 93_000, "2018-09-09": 920_017, "2019-01-03": 1_000,
        "2019-08-17": 99,
    },
    ("Beras", "UD Hasil Tani Kabupaten Probolinggo"): {
        "2016-10-11": 93_000, "2016-10-13": 93_000, "2017-02-13": 93_500, "2017-03-21": 94_000, "2017-03-29": 93_500,
        "2017-04-06": 93_500, "2018-05-13": 92_000, "2018-11-12": 96_000, "2018-11-25": 96_000, "2019-07-11": 93_000,
        "2019-12-27": 95_000, "2020-01-23": 97_000, "2020-01-27": 97_000, "2020-01-29": 97_000, "2020-02-12": 97_000,
        "2020-03-22": 97_000, "2020-11-18": 91_000,
    },
    ("Cabe Besar", "Kec. Gending Kabupaten Probolinggo"): {
        "2018-03-09": 22, "2018-11-10": 1_000, "2025-08-14": 2_000,
    },
    ("Cabe Besar", "Pasar Pare Kabupaten Kediri"): {"2020-11-22": 2_700, "2023-11-25": 540_000},
    ("Cabe Rawit", "Pasar Tanjung Kabupaten Jember"): {
        "2017-02-10": 10_000, "2017-02-11": 10_000, "2018-09-01": 1_000, "2021-09-03": 90_000,
    },
    ("Cabe Rawit", "Pasar Tulung Rejo Kabupaten Kediri"): {
        "2017-03-06": 11_000, "2018-01-29": 2_300, "2023-03-11": 6_500, "2026-06-14": 5_000,
    },
    ("Daging Sapi", "RPH Krian Kabupaten Sidoarjo"): {
        "2017-05-16": 10_000, "2017-05-17": 10_000, "2018-07-19": 9_700, "2019-09-04": 7_500, "2026-02-01": 1_170_000,
    },
    ("Daging Sapi", "RPH Pegirikan  Kota Surabaya"): {
        "2017-03-30": 990_000, "2018-06-15": 10_500, "2018-06-30": 9_700, "2018-08-01": 10_000, "2018-09-28": 8_500,
        "2019-01-03": 9_000,
    },
    ("Daging Sapi", "UD RPH Kota Malang"): {
        "2018-06-15": 10_500, **_days("2020-07-19", "2020-08-08", 9_600), "2023-02-28": 11_000,
        **_days("2026-07-31", "2026-08-19", 13_000),
    },
    ("Kentang", "Distributor Kabupaten Malang"): {"2018-02-13": 90_000, "2021-04-13": 92_500},
    ("Kentang", "Kawasan Bromo Kabupaten Probolinggo"): {"2017-08-02": 105, "2019-08-24": 1_000, "2020-03-14": 77_000},
    ("Telur", "Peternak Kec. Srengat Kabupaten Kediri"): {
        "2017-01-26": 1_520, "2017-01-27": 1_520, "2022-11-12": 203_800, "2023-12-25": 2_200, "2025-08-27": 218_000,
    },
    ("Telur", "UD. Telur Intan Kabupaten Blitar"): {"2018-02-18": 1_850, "2019-10-19": 160_000},
    ("Cabai Rawit Merah", "Kota Depok Pasar Agung"): {"2021-07-14": 387_500, "2021-08-25": 140_000},
    ("Cabai Rawit Merah", "Kota Sukabumi Pasar Pelita"): {"2025-12-15": 443_500},
}  # fmt: skip

#: One digit is probably wrong (a single 23,600 amid weeks of 13,600): neither grossly wrong nor known to be true.
DOUBTFUL: Mapping[Series, Mapping[Day, int]] = {
    ("Ayam Potong", "Pasar Gringging Kabupaten Kediri"): {"2023-02-11": 11_000, "2025-01-31": 11_800},
    ("Ayam Potong", "Peternak Desa Kambingan Kabupaten Blitar"): {"2022-10-18": 27_000, "2026-08-12": 13_500},
    ("Beras", "UD Hasil Tani Kabupaten Probolinggo"): {
        "2024-02-23": 23_000, "2025-02-01": 18_800, "2025-09-13": 23_600,
    },
    ("Telur", "Peternak Kec. Srengat Kabupaten Kediri"): {
        "2023-01-28": 14_500, "2024-04-16": 12_500, "2024-08-03": 11_400,
    },
    ("Telur", "UD. Telur Intan Kabupaten Blitar"): {"2021-01-28": 27_000},
}  # fmt: skip
