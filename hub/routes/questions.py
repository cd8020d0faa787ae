"""`/tanya`: the named questions and their forms; `/tanya/NAME?field=...`: the answer as a table, CSV or workbook.

No graph is to be seen here. What a question is and how it is answered is `gateway/questions.py` and
`gateway/answering.py`; the same code answers `lumbung ask`.
"""

from collections.abc import Callable, Mapping
from typing import Any

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from strawberry import Schema

from gateway import forms
from gateway.answering import Asker, Table
from gateway.context import Context, Services
from gateway.export_errors import AskFieldInvalid, AskUnknown
from gateway.offload import Offload
from gateway.questions import FormField, Question, read
from gateway.trusted import FOLDER, SHIPPED
from hub.routes.asking import OWN, Asking

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def _json(body: object) -> Response:
    return Response(orjson.dumps(body, option=orjson.OPT_UTC_Z), 200, OWN, "application/json")


def _form(services: Services, field: FormField) -> dict[str, Any]:
    described: dict[str, Any] = {
        "name": field.name,
        "label": str(field.label),
        "kind": field.kind,
        "required": field.required,
        "default": forms.default(services, field),
    }
    if field.kind == "number":
        described |= {"least": field.least, "most": field.most}
    if field.kind == "choice":
        described["choices"] = _offered(services, field)
    return described


def _offered(services: Services, field: FormField) -> list[dict[str, str]]:
    return [{"value": value, "label": label} for value, label in forms.choices(services, field)]


def listing(services: Services, questions: Mapping[str, Question]) -> dict[str, object]:
    """Every question with its form; the lists that many forms offer stand once, by the kind of field."""
    lists = {f.kind: f for q in questions.values() for f in q.fields if f.kind in forms.LISTED}
    return {
        "questions": [
            {
                "name": q.name,
                "topic": str(q.topic),
                "title": str(q.title),
                "about": str(q.about),
                "fields": [_form(services, field) for field in q.fields],
            }
            for q in questions.values()
        ],
        "choices": {kind: _offered(services, field) for kind, field in sorted(lists.items())},
    }


def routes(services: Services, offload: Offload, now: Callable[[], Services], schema: Schema) -> list[Route]:
    """Both addresses, over the questions that ship and those of the home as they stood at the start."""
    asking, asker = Asking(services, offload, now), Asker(schema)
    questions = {q.name: q for q in read((SHIPPED, services.settings.home / FOLDER))}
    seconds = services.settings.query_seconds

    async def offered(request: Request) -> Response:
        context = await asking.context(request, seconds)
        return _json(listing(context.services, questions))

    async def answer(request: Request) -> Response:
        context = await asking.context(request, seconds)
        name, _, ending = request.path_params["name"].partition(".")
        question = questions.get(name)
        if question is None or ending not in ("", "json", "csv", "xlsx"):
            raise AskUnknown(name=request.path_params["name"])
        table = await asker.ask(context, question, _given(request, question))
        return await _answered(context, table, ending)

    return [Route("/tanya", offered, methods=["GET"]), Route("/tanya/{name}", answer, methods=["GET"])]


def _given(request: Request, question: Question) -> dict[str, str]:
    given = dict(request.query_params)
    for name, value in given.items():
        if len(request.query_params.getlist(name)) > 1:
            raise AskFieldInvalid(name=question.name, field=name, value=value, expected="1x")
    return given


async def _answered(context: Context, table: Table, ending: str) -> Response:
    if ending in ("", "json"):
        return _json(table.as_json())
    made, media = (table.as_csv, "text/csv; charset=utf-8") if ending == "csv" else (table.as_xlsx, _XLSX)
    body = await context.offload.blocking(context.deadline, made)
    file = {"Content-Disposition": f'attachment; filename="{table.question.name}.{ending}"'}
    return Response(body, 200, OWN | file, media)
