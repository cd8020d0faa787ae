"""Runs one operation until its deadline, and gives the loop back to others while long lists are completed."""

import asyncio
import inspect
from collections.abc import AsyncIterable, Iterable
from dataclasses import dataclass
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
from gateway.errors import MAX_ERRORS, QueryLimit, formatted
from gateway.limits import LIMITS
from gateway.splice import Spliced

_STRETCH = 50  # items completed before others get their turn: some 10 ms


class _Execution(StrawberryGraphQLCoreExecutionContext):
    """Completes long lists in stretches, where graphql-core would hold the loop for the whole list, and takes JSON."""

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
        """The completed items; for more than a stretch of them an awaitable."""
        if isinstance(result, list | tuple) and len(result) > _STRETCH:
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
            part = super().complete_list_value(
                return_type, field_nodes, info, shifted, result[begin : begin + _STRETCH]
            )
            done.extend(await part if inspect.isawaitable(part) else part)
            await asyncio.sleep(0)
        return done


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
    except RecursionError as error:  # variables nested without end are coerced recursively
        raise QueryLimit(limit="depth", largest=LIMITS.depth) from error
    assert isinstance(result, ExecutionResult)
    body: dict[str, object] = {"data": result.data}
    errors = [*(result.errors or ()), *context.partial]
    if errors:
        body["errors"] = [formatted(e) for e in errors[:MAX_ERRORS]]
    return body
