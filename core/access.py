"""The one actor and what it may see: every door passes an `Actor`, every row query compiles its `Scope`.

Checking in Python after the query, or in a GraphQL permission class, is not allowed anywhere: the scope is
part of the query value (`core/rows.py`).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from core.contract import Classification, Contract
from core.rows import FALSE, TRUE, Compare, Filter, Op, Scope

__all__ = ("ANONYMOUS", "SYSTEM", "Actor", "Role", "Scope", "scope", "scope_text", "sees")


class Role(StrEnum):
    """What a member's person or machine may do; anonymous has none."""

    COORDINATOR = "coordinator"  # the province: sees limited data of all regions
    STEWARD = "steward"  # walidata: sees limited and closed data of its own organisation
    REVIEWER = "reviewer"  # pembina: sees limited data of all regions
    PRODUCER = "producer"  # produsen: one dinas of an organisation
    ADMIN = "admin"  # runs the machine, allows exceptions
    MACHINE = "machine"  # a node, a gauge, a dashboard


@dataclass(frozen=True, slots=True)
class Actor:
    """Who asks, through whichever door.

    Attributes:
        id: the account or token id; `anonymous` where there is none.
        name: how the audit names it.
        roles: what it may do.
        member: the code of its member organisation, or None.
        organisation: the dinas within the member, or None for the whole member.
        regions: the region codes of its member; a province code covers its regencies.
    """

    id: str = "anonymous"
    name: str = "anonim"
    roles: frozenset[Role] = frozenset()
    member: str | None = None
    organisation: str | None = None
    regions: frozenset[str] = field(default_factory=frozenset)

    @property
    def is_member(self) -> bool:
        """Whether it belongs to a member organisation at all."""
        return bool(self.roles)


ANONYMOUS = Actor()
#: The system's own hand: flows and maintenance, never a request.
SYSTEM = Actor(id="system", name="sistem", roles=frozenset({Role.COORDINATOR, Role.ADMIN}))


_EVERYWHERE = frozenset({Role.COORDINATOR, Role.REVIEWER, Role.ADMIN})


def sees(actor: Actor, classification: Classification, *, own: bool) -> bool:
    """Whether an actor sees something of this class; `own` says that it is its organisation's."""
    if classification is Classification.OPEN:
        return True
    if classification in (Classification.UNCLASSIFIED, Classification.LIMITED):
        return actor.is_member and (
            own or classification is Classification.UNCLASSIFIED or bool(actor.roles & _EVERYWHERE)
        )
    return own and actor.is_member


def _rows_for(actor: Actor, classification: Classification) -> Filter:
    """The rows an actor sees of a table of this class: all, its own member's, or none."""
    if sees(actor, classification, own=False):
        return TRUE
    if actor.member is not None and sees(actor, classification, own=True):
        return Compare("_member", Op.EQ, actor.member)
    return FALSE


def scope(actor: Actor, contract: Contract) -> Scope:
    """The columns and rows of a contract that an actor may see."""
    rows = _rows_for(actor, contract.classification)
    columns = {c.name for c in contract.columns if sees(actor, c.classification, own=False)}
    own_only = {c.name for c in contract.columns if c.name not in columns and sees(actor, c.classification, own=True)}
    if own_only and isinstance(rows, Compare):  # it sees its own rows only, so its own columns are safe there
        columns |= own_only
    return Scope(frozenset(columns), rows)


def scope_text(actor: Actor, classification: Classification, member: str, columns: Iterable[str]) -> Scope:
    """The scope of a dataset that no contract describes yet: all of its columns, or nothing."""
    visible = sees(actor, classification, own=actor.member == member)
    return Scope(frozenset(columns) if visible else frozenset(), TRUE if visible else FALSE)
