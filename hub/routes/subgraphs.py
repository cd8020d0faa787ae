"""`/subgraphs/NAME`: each domain's subgraph alone, for a federation's router that knows the shared secret.

Without a secret in the settings there are no such doors. The router passes on its caller's `Authorization`, so what
is seen stays the caller's matter; the secret opens the door and nothing else. What a subgraph shows is
`gateway/federated.py`.
"""

import hmac
from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from core.messages import use_locale
from core.operations.requests import locale_of
from gateway.context import Services
from gateway.errors import SubgraphRefused
from gateway.federated import make_subgraphs
from gateway.http import GraphQLDoor
from gateway.offload import Offload

HEADER = "X-Subgraph-Secret"
_BODY_MAX = 2 * 1024 * 1024  # thousands of representations, which are refused by their number and not by their length


def _route(name: str, door: GraphQLDoor, services: Services) -> Route:
    secret = services.settings.subgraph_secret.encode()

    async def answered(request: Request) -> Response:
        use_locale(locale_of(request, services.settings.locale))
        if not hmac.compare_digest(request.headers.get(HEADER, "").encode("latin-1"), secret):
            raise SubgraphRefused(subgraph=name, header=HEADER)
        return await door(request)

    return Route(f"/subgraphs/{name}", answered, methods=["POST"])


def routes(services: Services, offload: Offload, now: Callable[[], Services]) -> list[Route]:
    """One address a subgraph; none without a secret."""
    if not services.settings.subgraph_secret:
        return []
    doors = {
        name: GraphQLDoor(schema, services, offload, now, body_max=_BODY_MAX)
        for name, schema in make_subgraphs(services.contracts).items()
    }
    return [_route(name, door, services) for name, door in doors.items()]
