"""A dataset as CKAN's search index sees it: every field's values as text, its words, its score."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from core.ckan.wire import Dataset, Json, render_dataset, stamp
from core.reference import fold

_WEIGHTS = {"name": 4, "title": 4, "tags": 2, "groups": 2}

Matcher = Callable[["Document"], bool]


@dataclass(frozen=True)
class Document:
    """A dataset as the index sees it: each field's values as text."""

    dataset: Dataset

    @cached_property
    def fields(self) -> Mapping[str, tuple[str, ...]]:
        """Every field that can be asked for, under CKAN's names."""
        d = self.dataset
        owner = d.organisation
        out: dict[str, tuple[str, ...]] = {
            "id": (d.id,),
            "name": (d.name,),
            "title": (d.title,),
            "title_string": (d.title,),
            "notes": (d.notes,),
            "url": (d.url,),
            "version": (d.version,),
            "author": (d.author,),
            "maintainer": (d.maintainer or "",),
            "license_id": (d.license_id,),
            "organization": (owner.name,) if owner else (),
            "owner_org": (owner.id,) if owner else (),
            "groups": tuple(g.name for g in d.groups),
            "tags": tuple(sorted(d.tags)),
            "res_format": tuple(r.format for r in d.resources),
            "res_name": tuple(r.name for r in d.resources),
            "res_description": tuple(r.description or "" for r in d.resources),
            "res_url": tuple(r.url for r in d.resources),
            "metadata_created": (stamp(d.created) + "Z",),
            "metadata_modified": (stamp(d.modified) + "Z",),
            "state": ("active",),
            "private": ("false",),
            "capacity": ("public",),
            "type": ("dataset",),
            "dataset_type": ("dataset",),
        }
        for key, value in d.extras:
            out.setdefault(key, (value,))
            out[f"extras_{key}"] = (value,)
        searched = ("name", "title", "notes", "tags", "groups", "organization", "author", "res_name", "res_description")
        text = [value for name in searched for value in out[name]] + [value for _, value in d.extras]
        out["text"] = (*text, owner.title if owner else "", *(g.title for g in d.groups))
        return out

    @cached_property
    def rendered(self) -> Json:
        """The dataset dict, made once."""
        return render_dataset(self.dataset)

    @cached_property
    def words(self) -> frozenset[str]:
        """The folded words of its text."""
        return frozenset(word for value in self.fields["text"] for word in fold(value).split())

    def score(self, words: Iterable[str]) -> int:
        """How well it answers the words: weights of the fields that hold them."""
        total = 0
        for word in words:
            total += word in self.words
            for name, weight in _WEIGHTS.items():
                total += weight * any(word in fold(value).split() for value in self.fields[name])
        return total


def phrase_in(folded: str, value: str) -> bool:
    """Whether a folded phrase stands in a text, whole words only."""
    return f" {folded} " in f" {fold(value)} "
