"""`/graphql/tanya`: a page to ask in, for whoever has a browser and no other tool. Nothing in it comes from elsewhere.

It asks `/graphql` as any client does, so it sees what its token sees. The token stays in the page unless its user has
it kept. Schema and examples are served beside it; the schema only where introspection is allowed.
"""

import re
from collections.abc import Mapping
from html import escape
from pathlib import Path
from typing import Any, Final

import orjson
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLObjectType,
    GraphQLSchema,
)
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core.messages import LOCALES, text, use_locale
from core.operations.requests import locale_of
from gateway.errors import IntrospectionClosed
from gateway.http import GraphQLDoor
from gateway.offload import Deadline
from gateway.trusted import Trusted

PATH: Final = "/graphql/tanya"
_FILES = Path(__file__).parent / "page"
_KINDS = {"page.js": "text/javascript", "page.css": "text/css"}
POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; form-action 'none'; "
    "frame-ancestors 'none'; base-uri 'none'"
)
_WORDS: Final = (
    "asking", "bad_variables", "closed", "cost", "done", "events", "forgotten", "found", "listening", "no_rows", "rows",
    "schema_closed", "stopped", "unreachable", "with_errors",
)  # fmt: skip
_PLACE = re.compile(r"\{\{(\w+)\}\}")


def wants_page(request: Request) -> bool:
    """Whether a browser has come to `/graphql` without a question."""
    accepted = request.headers.get("accept", "")
    return request.method == "GET" and not request.url.query and accepted.lstrip().startswith("text/html")


def _page(locale: str) -> str:
    words = orjson.dumps({word: text(f"gateway.page.{word}") for word in _WORDS}).decode()
    given = {"lang": locale, "words": words}
    template = (_FILES / "index.html").read_text(encoding="utf-8")
    return _PLACE.sub(lambda m: escape(given.get(m[1]) or text(f"gateway.page.{m[1]}"), quote=True), template)


def _fields(fields: Mapping[str, GraphQLField | GraphQLInputField]) -> list[dict[str, Any]]:
    return [
        {
            "name": name,
            "type": str(field.type),
            "about": field.description,
            "args": [{"name": n, "type": str(a.type)} for n, a in getattr(field, "args", {}).items()],
        }
        for name, field in fields.items()
    ]


def shown(schema: GraphQLSchema) -> bytes:
    """The schema as the page reads it: each type of the graph with its fields or values."""
    found: dict[str, Any] = {}
    for name, kind in schema.type_map.items():
        if name.startswith("__"):
            continue
        about = {"about": kind.description}
        if isinstance(kind, GraphQLObjectType | GraphQLInputObjectType):
            found[name] = about | {"fields": _fields(kind.fields)}
        elif isinstance(kind, GraphQLEnumType):
            found[name] = about | {"values": [{"name": n, "about": v.description} for n, v in kind.values.items()]}
    return orjson.dumps(found)


def routes(door: GraphQLDoor, trusted: Trusted) -> list[Route]:
    """The page and what it is made of."""
    schema: list[bytes] = []  # made once, when first asked for

    def answer(body: bytes | str, kind: str) -> Response:
        headers = {"Cache-Control": "no-cache", "Content-Security-Policy": POLICY, "Vary": "Accept-Language"}
        return Response(body, headers=headers, media_type=kind)

    async def page(request: Request) -> Response:
        asked = request.query_params.get("lang", "")
        locale = asked if asked in LOCALES else locale_of(request, door.settings.locale)
        use_locale(locale)
        return answer(_page(locale), "text/html")

    async def file(request: Request) -> Response:
        name = request.url.path.rpartition("/")[2]
        return answer((_FILES / name).read_bytes(), _KINDS[name])

    async def schema_json(request: Request) -> Response:
        if not door.settings.introspection:
            use_locale(locale_of(request, door.settings.locale))
            raise IntrospectionClosed
        if not schema:
            schema.append(await door.offload.parse(Deadline(door.settings.query_seconds), lambda: shown(door.schema)))
        return answer(schema[0], "application/json")

    async def examples(_: Request) -> Response:
        found = await door.offload.parse(Deadline(door.settings.query_seconds), trusted.all)
        body = [{"name": d.name, "title": d.title, "query": d.text} for d in found]
        return answer(orjson.dumps(body), "application/json")

    return [
        Route(PATH, page, methods=["GET"]),
        *(Route(f"{PATH}/{name}", file, methods=["GET"]) for name in _KINDS),
        Route(f"{PATH}/schema.json", schema_json, methods=["GET"]),
        Route(f"{PATH}/examples.json", examples, methods=["GET"]),
    ]
