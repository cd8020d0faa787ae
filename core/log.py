"""Logs for machines: one JSON object a line, so that nothing a person typed can begin a line of its own (R12).

Every record carries the request's or command's number; secrets never belong into one.
"""

import json
import logging
import sys
from collections.abc import MutableMapping
from contextvars import ContextVar
from typing import Any, TextIO

import structlog

LONGEST = 2_000
_request: ContextVar[str | None] = ContextVar("lumbung_request", default=None)


def use_request(number: str | None) -> None:
    """Name this context's request in everything that it logs."""
    _request.set(number)


def request() -> str | None:
    """The number of this context's request, or None outside of one."""
    return _request.get()


def use_worker(number: int) -> None:
    """Name this process, one of several that do the same, in everything that it logs from here on."""
    structlog.contextvars.bind_contextvars(worker=number)


def _with_request(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    if (number := _request.get()) is not None:
        event.setdefault("request", number)
    return event


def _shortened(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    for key, value in event.items():
        if isinstance(value, str) and len(value) > LONGEST and key != "exception":
            event[key] = value[:LONGEST] + "…"
    return event


def _rendered(_logger: Any, _name: str, event: MutableMapping[str, Any]) -> str:
    return json.dumps(event, default=str)  # ASCII: no character of another script's line ends either


_SHARED: list[Any] = [
    structlog.contextvars.merge_contextvars,
    structlog.processors.add_log_level,
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    _with_request,
    structlog.processors.format_exc_info,
    _shortened,
]


def _ours(stream: TextIO | None, level: int) -> None:
    def printer(*_: Any) -> structlog.PrintLogger:
        return structlog.PrintLogger(stream if stream is not None else sys.stderr)

    structlog.configure(
        processors=[*_SHARED, _rendered],
        wrapper_class=structlog.make_filtering_bound_logger(level),
        logger_factory=printer,
        cache_logger_on_first_use=False,
    )


def get(name: str) -> Any:
    """The logger of a part; until `configure` is called it writes warnings and errors to stderr."""
    if not structlog.is_configured():  # structlog's own default shows local variables, and with them secrets
        _ours(None, logging.WARNING)
    return structlog.get_logger(part=name)


def configure(stream: TextIO | None = None, *, level: int = logging.INFO) -> None:
    """Send every log of the process, ours and the libraries', to `stream` (stderr) as JSON lines."""
    _ours(stream, level)
    handler = logging.StreamHandler(stream if stream is not None else sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *_SHARED],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, _rendered],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
