"""What a header says of its column, in the words that Indonesian offices use."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from core.reference import fold


def _words(*words: str) -> re.Pattern[str]:
    return re.compile(rf"\b(?:{'|'.join(words)})\b")


_NIK = _words("nik", r"(?:no|nomor|nomer) (?:nik|ktp|e ktp|identitas|induk kependudukan)", "ktp", "induk kependudukan")
_KK = _words(r"(?:no|nomor|nomer) (?:kk|kartu keluarga)", "nkk", "kk", "kartu keluarga")
_COUNT = _words(
    "jumlah", "banyaknya", "total", "jml", "persen", "persentase", "rasio", "rata", "per", "kepala keluarga"
)
_PHONE = _words(
    "telp", "telpon", "telepon", "tlp", "telephone", "phone", "hp", "handphone", "ponsel", "seluler", "selular",
    "wa", "whatsapp", "kontak", "contact", "mobile",
)  # fmt: skip
_OFFICE = _words(
    "kantor", "dinas", "instansi", "opd", "skpd", "sekolah", "resmi", "kelurahan", "kecamatan", "desa", "puskesmas",
    "rs", "rsu", "rsud", "rumah sakit", "klinik", "apotek", "faskes", "perusahaan", "hotel", "faks", "fax",
    "faximile", "layanan", "pengaduan", "darurat", "hotline", "posko", "pos", "npsn", "pasar", "badan usaha",
)  # fmt: skip
_PLACE_OF_WORK = _words(
    "rs", "rsu", "rsud", "rumah sakit", "puskesmas", "klinik", "apotek", "faskes", "sekolah", "npsn", "hotel",
    "kantor", "instansi", "opd", "skpd", "perusahaan", "badan usaha", "nama dinas", "posko", "pos",
)  # fmt: skip
_MEASURE = _words(
    "harga", "jumlah", "nilai", "kode", "anggaran", "pagu", "realisasi", "tinggi", "luas", "volume", "rp", "rupiah",
    "stok", "npwp", "nip", "nib", "rekening", "koordinat", "lat", "lon", "lintang", "bujur", "latitude",
    "longitude", "id",
)  # fmt: skip
_PRIVATE = (
    "pemohon", "pelapor", "pengadu", "pasien", "pegawai", "karyawan", "penerima", "warga", "penduduk", "siswa",
    "santri", "mahasiswa", "murid", "korban", "bayi", "balita", "peserta", "pemilik", "penyewa", "pengguna",
    "nasabah", "pelanggan", "responden", "terlapor", "saksi", "tersangka", "terdakwa", "anggota keluarga",
    "orang tua", "suami", "istri", "almarhum", "wajib pajak", "guru", "pekerja", "buruh", "petani", "nelayan",
    "pedagang", "ahli waris", "ibu", "anak", "kepala keluarga", "lengkap", "ibu hamil", "ibu kandung",
)  # fmt: skip
_PERSON = re.compile(rf"\b(?:nama|nm|name)(?: \w+)? (?:{'|'.join(_PRIVATE)})\b|^(?:pemohon|pelapor|pengadu|pasien)$")
#: A public office is named with whoever holds it, and so are places.
_PUBLIC = _words(
    "kepala dinas", "kepala sekolah", "kepala desa", "bupati", "walikota", "wali kota", "camat", "lurah",
    "direktur", "pejabat", "sekretaris", "pasar", "desa", "kelurahan", "kecamatan", "sekolah", "dinas", "opd",
    "komoditas", "barang", "usaha", "perusahaan", "program", "kegiatan", "aplikasi", "sungai", "pos", "gudang",
    "jenis", "kelompok", "status", "tempat", "alamat", "ras", "kategori", "produk", "kota", "ibukota", "rumah",
    "toko", "kapal", "jalan", "kode", "id",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Header:
    """What one header says: which number it announces, whether of an office, of a person, or a measure or code."""

    nik: bool
    kk: bool
    phone: bool
    office: bool
    measure: bool
    person: bool
    place_of_work: bool


@lru_cache(maxsize=4096)
def read(header: str) -> Header:
    """What a header says; kept, since the same headers come every day."""
    said = fold(re.sub(r"(?<=[a-z])(?=[A-Z])", " ", header))
    counted = _COUNT.search(said) is not None
    return Header(
        nik=not counted and _NIK.search(said) is not None,
        kk=not counted and _KK.search(said) is not None,
        phone=not counted and _PHONE.search(said) is not None,
        office=_OFFICE.search(said) is not None,
        measure=_MEASURE.search(said) is not None,
        person=_PERSON.search(said) is not None and _PUBLIC.search(said) is None,
        place_of_work=_PLACE_OF_WORK.search(said) is not None,
    )


def of_offices(headers: Iterable[str]) -> bool:
    """Whether a table lists offices, schools or hospitals rather than persons."""
    said = [read(header) for header in headers]
    return any(h.place_of_work for h in said) and not any(h.person or h.nik or h.kk for h in said)
