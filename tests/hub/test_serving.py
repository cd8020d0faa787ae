"""`lumbung serve` in several processes: each answers alike, one that dies is replaced, and none outlives the first."""

import http.client
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from core import tokens
from core.access import SYSTEM, Role
from core.ids import new_id
from core.operations.sockets import PROTOCOL
from core.settings import Settings
from federation.live.node import LiveLimits
from federation.members_edit import add_source
from federation.packs import init_home
from federation.registry import SourceKind
from hub.serving.errors import AddressUnusable
from hub.serving.listening import listen, processes, url_of
from services.granary import Granary, open_granary

PACKS = Path(__file__).parents[1] / "packs"
ROOT = Path(__file__).parents[2]
T = TypeVar("T")
SOCKETS = 3
SECONDS = 60  # no test waits for this; it is only so that a broken one ends
SERVE = """
import sys
from pathlib import Path
from core import log
from hub.serving.listening import listen
from hub.serving.workers import Workers
log.configure()
Workers(Path(sys.argv[1]), listen("127.0.0.1", 0), int(sys.argv[2])).run(lambda url: print(url, flush=True))
"""


def eventually(look: Callable[[], T]) -> T:
    """What a look finds, once it finds something."""
    until = time.monotonic() + SECONDS
    while not (found := look()):
        assert time.monotonic() < until
        time.sleep(0.02)
    return found


def gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


@dataclass
class Server:
    """A serving home: its first process, and the log of all."""

    process: subprocess.Popen[str]
    log: Path
    granary: Granary
    url: str = ""

    def events(self, event: str) -> list[dict[str, Any]]:
        """What has been logged under a name."""
        lines = self.log.read_text("utf-8").splitlines(keepends=True)
        return [found for line in lines if line.endswith("\n") and (found := json.loads(line))["event"] == event]

    def pids(self) -> dict[int, int]:
        """The process of each number, the latest where there were several."""
        return {event["worker"]: event["pid"] for event in self.events("serve.worker_begun")}

    def worker_of(self, request: str) -> int:
        """Who answered a request."""
        found = eventually(lambda: [e for e in self.events("http") if e["request"] == request])
        return int(found[0]["worker"])


class Client:
    """One kept connection."""

    def __init__(self, server: Server) -> None:
        self._server = server
        self._connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=SECONDS)
        self.worker = 0

    def ask(self, query: str, token: str | None = None) -> tuple[int, Any]:
        """The status and the body of an answer."""
        headers = {"Content-Type": "application/json", "X-Request-ID": new_id()[:16]}
        if token is not None:
            headers["Authorization"] = f"Bearer {token}"
        self._connection.request("POST", "/graphql", json.dumps({"query": query}), headers)
        answer = self._connection.getresponse()
        body = json.loads(answer.read())
        self.worker = self._server.worker_of(headers["X-Request-ID"])
        return answer.status, body

    def close(self) -> None:
        self._connection.close()


def begin(home: Path, log: Path, workers: int) -> subprocess.Popen[str]:
    with log.open("w") as errors:
        return subprocess.Popen(
            [sys.executable, "-c", SERVE, str(home), str(workers)],
            cwd=ROOT, stdout=subprocess.PIPE, stderr=errors, text=True,
            env=os.environ | {"PYTHONPATH": os.pathsep.join((str(ROOT), str(ROOT / "graphql")))},
        )  # fmt: skip


@pytest.fixture(scope="module")
def granary(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Granary]:
    home = init_home(tmp_path_factory.mktemp("serving") / "rumah", "99", [PACKS])
    shutil.copyfile(sqlite_template, home / "lumbung.db")
    with (home / "lumbung.toml").open("a", encoding="utf-8") as file:
        file.write(f"\nsockets_client_max = {SOCKETS}\n")
    opened = open_granary(home)
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def server(granary: Granary) -> Iterator[Server]:
    log = granary.settings.home / "serve.log"
    process = begin(granary.settings.home, log, 2)
    made = Server(process, log, granary)
    try:
        assert process.stdout is not None
        made.url = process.stdout.readline().strip()
        assert made.url, log.read_text("utf-8")[-2000:]
        yield made
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def both(server: Server) -> Iterator[tuple[Client, Client]]:
    """A connection to each of the two processes."""
    clients = Client(server), Client(server)
    for client in clients:
        client.ask("{ __typename }")
    yield clients
    for client in clients:
        client.close()


def test_each_process_has_its_share_of_connections_and_answers(both: tuple[Client, Client]) -> None:
    assert {client.worker for client in both} == {1, 2}
    assert [client.ask("{ __typename }")[1]["data"] for client in both] == [{"__typename": "Query"}] * 2


def test_a_revoked_token_is_refused_by_every_process_from_the_next_request_on(
    server: Server, both: tuple[Client, Client]
) -> None:
    sessions, now = server.granary.sessions, server.granary.clock()
    issued = tokens.issue(sessions, name="uji", roles=[Role.COORDINATOR], by=SYSTEM, now=now)
    for _ in range(2):  # the second time from memory
        assert [client.ask("{ members { code } }", issued.secret)[0] for client in both] == [200, 200]
    tokens.revoke(sessions, issued.id, by=SYSTEM, now=now)
    assert [client.ask("{ members { code } }", issued.secret)[0] for client in both] == [401, 401]


def test_a_client_has_so_many_sockets_and_no_more_whichever_processes_they_are_at(server: Server) -> None:
    def opened() -> tuple[ClientConnection, str]:
        one = connect(
            server.url.replace("http", "ws") + "/graphql", subprotocols=[Subprotocol(PROTOCOL)], open_timeout=SECONDS
        )
        one.send('{"type": "connection_init"}')
        try:
            return one, json.loads(one.recv(SECONDS))["type"]
        except ConnectionClosed as closed:
            assert closed.rcvd is not None
            return one, str(closed.rcvd.code)

    made = [opened() for _ in range(SOCKETS + 1)]
    for one, _ in made:
        one.close()
    assert [said for _, said in made] == ["connection_ack"] * SOCKETS + ["4429"]


def test_an_edit_of_a_members_file_reaches_every_process(server: Server, both: tuple[Client, Client]) -> None:
    home = server.granary.settings.home
    (home / "kiriman").mkdir()
    add_source(home, "99.71", source_id="gudang", kind=SourceKind.FOLDER, location=str(home / "kiriman"))

    def known(client: Client) -> bool:
        return "gudang" in json.dumps(client.ask("{ sources { id } }")[1])

    eventually(lambda: sum(map(known, both)) == 2)  # each time both, so that neither idles
    assert {client.worker for client in both} == {1, 2}


def test_a_process_that_dies_is_named_in_the_log_and_replaced_and_the_others_answer_on(
    server: Server, both: tuple[Client, Client]
) -> None:
    killed, left = both
    before = server.pids()
    os.kill(before[killed.worker], signal.SIGKILL)
    lost = eventually(lambda: server.events("serve.worker_lost"))[0]
    assert (lost["worker"], lost["pid"], lost["status"]) == (killed.worker, before[killed.worker], "SIGKILL")
    for _ in range(3):
        assert left.ask("{ __typename }")[0] == 200
        fresh = Client(server)
        assert fresh.ask("{ __typename }")[0] == 200
        fresh.close()

    def replaced() -> bool:
        fresh = Client(server)
        fresh.ask("{ __typename }")
        fresh.close()
        return fresh.worker == killed.worker

    eventually(replaced)
    after = server.pids()
    assert after[killed.worker] != before[killed.worker]
    assert after[left.worker] == before[left.worker]


def test_sigterm_lets_every_process_end_in_order(server: Server, both: tuple[Client, Client]) -> None:
    pids = server.pids()
    server.process.terminate()
    assert server.process.wait(SECONDS) == 0
    assert all(gone(pid) for pid in pids.values())
    assert {e["worker"] for e in server.events("Application shutdown complete.")} == {1, 2}


def test_processes_end_with_one_that_was_killed(granary: Granary, tmp_path: Path) -> None:
    process = begin(granary.settings.home, tmp_path / "log", 1)
    made = Server(process, tmp_path / "log", granary)
    try:
        pids = eventually(made.pids)
    finally:
        process.kill()
        process.wait()
    eventually(lambda: all(gone(pid) for pid in pids.values()))


def test_a_home_that_cannot_be_opened_ends_all_and_says_so(tmp_path: Path) -> None:
    (tmp_path / "rumah").mkdir()
    (tmp_path / "rumah" / "lumbung.toml").write_text('query_memory = "banyak"\n', "utf-8")
    process = begin(tmp_path / "rumah", tmp_path / "log", 1)
    said, _ = process.communicate(timeout=SECONDS)
    assert (said, process.returncode) == ("", 1)
    log = (tmp_path / "log").read_text("utf-8")
    assert "SETTINGS_INVALID" in log
    assert "SERVE_WORKER_FAILED" in log or "WorkerFailed" in log


def test_an_address_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(AddressUnusable) as refused:
            listen("127.0.0.1", port)
    assert refused.value.values["port"] == port


def test_port_0_is_one_port_at_every_address_of_a_host() -> None:
    sockets = listen("localhost", 0)
    try:
        assert len({one.getsockname()[1] for one in sockets}) == 1
        assert url_of(sockets).endswith(f":{sockets[0].getsockname()[1]}")
    finally:
        for one in sockets:
            one.close()


def test_what_processes_take_together_stays_within_the_settings() -> None:
    settings = Settings(home=Path(), query_memory="1GB", query_workers=5)
    assert settings.share(1) is settings
    shared = settings.share(4)
    assert (shared.query_memory, shared.query_workers) == ("250MB", 2)
    assert settings.share(3).query_memory == "333MB"
    limits = LiveLimits(calls=4, waiting=64, failures=10)
    assert limits.share(1) == limits
    assert (limits.share(4).calls, limits.share(4).waiting, limits.share(4).failures) == (1, 16, 3)
    assert limits.share(8).calls == 1, "each process asks at least once"


def test_as_many_processes_as_were_chosen_or_one_for_each_core_up_to_four() -> None:
    assert processes(1) == 1
    assert processes(7) == 7
    assert 1 <= processes(0) <= 4
