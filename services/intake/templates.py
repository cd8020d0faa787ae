"""A file that turned out to be a filled template: it follows its standard without a mapping that anybody wrote.

Which file is one is found in its header by the checking process (`services/intake/files.py`); that is remembered with
the resource, so that its next delivery, its holds and a new version of the standard are treated as any mapped file's.
"""

from dataclasses import replace

from core import template
from federation.member import SourceConfig
from services.granary import Granary
from services.intake.work import TEMPLATE, Item, config_key


def as_template(granary: Granary, source: SourceConfig, item: Item, standard: str) -> Item:
    """The item under the standard whose template its file is."""
    contract, mapping = granary.contracts[standard], template.mapping(standard)
    key = item.key[:32] + config_key(granary, source, mapping, contract)
    return replace(item, key=key, contract=contract, mapping=mapping, template=True)


def marked(item: Item) -> dict[str, str]:
    """What is remembered of a filled template beside the styles of its columns."""
    return {TEMPLATE: item.contract.name} if item.contract is not None else {}
