"""How well the cells of a column fit a standard's column, as evidence for or against in natural logarithms of odds.

A number within bounds says little, since many columns hold such numbers; a column of which every cell is a regency
says much. What a header says is `quality/harmonise/heading.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from core.contract import ColumnType
from core.reference import CodeList
from quality.harmonise import units
from quality.harmonise.profile import Coded, Floats, Profile
from quality.harmonise.suggestion import Evidence
from quality.harmonise.target import Target

#: Evidence that no header outweighs.
NEVER = -12.0
_MOST, _FEW, _ALL = 0.9, 0.1, 0.98
#: Weights below it may be tons where no unit is said.
_TONS = 20_000.0
#: What amounts are written in without a word.
_LARGER: Mapping[str, tuple[Decimal, ...]] = {"rupiah": (Decimal(1000), Decimal(1000000))}


@dataclass(frozen=True, slots=True)
class Fit:
    """What the cells say about one pair of columns.

    Attributes:
        odds: the evidence; at `NEVER` the column cannot be the other.
        telling: whether the cells alone would nearly do, as a column of regencies does.
        factor: of the unit; `unit` as the file writes it.
        doubtful: the cells fit, but something about the number must be asked (a unit that cannot be converted).
    """

    odds: float
    evidence: tuple[Evidence, ...] = ()
    telling: bool = False
    factor: Decimal | None = None
    unit: str | None = None
    doubtful: bool = False


def fit(column: Profile, target: Target, references: Mapping[str, CodeList], stated: str | None = None) -> Fit:
    """What the cells of a column say about its being a standard's column.

    Args:
        stated: the unit of the whole table, where neither header nor cells name one.
    """
    key = (target.contract, target.name, stated)
    if key not in column.fits:
        column.fits[key] = _fit(column, target, references, stated)
    return column.fits[key]


def _fit(column: Profile, target: Target, references: Mapping[str, CodeList], stated: str | None) -> Fit:
    if column.empty:
        return Fit(-3.0, (Evidence("empty"),))
    kind = target.column.type
    if (codes := references.get(target.column.reference or "")) is not None:
        return _coded(column, target, codes)
    if target.values:
        return _listed(column, target)
    if kind is ColumnType.BOOLEAN:
        return _boolean(column)
    if kind in (ColumnType.DATE, ColumnType.MOMENT):
        return _dated(column, target)
    if kind in (ColumnType.INTEGER, ColumnType.NUMBER):
        return _year(column) if target.yearly else _numeric(column, target, stated)
    return _text(column, target, references)


def _coded(column: Profile, target: Target, codes: CodeList) -> Fit:
    found = column.coded(codes)
    said = Evidence("codes", {"share": _percent(found.meant), "list": codes.name})
    if column.numeric > _MOST and found.meant < 0.6:
        return Fit(NEVER, (Evidence("no_codes", {"list": codes.name}),))
    if codes.name == "region":
        return _region(column, target, found, said)
    if column.dated > 0.5 and column.numeric < 0.5:
        return Fit(NEVER)
    if column.numeric > _MOST:  # 1, 2, 3 may be anything
        return Fit(-2.0, (said,))
    if found.meant >= 0.75:
        return Fit(3.5, (said,), telling=True)
    if found.meant >= 0.35:
        return Fit(2.5, (said,), telling=True)
    if found.meant >= _FEW:
        return Fit(0.8, (said,))
    unknown = -2.0 if not found.meant and len(column.spellings) > 1 else -1.2
    return Fit(-0.8 if codes.name == "gauge" else unknown, (Evidence("no_codes", {"list": codes.name}),))


def _region(column: Profile, target: Target, found: Coded, said: Evidence) -> Fit:
    seen = zip(found.codes, column.counts, strict=False)
    right = sum(int(n) for codes, n in seen if codes and all(_allowed(target, code) for code in codes))
    share = right / max(1, int(column.counts[: len(found.codes)].sum()))
    if share >= _MOST:
        return Fit(3.5, (said,), telling=True)
    if share >= 0.5:
        return Fit(2.2, (said,), telling=share >= 0.7)
    if found.meant >= _MOST and column.numeric < 0.5:
        return Fit(0.3, (Evidence("other_level", {"share": _percent(found.meant)}),))
    return Fit(NEVER if found.meant < 0.2 else -2.5, (Evidence("no_codes", {"list": "region"}),))


def _allowed(target: Target, code: str) -> bool:
    return all(pattern.match(code) for pattern in target.patterns)


def _listed(column: Profile, target: Target) -> Fit:
    found = column.meant(target.values, target.meanings)
    share = column.share(np.array([one is not None for one in found], np.bool_)) if found else 0.0
    said = Evidence("listed", {"share": _percent(share)})
    many = len(set(found) - {None}) > 1
    if target.column.type is ColumnType.INTEGER and column.numeric > _MOST:  # months: 1 to 12 may be many things
        return Fit(0.6 if share >= _MOST else NEVER, (said,))
    if share >= 0.8:
        return Fit(3.8 if many else 2.0, (said,), telling=many)
    if share >= 0.4:
        return Fit(2.0, (said,))
    if column.numeric > _MOST or column.dated > 0.5:
        return Fit(NEVER, (Evidence("not_listed"),))
    if share >= _FEW:
        return Fit(0.0, (said,))
    return Fit(-2.2 if len(column.spellings) <= 30 else -4.0, (Evidence("not_listed"),))


def _boolean(column: Profile) -> Fit:
    share = column.deciding
    if share < 0.8:
        return Fit(-5.0, (Evidence("not_boolean"),))
    return Fit(0.5 if column.numeric > 0.5 else 2.0, (Evidence("boolean", {"share": _percent(share)}),))


def _dated(column: Profile, target: Target) -> Fit:
    moment = target.column.type is ColumnType.MOMENT
    said = Evidence("dates", {"share": _percent(column.dated)})
    if column.dated >= 0.8:
        if moment:
            return Fit(2.5 if column.timed > 0.5 else 0.8, (said,), telling=column.timed > 0.5)
        return Fit(1.5 if column.timed > 0.5 else 2.2, (said,))
    if column.dated >= 0.4:
        return Fit(0.5, (said,))
    if column.yearly > _MOST:
        return Fit(-4.0, (Evidence("years"),))
    if column.monthly > _MOST and any(char.isdigit() for s in column.spellings[:5] for char in s):
        return Fit(0.8, (Evidence("months"),), doubtful=True)
    if column.serial > 0.95 or column.ticking > 0.95:
        return Fit(0.0, (Evidence("serial"),), doubtful=True)
    return Fit(NEVER, (Evidence("no_dates"),))


def _year(column: Profile) -> Fit:
    if column.yearly >= 0.95:
        return Fit(2.8, (Evidence("years"),), telling=True)
    return Fit(NEVER if column.yearly < 0.5 else 0.0, (Evidence("no_years"),))


def _numeric(column: Profile, target: Target, stated: str | None) -> Fit:
    if column.numeric < 0.6 or (column.dated > _MOST and column.timed > 0.5):
        return Fit(NEVER, (Evidence("no_numbers"),))
    read = column.whole if target.column.type is ColumnType.INTEGER else column.exact
    if target.placed:
        return _degrees(column, target)
    if target.column.unit != "rupiah" and column.long > 0.5:
        return Fit(NEVER, (Evidence("no_numbers"),))  # numbers of documents, not measures
    factor, unit, doubtful = _unit(column, target, stated)
    scaled = read * float(factor or 1)
    odds, evidence = 0.0, list[Evidence]()
    hard, usual = _within(column, scaled, target.low, target.high), _within(column, scaled, *target.usual)
    guessed = _guess(column, target, read) if unit is None and (hard < _ALL or usual < _ALL) else None
    if guessed is not None:
        factor, doubtful = guessed, True
        hard = usual = 1.0
        odds -= 1.0 if guessed < 1 else 2.5  # rivers are read in millimetres, amounts seldom in thousands unsaid
        evidence.append(Evidence("magnitude", {"factor": str(guessed)}))
    if hard < 0.7:
        return Fit(-4.0, (Evidence("out_of_bounds", {"share": _percent(1 - hard)}),), factor=factor, unit=unit)
    odds += 0.7 if hard >= 0.95 else -0.5
    odds += 0.4 if usual >= _MOST else (-1.5 if usual < 0.5 else 0.0)
    evidence.append(Evidence("numbers", {"share": _percent(column.numeric), "within": _percent(hard)}))
    if column.counting:
        odds -= 4.0
        evidence.append(Evidence("counting"))
    if column.yearly > 0.95 and len(column.spellings) <= 80:
        odds -= 2.5
        evidence.append(Evidence("years"))
    if target.column.type is ColumnType.INTEGER and target.column.unit != "rupiah" and not column.integral:
        odds -= 2.0
    if unit is not None:
        evidence.append(Evidence("unit", {"unit": unit, "factor": str(factor or 1)}))
        if factor is not None and not doubtful:
            odds += 1.0
    unsaid = unit is None and target.column.unit == "kg" and _within(column, read, None, _TONS) > 0.5
    if doubtful and guessed is None:
        odds -= 3.5  # per cents are no rupiah
    if len(column.spellings) == 1 and column.rows > 10:
        odds -= 0.7
    return Fit(odds, tuple(evidence), factor=factor, unit=unit, doubtful=doubtful or unsaid)


def _unit(column: Profile, target: Target, stated: str | None) -> tuple[Decimal | None, str | None, bool]:
    """The factor of the unit that header or cells name; doubtful where it is no measure of the standard's."""
    unit = column.header.unit or column.cell_unit
    if unit is None and stated is not None and units.factor(stated, target.column) is not None:
        unit = stated
    if unit is None or not target.column.unit:
        return None, unit, unit is not None and (units.people(unit) or (target.apart and units.money(unit)))
    factor = units.factor(unit, target.column)
    return factor, unit, factor is None


def _guess(column: Profile, target: Target, read: Floats) -> Decimal | None:
    """The nearest unit in which nearly all numbers are usual where in the standard's own they are not."""
    if target.usual == (None, None):
        return None
    for factor in (*units.smaller(target.column), *_LARGER.get(target.column.unit, ())):
        scaled = read * float(factor)
        if _within(column, scaled, target.low, target.high) >= _ALL and _within(column, scaled, *target.usual) >= _ALL:
            return factor
    return None


def _within(column: Profile, read: Floats, low: float | None, high: float | None) -> float:
    with np.errstate(invalid="ignore"):
        inside = np.isnan(read)
        above = np.ones(len(read), np.bool_) if low is None else read >= low
        below = np.ones(len(read), np.bool_) if high is None else read <= high
    numbers = ~inside
    whole = int(column.counts[numbers].sum())
    return int(column.counts[numbers & above & below].sum()) / whole if whole else 0.0


def _degrees(column: Profile, target: Target) -> Fit:
    fine = column.share(column.places >= 3)
    inside = _within(column, column.decimals, target.low, target.high)
    if inside < 0.7 or column.share(column.places >= 1) < 0.5:
        return Fit(-5.0, (Evidence("no_degrees"),))
    return Fit(3.0 if fine >= 0.5 else 1.0, (Evidence("degrees"),), telling=fine >= 0.5)


def _text(column: Profile, target: Target, references: Mapping[str, CodeList]) -> Fit:
    if target.patterns:
        share = min(column.matching(pattern) for pattern in target.patterns)
        if share >= 0.8:
            return Fit(3.0, (Evidence("pattern", {"share": _percent(share)}),), telling=True)
        return Fit(-5.0 if share < 0.3 else 0.0, (Evidence("no_pattern", {"share": _percent(share)}),))
    odds, evidence = 0.2, list[Evidence]()
    if column.deciding >= 0.8 and column.numeric < 0.5:
        odds -= 3.0  # yes and no name nothing
        evidence.append(Evidence("boolean", {"share": 100}))
    numbered = any(token in {"nomor", "kode", "register"} for phrase in target.phrases for token in phrase)
    if column.numeric > 0.8 and not numbered:
        odds -= 4.5
        evidence.append(Evidence("numbers_only"))
    if numbered and column.wordy > 0.5:
        odds -= 3.0
        evidence.append(Evidence("wordy"))
    if column.counting and not any(s.startswith("0") for s in column.spellings):
        odds -= 3.0
        evidence.append(Evidence("counting"))
    if column.dated > 0.8 and column.numeric < 0.5:
        odds -= 5.0
        evidence.append(Evidence("dates", {"share": _percent(column.dated)}))
    begins = max((column.heads.get(token, 0.0) for token in target.heads), default=0.0)
    if begins >= 0.5 and column.numeric < 0.5:
        odds += 2.0
        evidence.append(Evidence("begins", {"share": _percent(begins)}))
    for codes in references.values():
        if column.numeric < 0.5 and column.coded(codes).meant > 0.8 and begins < 0.5:
            odds -= 0.8 if codes.name == "region" else 2.5
            evidence.append(Evidence("codes", {"share": _percent(column.coded(codes).meant), "list": codes.name}))
            break
    return Fit(max(odds, NEVER), tuple(evidence))


def _percent(share: float) -> int:
    return round(100 * share)
