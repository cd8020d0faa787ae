"""Words that a source writes where its standard has codes: which a person has confirmed, and which are still asked.

They stand in the mapping (`DatasetMapping.values`), so that a steward can read and change them in the member's file;
what a word is likely to mean is `quality/harmonise/meant.py`.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from sqlalchemy import func, select

from catalog.holds import may_decide
from catalog.models import CheckRecord, Dataset, DatasetState, Resource
from catalog.writing import reading
from core.access import Actor
from core.contract import Contract
from core.mapping import DatasetMapping
from core.messages import text
from core.reference import fold
from federation.readers import read
from quality.harmonise import Words, load_words
from quality.harmonise.meant import Meanings, Word, meanings, words_of
from quality.new_words import WORDS
from services.errors import MappingAnswerInvalid, MappingRefused, MappingUnknown
from services.granary import Granary
from services.intake.choose import mapped_table
from services.intake.take_in import read_limits
from services.mapping import Proposal, Remembered, landed, put


@dataclass(frozen=True, slots=True)
class Asked:
    """A dataset whose newest delivery has words that no list knows; `words` tells them, by the column's title."""

    dataset: str
    title: str
    source: str
    file: str
    words: Mapping[str, str] = field(default_factory=dict)


def asked(granary: Granary, source: str | None = None) -> list[Asked]:
    """The datasets with unknown words, by title."""
    newest = select(CheckRecord.resource_id, func.max(CheckRecord.at).label("at")).group_by(CheckRecord.resource_id)
    last = newest.subquery()
    query = (
        select(CheckRecord.warnings, Resource.name, Dataset)
        .join(last, (last.c.resource_id == CheckRecord.resource_id) & (last.c.at == CheckRecord.at))
        .join(Resource, Resource.id == CheckRecord.resource_id)
        .join(Dataset, Dataset.id == Resource.dataset_id)
        .where(Dataset.state != DatasetState.WITHDRAWN.value, CheckRecord.contract.is_not(None))
        .order_by(Dataset.title, Resource.name)
    )
    out = []
    with reading(granary.sessions) as session:
        for warnings, file, dataset in session.execute(query):
            said = {w["values"]["title"]: w["values"]["words"] for w in warnings if w["code"] == WORDS}
            if said and source in (None, dataset.source):
                out.append(Asked(dataset.id, dataset.title, dataset.source, file, said))
    return out


def words(
    granary: Granary, name: str, *, source: str | None = None, file: str | None = None
) -> tuple[Proposal, list[Word]]:
    """The words of a dataset's landed file that its lists do not have, confirmed or not.

    Raises:
        MappingUnknown: no mapping is meant for it. LumbungError: it is unknown, not landed or cannot be read.
    """
    found = landed(granary, name, source=source, file=file)
    if found.current is None or found.landed is None or found.source is None:
        raise MappingUnknown(name=name, source=found.source.id if found.source is not None else "-")
    contract = _contract(granary, found.current)
    path = granary.landing.open(found.landed)
    tables = read(path, found.file, mime=found.mime, limits=read_limits(granary)).tables
    table = mapped_table(tables, found.current)
    if table is None:
        return found, []
    return found, words_of(table, contract, found.current, granary.references, _said(granary))


def teach(
    granary: Granary,
    found: Proposal,
    said: Mapping[str, Mapping[str, str]],
    *,
    actor: Actor,
    reason: str = "",
) -> Remembered:
    """Remember what words mean, in the mapping that stands; an empty meaning forgets a word.

    The next harvest reads the landed bytes again with it.

    Args:
        found: as `words` gave it.
        said: contract column, by name or title, to words and their codes or values.

    Raises:
        MappingAnswerInvalid: a column has no list, or its list no such code. MappingRefused: not the actor's.
    """
    assert found.source is not None
    assert found.current is not None
    if not may_decide(actor, found.source.member):
        raise MappingRefused(member=found.source.member, actor=actor.name)
    contract = _contract(granary, found.current)
    known = meanings(contract, granary.references, _said(granary))
    values = {column: dict(pairs) for column, pairs in found.current.values.items()}
    for name, pairs in said.items():
        column = _column(contract, known, name)
        own = values.setdefault(column, {})
        for word, value in pairs.items():
            for old in [w for w in own if fold(w) == fold(word)]:
                del own[old]
            if value:
                own[word] = _value(known[column], word, value)
    mapping = replace(found.current, values={column: pairs for column, pairs in values.items() if pairs})
    more = {"words": {name: dict(pairs) for name, pairs in said.items()}}
    return put(granary, found, mapping, actor=actor, reason=reason, more=more)


def _said(granary: Granary) -> Words:
    return load_words(granary.settings.folder("reference") / "words.csv")


def _contract(granary: Granary, mapping: DatasetMapping) -> Contract:
    if mapping.contract not in granary.contracts:
        raise MappingAnswerInvalid(answer=mapping.contract, choices=", ".join(sorted(granary.contracts)))
    return granary.contracts[mapping.contract]


def _column(contract: Contract, known: Mapping[str, Meanings], name: str) -> str:
    for column in known:
        if fold(name) in {fold(column), *(fold(title) for title in contract.column(column).title.values())}:
            return column
    raise MappingAnswerInvalid(answer=name, choices=", ".join(known))


def _value(one: Meanings, word: str, value: str) -> str:
    """A code or value as the list has it."""
    if one.codes is not None:
        code = one.codes.resolve(value).code
        choices = one.codes.codes
    else:
        code = value if one.known(value) else None
        code = one.target.values.get(fold(value), code)
        choices = one.target.column.labels
    if code is None:
        listed = ", ".join(f"{code} ({name})" if name else code for code, name in list(choices.items())[:30])
        raise MappingAnswerInvalid(answer=f"{word} = {value}", choices=listed or text("returns.expect.boolean"))
    return code
