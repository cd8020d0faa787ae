"""CKAN's wire format, shared by the node and the hub, so that a harvester meets one dialect everywhere.

`wire.py` renders, `errors.py` refuses, `search.py` says what a query means, `actions.py` answers calls. HTTP,
files, and who may see what are left to those who use it.
"""

from core.ckan.actions import Portal, answer, body_parameters, query_parameters
from core.ckan.errors import (
    ActionRefused,
    ActionUnknown,
    BadRequest,
    Invalid,
    NotAuthorised,
    NotFound,
    QueryInvalid,
    SearchBroken,
)
from core.ckan.wire import MIME, Answer, Collection, Dataset, Resource, refuse, render_dataset, stamp, succeed, uuid_of

__all__ = [
    "MIME",
    "ActionRefused",
    "ActionUnknown",
    "Answer",
    "BadRequest",
    "Collection",
    "Dataset",
    "Invalid",
    "NotAuthorised",
    "NotFound",
    "Portal",
    "QueryInvalid",
    "Resource",
    "SearchBroken",
    "answer",
    "body_parameters",
    "query_parameters",
    "refuse",
    "render_dataset",
    "stamp",
    "succeed",
    "uuid_of",
]
