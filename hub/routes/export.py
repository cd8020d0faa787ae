"""`/export/STANDARD.csv` (`.ndjson`, `.parquet`): rows of a data standard as a file, streamed in the asker's scope.

`/export/rows.csv?dataset=ID` has those of a dataset that no standard describes, as text. A table that is not there and
one that the asker may not see are told alike. What an address may ask, and how it is read, is `gateway/exporting.py`
and `gateway/exporting_text.py`.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Callable

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from core.contract import Contract
from core.log import get
from core.rows_errors import QueryBusy, QueryTimeout
from core.rows_export import MEDIA, Format
from gateway import exporting_text
from gateway.context import Context, Services
from gateway.export_errors import ExportInvalid, ExportUnknown
from gateway.exporting import Asked, Export, Inputs, prepared, read
from gateway.offload import Offload
from hub.routes.asking import OWN, Asking

log = get("hub.export")
_PLACE = "exports"


class _Exports:
    """The exports: what standards' inputs are, and how many files may be read at once."""

    def __init__(self, asking: Asking) -> None:
        self._asking = asking
        self._inputs: dict[str, Inputs] = {}

    def asked(self, request: Request, context: Context) -> Asked:
        """What an address asks for; `ExportUnknown` where there is no such file."""
        file = request.path_params["file"]
        name, _, ending = file.rpartition(".")
        contract = context.services.contracts.get(name)
        if ending not in set(Format) or (contract is None and name != exporting_text.NAME):
            raise ExportUnknown(name=file)
        given = dict(request.query_params)
        repeated = next((key for key in given if len(request.query_params.getlist(key)) > 1), None)
        if repeated is not None:
            raise ExportInvalid(parameter=repeated, expected="1x")
        if contract is None:
            return exporting_text.read(Format(ending), given)
        return read(self._known(contract), Format(ending), given, context.services.regions)

    def _known(self, contract: Contract) -> Inputs:
        if contract.name not in self._inputs:
            self._inputs[contract.name] = Inputs(contract)
        return self._inputs[contract.name]

    async def answer(self, request: Request) -> Response:
        """The file, or that it has not changed."""
        settings = self._asking.services.settings
        context = await self._asking.context(request, settings.export_seconds)
        export = await prepared(context, self.asked(request, context))
        headers = _headers(export)
        if export.etag is not None and _matches(request.headers.get("if-none-match", ""), export.etag):
            return Response(None, 304, headers)
        if request.method == "HEAD":
            return Response(None, 200, headers)
        if not self._asking.services.places.free(_PLACE, settings.exports_at_once):
            raise QueryBusy(seconds=settings.export_seconds)
        headers["X-Row-Count"] = str(await export.count(context))
        pieces = self._pieces(export, context)
        # what cannot be read is told before the file begins, with a status and a code
        first = await anext(pieces, b"")
        return _File(first, pieces, headers)

    async def _pieces(self, export: Export, context: Context) -> AsyncGenerator[bytes, None]:
        places, settings = self._asking.services.places, self._asking.services.settings
        if not places.take(_PLACE, settings.exports_at_once):
            raise QueryBusy(seconds=settings.export_seconds)
        pieces = export.pieces(context)
        try:
            async for piece in pieces:
                yield piece
        except QueryTimeout:
            log.warning("export.cut", contract=export.asked.name, seconds=context.deadline.seconds)
            raise
        finally:
            await pieces.aclose()
            places.leave(_PLACE)


async def _after(first: bytes, pieces: AsyncGenerator[bytes, None]) -> AsyncIterator[bytes]:
    """The first piece, then the others."""
    yield first
    async for piece in pieces:
        yield piece


class _File(StreamingResponse):
    """A response whose pieces end with it: its asker may go at any moment, even before the first was taken."""

    def __init__(self, first: bytes, pieces: AsyncGenerator[bytes, None], headers: dict[str, str]) -> None:
        super().__init__(_after(first, pieces), 200, headers)
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the file."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            await self._pieces.aclose()


def _headers(export: Export) -> dict[str, str]:
    return {
        **OWN,
        "Content-Type": MEDIA[export.asked.form],
        "Content-Disposition": f'attachment; filename="{export.name}"',
        "X-Commit": str(export.seq),
        **({"ETag": export.etag} if export.etag is not None else {}),
    }


def _matches(given: str, etag: str) -> bool:
    """Whether `If-None-Match` names the tag."""
    return any(part.strip().removeprefix("W/") in (etag, "*") for part in given.split(","))


def routes(services: Services, offload: Offload, now: Callable[[], Services]) -> list[Route]:
    """The address of the exports."""
    exports = _Exports(Asking(services, offload, now))

    async def export(request: Request) -> Response:
        return await exports.answer(request)

    return [Route("/export/{file}", export, methods=["GET"])]
