"""Logs are one JSON object a line, whatever a person typed and whoever wrote it."""

import io
import json
import logging
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import structlog

from core import log


@pytest.fixture
def lines() -> Iterator[Callable[[], list[dict[str, Any]]]]:
    stream = io.StringIO()
    root = logging.getLogger()
    handlers, level = root.handlers, root.level
    log.configure(stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    structlog.reset_defaults()
    root.handlers = handlers
    root.setLevel(level)


@pytest.mark.parametrize(
    "typed",
    ["budi\r\nERROR admin masuk", "a\u2028b\x85c\x0bd", "\x1b[2J", '"}\n{"event":"palsu', "\x00"],
    ids=["crlf", "other line ends", "terminal", "json", "nul"],
)
def test_r12_what_was_typed_never_begins_a_line_of_its_own(
    lines: Callable[[], list[dict[str, Any]]], typed: str
) -> None:
    log.get("uji").info("masuk", name=typed)
    logging.getLogger("pustaka").warning("gagal: %s", typed)
    [ours, theirs] = lines()
    assert (ours["event"], ours["part"], ours["level"]) == ("masuk", "uji", "info")
    assert theirs["event"].startswith("gagal: ")
    assert theirs["logger"] == "pustaka"


def test_half_a_character_does_not_lose_the_line(lines: Callable[[], list[dict[str, Any]]]) -> None:
    log.get("uji").info("masuk", name="\ud800")
    assert [line["event"] for line in lines()] == ["masuk"]


def test_every_line_names_its_request(lines: Callable[[], list[dict[str, Any]]]) -> None:
    log.use_request("abc-123")
    log.get("uji").info("satu")
    logging.getLogger("pustaka").error("dua")
    log.use_request(None)
    log.get("uji").info("tiga")
    assert [line.get("request") for line in lines()] == ["abc-123", "abc-123", None]


def test_what_is_too_long_is_cut(lines: Callable[[], list[dict[str, Any]]]) -> None:
    log.get("uji").info("panjang", value="x" * 100_000)
    [line] = lines()
    assert len(line["value"]) == log.LONGEST + 1


def test_a_traceback_stays_within_its_line(lines: Callable[[], list[dict[str, Any]]]) -> None:
    try:
        raise ValueError("baris\nkedua")
    except ValueError as error:
        log.get("uji").error("gagal", exc_info=error)
    [line] = lines()
    assert "ValueError" in line["exception"]


def test_before_it_is_configured_errors_go_to_stderr_without_local_variables(
    capsys: pytest.CaptureFixture[str],
) -> None:
    structlog.reset_defaults()
    logger = log.get("uji")
    secret = "rahasia" + "-sekali"
    try:
        raise ValueError(len(secret))
    except ValueError as error:
        logger.error("gagal", exc_info=error)
    logger.info("tak tampak")
    shown = capsys.readouterr()
    assert json.loads(shown.err)["event"] == "gagal"
    assert "rahasia-sekali" not in shown.err + shown.out
    structlog.reset_defaults()
