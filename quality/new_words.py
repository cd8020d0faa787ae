"""Words of a delivery that no list has: asked about with what they are likely to mean, never taken for it."""

from collections import Counter
from dataclasses import replace

import pyarrow.compute as pc
import pyarrow.parquet as pq

from core.contract import Contract
from core.messages import text
from quality.harmonise import load_words
from quality.harmonise.meant import Meanings, meanings
from quality.outcome import CheckOutcome, Warned
from quality.remembered import Remembering

#: The remark of such a delivery.
WORDS = "WORDS_UNKNOWN"
_STORED = "id"
_SHOWN = 12


def with_words(outcome: CheckOutcome, memory: Remembering) -> CheckOutcome:
    """The outcome, beside which stands each column with words that are not known and what they may mean."""
    rules = _rules(memory.contract)
    if outcome.quarantined is None or not rules.keys() & outcome.reasons.keys():
        return outcome
    reasons = pc.list_flatten(pq.read_table(outcome.quarantined, columns=["reasons"])["reasons"].combine_chunks())
    wrong = reasons.filter(pc.is_in(pc.struct_field(reasons, "rule"), value_set=pc.cast(list(rules), "string")))
    counted = Counter(
        (rules[rule], word)
        for rule, word in zip(
            pc.struct_field(wrong, "rule").to_pylist(), pc.struct_field(wrong, "value").to_pylist(), strict=True
        )
        if word
    )
    known = meanings(memory.contract, memory.references, load_words())
    said = []
    for name in dict.fromkeys(name for name, _ in counted):
        words = [word for (column, word), _ in counted.most_common() if column == name]
        shown = ", ".join(_told(known[name], word) for word in words[:_SHOWN]) + (" …" if len(words) > _SHOWN else "")
        title = memory.contract.column(name).title[_STORED]
        said.append(Warned(WORDS, {"column": name, "title": title, "words": shown, "dataset": memory.dataset}))
    return replace(outcome, warnings=(*outcome.warnings, *said))


def _rules(contract: Contract) -> dict[str, str]:
    """The rules that say that a word is in no list, and their columns."""
    found = {f"{c.name}.reference": c.name for c in contract.columns if c.reference}
    found |= {f"{c.name}.boolean": c.name for c in contract.columns if c.type.value == "boolean"}
    for rule in contract.rules:
        column = rule.kwargs.get("column")
        if rule.type == "expect_column_values_to_be_in_set" and contract.column(str(column)).labels:
            found[rule.id] = str(column)
    return found | {f"{c.name}.{c.type.value}": c.name for c in contract.columns if c.labels}


def _told(one: Meanings, word: str) -> str:
    value = one.likely(word)
    if value is None:
        return text("quality.word.plain", _STORED, word=word)
    return text("quality.word.likely", _STORED, word=word, value=value, name=one.name(value)).rstrip()
