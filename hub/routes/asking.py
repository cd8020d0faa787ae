"""What the doors beside `/graphql` share: who asks, until when, and in which language.

Exports and named questions are asked by `GET` with the same `Authorization` as the graph; their errors are JSON of the
same form.
"""

from collections.abc import Callable
from dataclasses import dataclass

from starlette.requests import Request

from core import tokens
from core.access import ANONYMOUS
from core.messages import use_locale
from core.operations.requests import bearer, locale_of
from gateway.context import Context, Services
from gateway.offload import Deadline, Offload


@dataclass(frozen=True)
class Asking:
    """The services as they stand, and what makes a request's context of them."""

    services: Services
    offload: Offload
    now: Callable[[], Services]

    async def context(self, request: Request, seconds: float) -> Context:
        """The context of one request.

        Raises:
            TokenInvalid: a token came that does not hold.
        """
        use_locale(locale_of(request, self.services.settings.locale))
        deadline = Deadline(seconds)
        secret = bearer(request.headers.get("authorization"))
        if secret is None:
            return Context(self.now(), self.offload, deadline, ANONYMOUS)
        sessions, moment = self.services.sessions, self.services.clock()
        actor = await self.offload.blocking(deadline, lambda: tokens.authenticate(sessions, secret, now=moment))
        return Context(self.now(), self.offload, deadline, actor)


#: What every answer of these doors says of itself: it is the asker's, and may have changed.
OWN = {"Cache-Control": "private, no-cache", "Vary": "Authorization, Accept-Language"}
