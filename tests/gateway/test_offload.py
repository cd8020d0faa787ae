"""What blocks runs in bounded pools: nobody takes all of them, look-ups are batched, and a full queue says so."""

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, event
from sqlalchemy.orm import Session

from core import messages
from core.access import Role
from core.db import make_sessions
from core.rows_errors import QueryBusy, QueryTimeout
from gateway.offload import Deadline, Offload
from tests.gateway import factories
from tests.gateway.factories import CITY, Province


@pytest.fixture
def offload(sqlite_engine: Engine) -> Iterator[Offload]:
    made = Offload(make_sessions(sqlite_engine), sql=1, duck=1)
    yield made
    made.close()


async def test_a_full_queue_tells_the_next_one_to_come_back(offload: Offload) -> None:
    release = threading.Event()
    waiting = [asyncio.create_task(offload.blocking(Deadline(10), release.wait)) for _ in range(17)]
    await asyncio.sleep(0)
    with pytest.raises(QueryBusy):
        await offload.blocking(Deadline(10), release.wait)
    release.set()
    assert all(await asyncio.gather(*waiting))


async def test_waiting_ends_at_the_deadline(offload: Offload) -> None:
    release = threading.Event()
    with pytest.raises(QueryTimeout):
        await offload.blocking(Deadline(0.05), release.wait)
    release.set()


async def test_the_readers_language_travels_with_the_work(offload: Offload) -> None:
    messages.use_locale("en")
    try:
        sentence = await offload.sql(Deadline(5), lambda _: messages.text("operations.cycle"))
    finally:
        messages.use_locale("id")
    assert sentence == "fragments call each other in a circle"


async def test_a_hundred_rows_look_their_entities_up_once(province: Province, sqlite_engine: Engine) -> None:
    statements: list[str] = []
    engine = province.services.sessions.kw["bind"]

    def note(_c: object, _cur: object, statement: str, *_: object) -> None:
        statements.append(statement)

    event.listen(engine, "before_cursor_execute", note)
    try:
        found = await province.data(
            "{ commodityPrices { nodes { provenance { source { state } dataset { title } resource { name } snapshot { seq } } } } }"
        )
    finally:
        event.remove(engine, "before_cursor_execute", note)
    assert len(found["commodityPrices"]["nodes"]) == 9
    assert sum("FROM dataset" in s and "WHERE dataset.id IN" in s for s in statements) == 1
    assert sum("FROM source_state" in s for s in statements) == 1


async def test_one_request_for_many_lists_leaves_room_for_others(sqlite_engine: Engine, tmp_path: Path) -> None:
    province = factories.empty_province(tmp_path / "home", sqlite_engine)
    province.see(CITY, *[factories.seen(CITY, f"data{n}", f"Data {n}") for n in range(150)])
    token = province.token(Role.STEWARD, member=CITY)
    query = "{ datasets(first: 150) { nodes { resources { snapshots(first: 1) { nodes { seq } } } checks { nodes { id } } } } }"
    inside = most = 0
    lock = threading.Lock()

    class Counted(Session):
        def __enter__(self) -> "Counted":
            nonlocal inside, most
            with lock:
                inside += 1
                most = max(most, inside)
            super().__enter__()
            return self

        def __exit__(self, *args: object) -> None:
            nonlocal inside
            with lock:
                inside -= 1
            self.close()

    province.services.sessions.class_ = Counted
    found = await province.data(query, token)
    assert len(found["datasets"]["nodes"]) == 150
    assert most <= 2
