"""The entities of the graph by their keys, as a router asks for them: one batch a type, whatever its size.

A router hands in representations, a type's name and a key each. How the types look is left to `entities/`; what an
actor may not see is absent, as everywhere.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from core.messages import text
from core.wire import whole_number
from gateway.context import Info
from gateway.entities.datasets import Dataset, Resource, Snapshot
from gateway.entities.listed import Commodity, Gauge, commodity_of, gauge_of
from gateway.entities.places import Member, Region, Source, member_of, region_of, source_of
from gateway.errors import EntitiesTooMany, EntityRefused

_SHOWN = 60  # letters of a foreign name that an error repeats


@dataclass(frozen=True, slots=True)
class Entity:
    """How a type is found by its key.

    Attributes:
        kind: the strawberry class.
        key: the field that names one.
        read: the key of a representation's value; TypeError or ValueError where it can be none.
        load: what a list of keys names, None for what is absent or closed.
    """

    kind: type
    key: str
    read: Callable[[object], Any]
    load: Callable[[Info, list[Any]], Awaitable[Sequence[Any]]]


def _word(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError("text is expected")
    return value


def _in_memory(found: Callable[[Info, str | None], Any]) -> Callable[[Info, list[str]], Awaitable[list[Any]]]:
    async def load(info: Info, keys: list[str]) -> list[Any]:
        return [found(info, key) for key in keys]

    return load


def _loaded(name: str) -> Callable[[Info, list[Any]], Awaitable[list[Any]]]:
    async def load(info: Info, keys: list[Any]) -> list[Any]:
        found: list[Any] = await getattr(info.context.loaders, name).load_many(keys)
        return found

    return load


#: The entities by their names in the graph.
ENTITIES: Mapping[str, Entity] = {
    "Region": Entity(Region, "code", _word, _in_memory(region_of)),
    "Member": Entity(Member, "code", _word, _in_memory(member_of)),
    "Source": Entity(Source, "id", _word, _in_memory(source_of)),
    "Gauge": Entity(Gauge, "code", _word, _in_memory(gauge_of)),
    "Commodity": Entity(Commodity, "code", _word, _in_memory(commodity_of)),
    "Dataset": Entity(Dataset, "id", _word, _loaded("dataset")),
    "Resource": Entity(Resource, "id", _word, _loaded("resource")),
    "Snapshot": Entity(Snapshot, "seq", whole_number, _loaded("snapshot")),
}


def _read(representation: object, served: Mapping[str, Entity]) -> tuple[str, Any]:
    """The type and key that a representation names; whatever else it holds is of no concern."""
    given = representation if isinstance(representation, dict) else {}
    name = given.get("__typename")
    entity = served.get(name) if isinstance(name, str) else None
    if entity is None:
        shown = str(name)[:_SHOWN]
        raise EntityRefused(type=shown, detail=text("gateway.entity.type", names=", ".join(sorted(served))))
    try:
        return str(name), entity.read(given.get(entity.key))
    except (TypeError, ValueError) as error:
        raise EntityRefused(type=name, detail=text("gateway.entity.key", key=entity.key)) from error


async def resolve(info: Info, representations: Sequence[object], served: Mapping[str, Entity]) -> list[Any]:
    """What representations name, in their order, each type asked for once; None for what is absent or closed.

    Raises:
        EntitiesTooMany: more in one request than the installation allows (G25).
        EntityRefused: a type that this subgraph does not resolve, or no key; nothing was looked up then.
    """
    context = info.context
    context.entities += len(representations)
    if context.entities > context.services.settings.entities_max:
        raise EntitiesTooMany(given=context.entities, largest=context.services.settings.entities_max)
    asked = [_read(representation, served) for representation in representations]
    keys: dict[str, list[Any]] = {}
    for name, key in dict.fromkeys(asked):
        keys.setdefault(name, []).append(key)
    batches = await asyncio.gather(*(served[name].load(info, wanted) for name, wanted in keys.items()))
    found = {
        (name, key): one
        for (name, wanted), batch in zip(keys.items(), batches, strict=True)
        for key, one in zip(wanted, batch, strict=True)
    }
    return [found[place] for place in asked]
