"""Runs one operation until its deadline, and gives the loop back to others while long lists are completed."""

import asyncio
import inspect
from collections.abc import AsyncIterable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from graphql import (
    DocumentNode,
    ExecutionResult,
    FieldNode,
    GraphQLList,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
    execute,
)
from graphql.pyutils import AwaitableOrValue, Path
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from core.rows_errors import QueryTimeout
from gateway.context import Context
from gateway.cost import largest
from gateway.errors import MAX_ERRORS, QueryCost, QueryLimit, formatted
from gateway.limits import LIMITS
from gateway.splice import Spliced

_STRETCH = 50  # items completed before others get their turn: some 10 ms
_FREE = 10_000  # items that any answer may hold
_LEAVES = 16  # values that cost as much as an object


class _TooMuch(BaseException):
    """An answer holds more than its asker may ask for; no field's error, which graphql-core would go on from."""


class _Execution(StrawberryGraphQLCoreExecutionContext):
    """Completes lists in stretches, where graphql-core would hold the loop for all of them, and takes JSON.

    What lists hold is counted: a cost known beforehand takes lists without a size for short, and one of them within
    the other makes an error of that grow with every level.
    """

    _items = 0
    _stretch = 0  # of them completed since others had their turn
    _most = 0
    _over = False

    def complete_object_value(
        self,
        return_type: GraphQLObjectType,
        field_nodes: list[FieldNode],
        info: GraphQLResolveInfo,
        path: Path,
        result: Any,
    ) -> AwaitableOrValue[dict[str, Any]]:
        """The completed object; one that came as JSON text is complete."""
        if type(result) is Spliced:
            return result.body
        return super().complete_object_value(return_type, field_nodes, info, path, result)

    def complete_list_value(
        self,
        return_type: GraphQLList[GraphQLOutputType],
        field_nodes: list[Any],
        info: GraphQLResolveInfo,
        path: Path,
        result: AsyncIterable[Any] | Iterable[Any],
    ) -> AwaitableOrValue[list[Any]]:
        """The completed items; beyond a stretch of them an awaitable."""
        if result and isinstance(result, list | tuple):
            self._count(len(result))
            leaves = isinstance(result[0], str | int | float)
            self._stretch += len(result) // _LEAVES if leaves else len(result)
            if self._stretch > _STRETCH or self._over:
                return self._in_stretches(return_type, field_nodes, info, path, result)
        return super().complete_list_value(return_type, field_nodes, info, path, result)

    async def _in_stretches(
        self,
        return_type: GraphQLList[GraphQLOutputType],
        field_nodes: list[Any],
        info: GraphQLResolveInfo,
        path: Path,
        result: list[Any] | tuple[Any, ...],
    ) -> list[Any]:
        done: list[Any] = []
        for begin in range(0, len(result), _STRETCH):
            shifted = _ShiftedPath(path, begin)
            async with self._turns:  # thousands of lists in a list wait here, or all of them had their turn at once
                if self._over:  # only here, where nothing is left behind that somebody would have to await
                    raise _TooMuch
                self._stretch = 0
                part = super().complete_list_value(
                    return_type, field_nodes, info, shifted, result[begin : begin + _STRETCH]
                )
                await asyncio.sleep(0)
            done.extend(await part if inspect.isawaitable(part) else part)
        return done

    @cached_property
    def _turns(self) -> asyncio.Lock:
        return asyncio.Lock()

    def _count(self, items: int) -> None:
        self._items += items
        if self._items > _FREE:
            if not self._most:
                context: Context = self.context_value
                self._most = max(largest(context.services.settings, context.actor), _FREE)
            self._over = self._items > self._most


class _ShiftedPath(Path):
    """A path under which graphql-core's item numbers count on from the stretch's beginning."""

    _begin: int

    def __new__(cls, path: Path, begin: int) -> "_ShiftedPath":
        """The same path, remembering where the stretch begins."""
        self = super().__new__(cls, path.prev, path.key, path.typename)
        self._begin = begin
        return self

    def add_key(self, key: str | int, typename: str | None = None) -> Path:
        """The path of an item of the whole list."""
        return Path(self, key + self._begin if isinstance(key, int) else key, typename)


@dataclass(frozen=True, slots=True)
class Request:
    """One GraphQL request, read and checked for its form."""

    query: str
    variables: dict[str, Any] | None = None
    operation: str | None = None
    only_queries: bool = False
    document: str | None = None  # its id, where no text came


async def run(
    schema: Any, context: Context, document: DocumentNode, request: Request, root: Any = None
) -> dict[str, object]:
    """The answer's body: data as far as it came, and errors with code and fix.

    Args:
        root: the event that a subscription answers with.

    Raises:
        QueryTimeout: the whole operation passed its deadline and was cancelled.
        QueryCost: the answer's lists hold more than the actor may ask for.
    """
    try:
        async with asyncio.timeout(context.deadline.left):
            result = execute(
                schema,
                document,
                root_value=root,
                context_value=context,
                variable_values=request.variables,
                operation_name=request.operation,
                execution_context_class=_Execution,
            )
            if inspect.isawaitable(result):
                result = await result
    except TimeoutError as error:
        raise QueryTimeout(seconds=context.deadline.seconds) from error
    except _TooMuch:
        most = largest(context.services.settings, context.actor)
        raise QueryCost(cost=most + 1, largest=most) from None
    except RecursionError as error:  # variables nested without end are coerced recursively
        raise QueryLimit(limit="depth", largest=LIMITS.depth) from error
    assert isinstance(result, ExecutionResult)
    body: dict[str, object] = {"data": result.data}
    errors = [*(result.errors or ()), *context.partial]
    if errors:
        body["errors"] = [formatted(e) for e in errors[:MAX_ERRORS]]
    return body
