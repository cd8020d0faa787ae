"""What a GraphQL request over HTTP or a socket must look like before anything of it is read further.

Batches, forms, multipart, text and compressed bodies are not read (G09, G12, G14).
"""

import asyncio
from typing import Any

import orjson
from starlette.requests import ClientDisconnect, HTTPConnection, Request

from core.errors import LumbungError
from core.messages import LOCALES, text
from core.operations.refusals import Refusals
from core.token_errors import TokenInvalid


def bearer(header: object) -> str | None:
    """The token of `Bearer TOKEN`, or None without any; another scheme is no valid token."""
    if header is None:
        return None
    scheme, _, secret = header.partition(" ") if isinstance(header, str) else ("", "", "")
    if scheme.lower() != "bearer" or not secret.strip():
        raise TokenInvalid
    return secret.strip()


def locale_of(http: HTTPConnection, default: str) -> str:
    """The first language of `Accept-Language` that we speak, else the installation's."""
    for choice in http.headers.get("accept-language", "").split(",", 10)[:10]:
        language = choice.partition(";")[0].strip().lower().partition("-")[0]
        if language in LOCALES:
            return language
    return default


def invalid(refusals: Refusals, message_id: str, **values: object) -> LumbungError:
    """The error for a request that is not one GraphQL request in JSON."""
    return refusals.request(text(message_id, **values))


def has_nul(raw: bytes | str) -> bool:
    """Whether JSON may hold a NUL, which no data has and PostgreSQL breaks on; it is never written but so."""
    return b"\\u0000" in raw if isinstance(raw, bytes) else "\\u0000" in raw


def json_of(raw: bytes | str, refusals: Refusals) -> Any:
    """What stands in JSON; a typed error where it is none, or has a NUL (R07)."""
    if has_nul(raw):
        raise invalid(refusals, "operations.request.nul")
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        if isinstance(raw, bytes):
            try:
                raw.decode()
            except UnicodeDecodeError:
                raise invalid(refusals, "operations.request.utf8") from error
        raise invalid(refusals, "operations.request.json") from error


async def posted(http: Request, largest: int, seconds: float, refusals: Refusals) -> Any:
    """The JSON that was posted; a typed error where its form is not accepted, it is too large, or does not come."""
    if http.headers.get("content-encoding", "identity").lower() != "identity":
        raise invalid(refusals, "operations.request.encoding")
    kind, _, parameters = http.headers.get("content-type", "").partition(";")
    charset = parameters.strip().lower().removeprefix("charset=").strip('"')
    if kind.strip().lower() != "application/json" or charset not in ("", "utf-8", "utf8"):
        raise invalid(refusals, "operations.request.type")
    declared = http.headers.get("content-length", "")
    if declared.isdigit() and int(declared) > largest:
        raise refusals.too_large(largest)
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in http.stream():
                body += chunk
                if len(body) > largest:
                    raise refusals.too_large(largest)
    except TimeoutError as error:
        raise invalid(refusals, "operations.request.slow", seconds=round(seconds)) from error
    except ClientDisconnect as error:  # nobody hears this
        raise invalid(refusals, "operations.request.json") from error
    return json_of(bytes(body), refusals)


def parts_of(
    data: dict[str, Any], refusals: Refusals, *, needed: bool = True
) -> tuple[str, dict[str, Any] | None, str | None]:
    """Query, variables and the operation's name in a request; a typed error names what does not fit.

    Args:
        needed: whether there must be a query; without one it is empty text.
    """
    query, variables, name = data.get("query"), data.get("variables"), data.get("operationName")
    if query is None and not needed:
        query = ""
    elif not isinstance(query, str) or not query.strip():
        raise invalid(refusals, "operations.request.query")
    if variables is not None and not isinstance(variables, dict):
        raise invalid(refusals, "operations.request.variables")
    if name is not None and not isinstance(name, str):
        raise invalid(refusals, "operations.request.name")
    return query, variables, name or None


def object_of(data: Any, refusals: Refusals) -> dict[str, Any]:
    """The one object that a request is; a batch is none."""
    if not isinstance(data, dict):
        raise invalid(refusals, "operations.request.object")
    return data
