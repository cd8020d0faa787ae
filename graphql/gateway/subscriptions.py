"""Subscriptions at `/graphql`: who a socket's client is, and what it is told.

What a subscription may ask for is decided as for queries (limits, trusted documents, cost, scope); each event is
answered in a context of its own, with the token proved again. The protocol and its manners are `core/operations`';
which events there are is left to `subgraphs/events.py`.
"""

import asyncio
import inspect
from collections.abc import AsyncGenerator, Mapping
from functools import partial
from typing import Any

from graphql import ExecutionResult, OperationType
from graphql.execution.subscribe import create_source_event_stream
from sqlalchemy.orm import Session

from core import tokens
from core.access import ANONYMOUS, Actor
from core.operations import sockets
from core.operations.refusals import Refused
from core.operations.sockets import PROTOCOL, RESTART, Manners
from core.rows_errors import QueryTimeout
from core.token_errors import TokenInvalid
from gateway.documents import Sound
from gateway.errors import REFUSALS, refusal
from gateway.execution import Request, run
from gateway.feed import Feed
from gateway.http import GraphQLDoor, request_of
from gateway.listening import Listening
from gateway.offload import Deadline

__all__ = ["PROTOCOL", "RESTART", "Manners", "Sockets"]


class Sockets(sockets.Sockets):
    """The graph's door for sockets."""

    def __init__(self, door: GraphQLDoor, feed: Feed, manners: Manners | None = None) -> None:
        manners, places = manners or Manners(), door.services.places
        super().__init__(lambda: _Client(self), REFUSALS, manners, locale=door.settings.locale, places=places)
        self.door = door
        self.feed = feed


class _Client:
    """One client, by the token that its connection began with."""

    def __init__(self, sockets: Sockets) -> None:
        self._sockets, self._door = sockets, sockets.door
        self._secret: str | None = None
        self._actor: Actor = ANONYMOUS

    async def begin(self, secret: str | None) -> str | None:
        """The token's name; None without one."""
        if secret is None:
            return None
        self._secret, door = secret, self._door
        sessions, now = door.services.sessions, door.services.clock()
        self._actor = await door.offload.blocking(
            Deadline(door.settings.query_seconds), lambda: tokens.authenticate(sessions, secret, now=now)
        )
        return f"token:{self._actor.id}"

    async def still(self) -> None:
        """Prove the token."""
        await self._context().proved()

    def _context(self) -> Listening:
        """A context for what is asked now, by whom the connection began with."""
        door, secret, actor = self._door, self._secret, self._actor
        services = door.now()

        def proof(session: Session) -> None:
            if secret is not None and tokens.holder(session, secret, now=services.clock()) != actor:
                raise TokenInvalid

        return Listening(
            services,
            door.offload,
            Deadline(door.settings.query_seconds),
            actor,
            proof=proof if secret is not None else None,
            feed=self._sockets.feed,
            renew=self._context,
        )

    async def answers(self, payload: dict[str, Any]) -> AsyncGenerator[Mapping[str, Any], None]:
        """One body for every event of a subscription."""
        door, context = self._door, self._context()
        request = request_of(payload, only_queries=False)
        sound, _, cost = await door.prepared(context, request, kind=OperationType.SUBSCRIPTION)
        await context.proved()
        begun = create_source_event_stream(
            door.schema,
            sound.document,
            context_value=context,
            variable_values=request.variables,
            operation_name=request.operation,
        )
        try:
            async with asyncio.timeout(context.deadline.left):
                source = await begun if inspect.isawaitable(begun) else begun
        except TimeoutError as error:
            raise QueryTimeout(seconds=context.deadline.seconds) from error
        if isinstance(source, ExecutionResult):
            raise Refused(tuple(source.errors or ()))
        assert isinstance(source, AsyncGenerator)
        try:
            async for event in source:
                body = await context.in_turn(partial(self._told, sound, request, event))
                yield body | {"extensions": {"cost": cost}}
        finally:
            await source.aclose()

    async def _told(self, sound: Sound, request: Request, event: Any, fresh: Listening) -> dict[str, object]:
        """What is told of an event, to a token that still holds."""
        try:
            body = await run(self._door.schema, fresh, sound.document, request, event)
        except QueryTimeout as error:  # one event that cannot be answered is not the end
            body = refusal(error)
        await fresh.proved()
        return body
